from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.crate import export_run
from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import RunFolder, Store

CELLS = (
    "import helper\nimport numpy as np\nimport reprobook as rb",
    "lr = 0.5",
    "rows = np.loadtxt(open('table.csv'), delimiter=',')\nrows.sum()",
    "x = rows.sum() * helper.FACTOR * lr\nrb.log(total=float(x))\nrb.save('x', np.array([x]))",
)


def write_notebook(folder: Path, *cells: str) -> Path:
    """Write a notebook with these code cells, the second of them with the parameters."""
    written = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {"tags": ["parameters"]} if n == 1 else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for n, source in enumerate(cells)
    ]
    path = folder / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": written}))
    return path


@pytest.fixture(scope="session")
def make_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., RunFolder]:
    """Run a notebook in a project of its own, with a data file and a module beside it."""

    def make(*cells: str) -> RunFolder:
        folder = tmp_path_factory.mktemp("home-of-somebody")
        (folder / "table.csv").write_text("1,2\n3,4\n")
        (folder / "helper.py").write_text("FACTOR = 3\n")
        notebook = write_notebook(folder, *cells)
        return run_notebook(notebook, Store(folder / ".reprobook"), RunOptions(seed=1, kernel="inline"))

    return make


@pytest.fixture(scope="session")
def run(make_run: Callable[..., RunFolder]) -> RunFolder:
    """A run that succeeded."""
    made = make_run(*CELLS)
    assert made.read_record().status == "succeeded", made.read_record().error
    return made


@pytest.fixture(scope="session")
def archive(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That run, exported."""
    return export_run(run, tmp_path_factory.mktemp("exported") / "run.zip").path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Another store."""
    return Store(tmp_path / "elsewhere")
