"""What a panel leaves to other processes: figures, and commands."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import Store
from reprobook.space import Float
from reprobook.sweep.handle import SweepHandle, run_sweep
from reprobook.sweep.model import SweepOptions
from reprobook.widgets.child import Child
from reprobook.widgets.drawing import Drawing
from reprobook.widgets.newest import newest_sweep

PATIENCE = 120
SOURCES = (
    "from reprobook import Float\nlr: Float(0.0, 1.0) = 0.5",
    "import reprobook as rb\nfor step in range(3):\n    rb.log(score=lr * step, step=step)",
)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": ["parameters"] if index == 0 else []},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for index, source in enumerate(SOURCES)
    ]
    path = tmp_path / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


def swept(notebook: Path, store: Store) -> SweepHandle:
    """Run a sweep of two trials."""
    options = SweepOptions(spaces={"lr": Float(0.1, 1.0)}, metric="score", trials=2, jobs=2)
    return SweepHandle.open(store, run_sweep(notebook, store, options).sweep_id)


def test_figures_are_drawn_elsewhere_and_again_after_that_process_was_killed(notebook: Path, store: Store) -> None:
    sweep_id = swept(notebook, store).sweep_id
    drawing = Drawing(store)
    try:
        assert "best so far" in drawing.draw("history", sweep_id)
        assert "step" in drawing.draw("curves", sweep_id)
        assert "cannot be drawn" in drawing.draw("history", "no-such-sweep")
        process = drawing._process  # noqa: SLF001  # to kill it
        assert process is not None
        process.kill()
        process.wait()
        assert "best so far" in drawing.draw("history", sweep_id)
    finally:
        drawing.close()
    assert drawing.draw("history", sweep_id) == ""


def test_the_drawing_process_ends_with_its_input(store: Store) -> None:
    drawing = Drawing(store)
    process = drawing._started()  # noqa: SLF001  # what the first figure starts
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(PATIENCE) == 0


def test_a_panel_takes_up_the_newest_sweep_of_its_notebook(notebook: Path, store: Store) -> None:
    assert newest_sweep(store, notebook) is None
    swept(notebook, store)
    newest = swept(notebook, store)
    found = newest_sweep(store, notebook)
    assert found is not None
    assert found.sweep_id == newest.sweep_id
    assert newest_sweep(store, notebook.with_name("other.ipynb")) is None


@pytest.mark.parametrize(("value", "status"), [("0.25", "succeeded"), ("7", None)])
def test_a_command_tells_its_answer_or_its_reason(notebook: Path, store: Store, value: str, status: str | None) -> None:
    told: queue.Queue[tuple[Any, str]] = queue.Queue()
    words = ["run", notebook.name, "-p", "lr", value, "--store", os.fspath(store.root)]
    Child(words, notebook.parent, lambda answer, reason: told.put((answer, reason)))
    answer, reason = told.get(timeout=PATIENCE)
    if status is None:
        assert answer is None
        assert "is not in Float" in reason
    else:
        assert answer["status"] == status
        assert answer["parameters"] == {"lr": 0.25}


def test_no_heavy_library_enters_the_kernel_with_a_panel() -> None:
    code = "import sys, reprobook.widgets.sweep_panel, reprobook.widgets.run_panel; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "ipywidgets" in loaded
    assert {"matplotlib", "optuna", "scipy", "numpy", "pandas", "torch"} & set(loaded) == set()
