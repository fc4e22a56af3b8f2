"""`reprobook check`: what it says, what it writes, and what it leaves alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Reprobook = Callable[..., Any]


def write(path: Path, *cells: str) -> Path:
    found = [
        {"cell_type": "code", "metadata": {}, "source": each, "outputs": [], "execution_count": 3} for each in cells
    ]
    content = {"cells": found, "metadata": {"kept": "é"}, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def sources(path: Path) -> list[str]:
    return [cell["source"] for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def test_a_hazard_is_shown_with_its_line_and_its_fix(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import random", "x = 1\ny = random.random()")
    found = reprobook("check", str(path))
    assert found.code == 0
    for text in (
        "cell 1",
        "unseeded_rng.python_random",
        "2 │ y = random.random()",
        "fix: random.seed(seed)",
        "1 hazard",
    ):
        assert text in found.out


def test_a_clean_notebook(reprobook: Reprobook, tmp_path: Path) -> None:
    found = reprobook("check", str(write(tmp_path / "a.ipynb", "x = 1")))
    assert found.code == 0
    assert "no hazard found" in found.out


def test_json_is_one_document_of_the_agreed_form(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import random\nx = random.random()", "x = x / 2")
    document = json.loads(reprobook("check", str(path), "--json").out)
    assert list(document) == ["hazards"]
    assert [(each["cell"], each["line"], each["cause"], each["certain"]) for each in document["hazards"]] == [
        (0, 2, "unseeded_rng.python_random", True),
        (1, 1, "hidden_state.reexecuted_cell", False),
    ]
    assert set(document["hazards"][0]) == {"cell", "line", "cause", "message", "fix", "certain"}


def test_fix_shows_a_diff_and_writes_only_the_sources(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import random", "x = random.random()")
    path.chmod(0o640)
    before = json.loads(path.read_text(encoding="utf-8"))
    found = reprobook("check", str(path), "--fix", "--yes")
    assert found.code == 0
    assert "+random.seed(seed)" in found.out
    assert "no hazard found" in found.out
    assert f"changed: {path}" in found.err
    assert sources(path) == ["import random", "seed = 0\nrandom.seed(seed)\nx = random.random()"]
    after = json.loads(path.read_text(encoding="utf-8"))
    assert after["metadata"] == before["metadata"]
    assert [cell["execution_count"] for cell in after["cells"]] == [3, 3]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.ipynb"]


def test_fix_follows_a_link(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import random\nx = random.random()")
    link = tmp_path / "link.ipynb"
    link.symlink_to(path)
    assert reprobook("check", str(link), "--fix", "--yes").code == 0
    assert link.is_symlink()
    assert "random.seed(seed)" in sources(path)[0]


def test_fix_with_json_names_the_cells(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import os", "x = os.listdir()\ny = list(x)")
    document = json.loads(reprobook("check", str(path), "--fix", "--yes", "--json").out)
    assert document["hazards"] == []
    assert document["fixed"] == [1]
    assert "+x = sorted(os.listdir())" in document["diff"]


def test_on_a_terminal_no_is_no(reprobook: Reprobook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.ipynb", "import random\nx = random.random()")
    before = path.read_bytes()
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    found = reprobook("check", str(path), "--fix")
    assert "1 hazard" in found.out
    assert path.read_bytes() == before


def test_a_file_that_is_no_notebook_is_wrong_input(reprobook: Reprobook, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text("{}")
    assert reprobook("check", str(tmp_path / "a.ipynb")).code == 2
    assert reprobook("check", str(tmp_path / "none.ipynb")).code == 2
    assert reprobook("check", str(tmp_path)).code == 2


def test_control_characters_do_not_reach_the_terminal(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import random\nx = random.random()  # \x1b[31m")
    assert "\x1b" not in reprobook("check", str(path)).out


def test_a_read_only_notebook_is_left_alone(reprobook: Reprobook, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ipynb", "import random\nx = random.random()")
    before = path.read_bytes()
    path.chmod(0o444)
    done = reprobook("check", str(path), "--fix", "--yes")
    assert done.code == 2
    assert "read-only" in done.err
    assert path.read_bytes() == before
