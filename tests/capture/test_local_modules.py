"""Local modules that cells import, by content, never by running them."""

import sys
from pathlib import Path

import pytest

from reprobook.capture.local_modules import local_modules

BOMB = "raise SystemExit('imported')\n"


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_only_what_is_imported_and_local_counts(tmp_path: Path) -> None:
    write(tmp_path, {"helpers.py": BOMB, "unused.py": BOMB, "pkg/__init__.py": BOMB, "pkg/deep/a.py": BOMB})
    sources = ["%matplotlib inline\nimport numpy, helpers as h\n!ls", "def f():\n    from pkg.deep.a import x\n"]
    assert list(local_modules(sources, tmp_path)) == ["helpers", "pkg"]


def test_a_cell_that_does_not_parse_hides_no_other(tmp_path: Path) -> None:
    write(tmp_path, {"helpers.py": "x = 1\n"})
    assert list(local_modules(["def broken(:", "import helpers"], tmp_path)) == ["helpers"]


def test_content_decides_wherever_it_lies(tmp_path: Path) -> None:
    digests = []
    for place, text in (("a", "x = 1\n"), ("b", "x = 1\n"), ("c", "x = 2\n")):
        write(tmp_path / place, {"pkg/__init__.py": "", "pkg/sub/m.py": text, "pkg/__pycache__/m.py": place})
        digests.append(local_modules(["import pkg"], tmp_path / place)["pkg"])
    assert digests[0] == digests[1] != digests[2]


def test_a_renamed_file_is_another_package(tmp_path: Path) -> None:
    write(tmp_path / "a", {"pkg/__init__.py": "", "pkg/m.py": "x = 1\n"})
    write(tmp_path / "b", {"pkg/__init__.py": "", "pkg/n.py": "x = 1\n"})
    assert local_modules(["import pkg"], tmp_path / "a") != local_modules(["import pkg"], tmp_path / "b")


def test_imports_of_local_modules_are_followed(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "import b\n", "b.py": "from c.d import e\nimport a\n", "c/__init__.py": "from . import d"})
    write(tmp_path, {"c/d.py": "def broken(:", "d.py": ""})
    assert list(local_modules(["import a"], tmp_path)) == ["a", "b", "c"]


def test_a_folder_without_init_is_a_package_unless_one_is_installed(tmp_path: Path) -> None:
    write(tmp_path, {"src/utils.py": "", "numpy/notes.py": "", "data/table.csv": ""})
    assert list(local_modules(["from src.utils import x\nimport numpy, data"], tmp_path)) == ["src"]


def test_a_local_file_shadows_the_standard_library(tmp_path: Path) -> None:
    write(tmp_path, {"statistics.py": "", "sys.py": ""})
    assert list(local_modules(["import statistics, sys, json"], tmp_path)) == ["statistics"]


@pytest.mark.parametrize(
    "call",
    [
        'sys.path.append("../lib")',
        "sys.path.insert(0, os.path.abspath(os.path.join('..', 'lib')))",
        'sys.path.insert(0, str(Path("..") / "lib"))',
    ],
)
def test_folders_that_cells_add_are_searched(tmp_path: Path, call: str) -> None:
    write(tmp_path, {"lib/shared.py": "", "nb/x.ipynb": ""})
    assert list(local_modules([f"import sys\n{call}", "import shared"], tmp_path / "nb")) == ["shared"]


def test_folders_of_the_path_are_searched_unless_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"lib/mine.py": "", "site-packages/theirs.py": "", "nb/x": ""})
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "lib"), str(tmp_path / "site-packages")])
    assert list(local_modules(["import mine, theirs"], tmp_path / "nb")) == ["mine"]


def test_reprobook_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"reprobook/__init__.py": ""})
    assert local_modules(["import reprobook as rb"], tmp_path) == {}
