"""What the header knows of declared data before the first cell runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from reprobook.dataset.frozen import frozen_sources

CONTENT = b"x\n1\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
PINNED = "a" * 64


def found(folder: Path, *sources: str, **parameters: Any) -> dict[str, tuple[str, int | None]]:
    return {each.name: (each.sha256, each.size) for each in frozen_sources(sources, folder, parameters)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "d.csv").write_bytes(CONTENT)
    return tmp_path


@pytest.mark.parametrize(
    "source",
    [
        "import reprobook as rb\nrb.data('d', 'd.csv')",
        "import reprobook\npath = reprobook.data('d', source='d.csv', license='MIT')",
        "from reprobook import data as load\nload(name='d', source='d.csv')",
        "import reprobook as rb\nfrom pathlib import Path\nrb.data('d', Path('d.csv'))",
        "%load_ext reprobook\nimport reprobook as rb\nrb.data('d', path)",
    ],
)
def test_a_file_that_the_code_names_is_known_by_content(folder: Path, source: str) -> None:
    assert found(folder, source, path="d.csv") == {"d": (DIGEST, len(CONTENT))}


def test_a_contract_says_where_it_is(folder: Path) -> None:
    (folder / "data.yaml").write_text("d:\n  source: d.csv\n")
    assert found(folder, "import reprobook as rb\nrb.data('d', 's3://bucket/d.csv')") == {"d": (DIGEST, len(CONTENT))}


def test_an_address_is_known_where_it_is_pinned(folder: Path) -> None:
    call = f"rb.data('d', 'https://host/d.csv', sha256='{PINNED}')"
    assert found(folder, f"import reprobook as rb\n{call}") == {"d": (PINNED, None)}


@pytest.mark.parametrize(
    "source",
    [
        "x = 1",
        "import reprobook as rb\nrb.data('d', 'https://host/d.csv')",
        "import reprobook as rb\nrb.data('d', 'nowhere.csv')",
        "import reprobook as rb\nrb.data('d', lambda: 1)",
        "import reprobook as rb\nrb.data(name, 'd.csv')",
        # Written by the notebook itself: what lies there is the rest of an earlier run.
        "import reprobook as rb\nframe.to_csv('d.csv')\nrb.data('d', 'd.csv')",
        "frame.data('d', 'd.csv')",
    ],
)
def test_nothing_is_said_of_what_is_not_known_yet(folder: Path, source: str) -> None:
    assert found(folder, source) == {}


def test_a_contract_that_makes_no_sense_is_left_to_the_run(folder: Path) -> None:
    (folder / "data.yaml").write_text("d: [")
    assert found(folder, "import reprobook as rb\nrb.data('d', 'd.csv')") == {}
