from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.runs import Store
from reprobook.spec import parse_document, read_document
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


SPEC = "schema: reprobook.spec/1\nloop: {epochs: 3}\n"


def test_the_spec_is_a_form_over_its_file(live: Live, tmp_path: Path) -> None:
    (tmp_path / "open.spec.yaml").write_text(SPEC)
    # What a user does in the form: an entry, then the button.
    edit = (
        "from reprobook.magics.panels import _open\nform = _open['spec']\n"
        "form._controls['loop.epochs'].value = '4'\nform._save.click()\n"
        "form._controls['loop.batch_size'].value = 'many'\nprint(form._save.disabled, form._said.value)"
    )
    executed = live(LOAD, "%reprotrain spec", edit)
    (output,) = executed.cells[2].outputs
    assert VIEW in output.data
    assert re.search(r"loop\.epochs +3\n", output.data["text/plain"])
    assert "(open) Class of the optimizer" in output.data["text/plain"]
    assert "reprobook spec open.ipynb --set" in output.data["text/plain"]
    assert str(tmp_path) not in json.dumps(output.data)
    document = read_document(tmp_path / "open.ipynb")
    assert document is not None
    assert document.spec.loop.epochs == 4
    assert [change.changed for change in document.history] == [("loop.epochs: 3 -> 4",)]
    assert "True" in executed.cells[3].outputs[0].text
    assert "loop.batch_size" in executed.cells[3].outputs[0].text


def test_the_form_asks_for_a_reason_after_a_run_and_shows_what_it_did(live: Live, tmp_path: Path) -> None:
    (tmp_path / "open.spec.yaml").write_text(SPEC + "evaluation: {metrics: {score: end, f1: end}}\n")
    edit = (
        "from reprobook.magics.panels import _open\nform = _open['spec']\nprint(form._findings.value)\n"
        "form._controls['loop.epochs'].value = '4'\nform._save.click()\nprint(form._said.value)\n"
        "form._why.value = 'three were too few'\nform._save.click()\nprint(form._said.value)"
    )
    executed = live(f"{LOAD}\n%reprotrain init --seed 1", TRAIN, "%reprotrain end", "%reprotrain spec", edit)
    said = executed.cells[5].outputs[0].text
    (card,) = [output.data["text/plain"] for output in executed.cells[1].outputs if "data" in output]
    assert re.search(r"\n  spec +sha256 ", card)
    assert "score was logged once" in said
    assert "f1 was never logged." in said
    assert "was made with the spec as it was" in said
    assert "saved open.spec.yaml" in said
    (record,) = Store(tmp_path / ".reprobook").records()
    document = read_document(tmp_path / "open.ipynb")
    assert document is not None
    assert (document.history[-1].why, document.history[-1].after) == ("three were too few", record.run_id)
    # The live run froze the file as it was.
    header = Store(tmp_path / ".reprobook").folder(record.run_id).read_header()
    assert (
        header.spec == parse_document(SPEC.encode() + b"evaluation: {metrics: {score: end, f1: end}}", "x").spec.digest
    )


def test_what_a_photo_says_is_taken_by_a_click_alone(live: Live, tmp_path: Path) -> None:
    reader = (
        "import reprobook.spec.photo as photo\nfrom reprobook.spec import Written\n"
        "photo.read_photo = lambda path: (Written('Epochs: 7', 0.9), Written('Batch: x', 0.5))"
    )
    look = (
        "from reprobook.magics.panels import _open\nform = _open['spec']\n"
        "rows = [row.children for row in form.box.children if getattr(row, 'children', ()) and "
        "getattr(row.children[0], 'description', '') == 'Take']\n"
        "print([button.disabled for button, _ in rows], repr(form._controls['loop.epochs'].value))\n"
        "rows[0][0].click()\nprint(form._controls['loop.epochs'].value)"
    )
    executed = live(LOAD, reader, "%reprotrain spec --from-image board.jpg", look)
    assert executed.cells[4].outputs[0].text.splitlines() == ["[False, True] ''", "7"]
    assert read_document(tmp_path / "open.ipynb") is None


def test_without_ipywidgets_the_spec_is_text(live: Live, tmp_path: Path) -> None:
    (tmp_path / "open.spec.yaml").write_text(SPEC)
    (output,) = live("import sys\nsys.modules['ipywidgets'] = None", LOAD, "%reprotrain spec").cells[3].outputs
    assert VIEW not in output.data
    assert re.search(r"loop\.epochs +3\n", output.data["text/plain"])


def test_a_wrong_word_after_spec_is_said(live: Live) -> None:
    with pytest.raises(CellExecutionError, match="--from-image FILE"):
        live(LOAD, "%reprotrain spec --image x.jpg")
