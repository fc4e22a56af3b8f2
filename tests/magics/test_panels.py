from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.runs import Store
from reprobook.sweep.handle import SweepHandle

PARAMETERS = "from reprobook import Float\nlr: Float(1e-4, 1e-1, log=True) = 1e-2"
TRAIN = "import reprobook as rb\nrb.log(score=-(lr - 0.01) ** 2)"
LOAD = "%load_ext reprobook"
VIEW = "application/vnd.jupyter.widget-view+json"
Live = Callable[..., Any]


def written(path: Path, *sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells)
    nbformat.write(notebook, path)
    return notebook


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """Execute a notebook in a plain kernel, as JupyterLab does, and return it executed."""

    def live(*sources: str) -> Any:
        path = tmp_path / "open.ipynb"
        notebook = written(path, PARAMETERS, *sources)
        client = NotebookClient(notebook, timeout=120, kernel_name="python3")
        client.execute(cwd=str(tmp_path), env={**os.environ, "JPY_SESSION_NAME": str(path)})
        return notebook

    return live


@pytest.mark.parametrize("kind", ["sweep", "panel"])
def test_the_panel_is_a_widget_with_a_text_form(live: Live, tmp_path: Path, kind: str) -> None:
    (output,) = live(LOAD, f"%reprotrain {kind}").cells[2].outputs
    assert VIEW in output.data
    text = output.data["text/plain"]
    command = "reprobook sweep open.ipynb --param lr=log:0.0001:0.1" if kind == "sweep" else "reprobook run open.ipynb"
    assert command in text
    assert str(tmp_path) not in json.dumps(output.data)


def test_without_ipywidgets_the_panel_is_text(live: Live) -> None:
    (output,) = live("import sys\nsys.modules['ipywidgets'] = None", LOAD, "%reprotrain sweep").cells[3].outputs
    assert VIEW not in output.data
    assert "varied  log:0.0001:0.1" in output.data["text/plain"]
    assert "reprobook sweep open.ipynb" in output.data["text/plain"]
    assert "reprobook[lab]" in output.data["text/plain"]


def test_a_wrong_parameters_cell_is_said_with_a_hint(live: Live) -> None:
    with pytest.raises(CellExecutionError, match="low end is above the high end"):
        live("lr2: Float(2, 1) = 1.5", LOAD, "%reprotrain sweep")


def test_in_a_headless_run_the_panels_do_nothing(tmp_path: Path) -> None:
    written(tmp_path / "nb.ipynb", PARAMETERS, TRAIN, LOAD, "%reprotrain sweep", "%reprotrain panel")
    run = run_notebook(tmp_path / "nb.ipynb", Store(tmp_path / "store"), RunOptions())
    assert run.read_record().status == "succeeded"
    executed = nbformat.read(run.executed, as_version=4)
    for cell in executed.cells[3:]:
        assert "in a headless run it does nothing" in cell.outputs[0].data["text/plain"]


def test_nothing_of_a_sweep_that_is_watched_is_recorded_as_the_notebooks(live: Live, tmp_path: Path) -> None:
    # A click arrives while a cell runs, as it does from a page whose messages have a thread of their own.
    start = "from reprobook.magics.panels import _open\n_open['sweep']._buttons['start'].click()"
    wait = "import time\nfor y in range(20):\n    time.sleep(0.1)"
    live(TRAIN, f"{LOAD}\n%reprotrain init --seed 1", "%reprotrain sweep", start, wait, "x = y + 1", "%reprotrain end")
    store = Store(tmp_path / ".reprobook")
    handle = SweepHandle.open(store, "latest")
    handle.stop()
    handle.wait(60)
    assert handle.record().options.metric == "score"
    (run,) = (store.folder(record.run_id) for record in store.records() if record.kind == "live")
    cells = [cell for cell in read_trace(run).cells if (cell.index or 0) >= 3]
    assert [set(cell.writes) for cell in cells] == [set(), {"_open"}, {"time", "y"}, {"x"}]
    for cell in cells:
        assert cell.files_read == cell.files_written == {}
        assert cell.rng_before == cell.rng_after
        assert cell.calls == ()
