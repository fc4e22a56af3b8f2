"""The package as a whole: every module imports, every public name exists, and the light parts stay light."""

import ast
import importlib
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

import reprobook

HEAVY = ("IPython", "jsonschema", "nbformat", "numpy", "pandas", "papermill", "torch")
OPTIONAL = ("polars", "pyarrow")
MODULES = sorted(module.name for module in pkgutil.walk_packages(reprobook.__path__, "reprobook."))
ROOT = Path(reprobook.__path__[0]).parent
SOURCES = sorted((ROOT / "reprobook").rglob("*.py"))


def imported(name: str) -> ModuleType:
    """Import a module; the adapter of a library that is not installed is skipped."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name in OPTIONAL:
            pytest.skip(f"{error.name} is not installed")
        raise


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("__main__")])
def test_every_module_imports(name: str) -> None:
    assert imported(name).__doc__


def test_every_source_file_is_a_module_of_a_package() -> None:
    """A folder without ``__init__.py`` would be skipped by the walk, and by the wheel's readers."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in SOURCES}
    assert names - {"reprobook"} == set(MODULES)


@pytest.mark.parametrize("name", ["reprobook", *MODULES])
def test_public_names_exist_once_and_in_order(name: str) -> None:
    if name.endswith("__main__"):
        return  # running it is its import
    module = imported(name)
    public = getattr(module, "__all__", [])
    # As ruff sorts them (RUF022): constants, then classes, then functions.
    order = [text for text in public if text.isupper()], [text for text in public if not text.isupper()]
    assert list(public) == sorted(order[0]) + sorted(order[1], key=lambda text: (not text[0].isupper(), text))
    assert len(set(public)) == len(public)
    for text in public:
        assert hasattr(module, text), f"{name}.__all__ names {text}, which does not exist"


def imported_by(*arguments: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has imported when it has run ``arguments``."""
    command = [sys.executable, "-X", "importtime", *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_import_reprobook_is_light() -> None:
    found = imported_by("-c", "import reprobook")
    assert "reprobook" in found
    assert found.isdisjoint(HEAVY)


def test_the_magics_need_no_server() -> None:
    found = imported_by("-c", "import reprobook.magics")
    assert "IPython" in found
    assert found.isdisjoint({"jupyter_server", "jupyterlab"})


@pytest.mark.parametrize("name", ["reprobook.errors", "reprobook.header", "reprobook.notebook", "reprobook.space"])
def test_the_pure_rings_are_light(name: str) -> None:
    found = imported_by("-c", f"import {name}")
    assert "reprobook" in found
    assert found.isdisjoint(HEAVY)


@pytest.mark.skipif(find_spec("reprobook.__main__") is None, reason="the command line does not exist yet")
def test_the_help_of_the_command_line_is_light() -> None:
    found = imported_by("-m", "reprobook", "--help")
    assert "click" in found
    assert found.isdisjoint(HEAVY)


def test_who_asks_a_warm_server_for_a_run_imports_little() -> None:
    found = imported_by("-c", "import reprobook.cli.run, reprobook.execute.warm")
    assert "reprobook" in found
    assert found.isdisjoint((*HEAVY, "filelock", "psutil", "pydantic", "rich", "sqlite3", "yaml"))


def test_a_module_does_not_take_the_place_of_what_it_is_called_as() -> None:
    for package, name in (("reprobook.runs", "diff"), ("reprobook.header", "seal"), ("reprobook.spec", "review")):
        module = importlib.import_module(f"{package}.{name}")
        assert getattr(importlib.import_module(package), name) is getattr(module, name)


def test_no_source_names_a_path_of_a_machine() -> None:
    for path in SOURCES:
        texts = [
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        ]
        assert not [text for text in texts if isinstance(text, str) and text.startswith(("/work/", "/home/", "/root/"))]
