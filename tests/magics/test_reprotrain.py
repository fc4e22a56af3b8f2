from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from reprobook.execute import read_trace
from reprobook.header import MIME_TYPE, check_header, sha256_hex
from reprobook.runs import Store

INIT = "%load_ext reprobook\n%reprotrain init --name live --seed 42"


@pytest.fixture
def live(tmp_path: Path) -> Any:
    """Execute a notebook in a plain kernel, as JupyterLab does, and return it executed."""

    def live(*cells: str, known: bool = True) -> Any:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
        path = tmp_path / "open.ipynb"
        nbformat.write(notebook, path)
        client = NotebookClient(notebook, timeout=120, kernel_name="python3")
        environment = {"JPY_SESSION_NAME": str(path)} if known else {}
        client.execute(cwd=str(tmp_path), env={**__import__("os").environ, **environment})
        return notebook

    return live


def texts(cell: Any) -> str:
    """Return what a cell says."""
    return "\n".join(output.data["text/plain"] for output in cell.outputs if "data" in output)


def test_init_freezes_the_header_and_shows_it(live: Any, tmp_path: Path) -> None:
    notebook = live(INIT, "import random\nx = random.random()\nprint('x:', x)", "%reprotrain end")
    (card,) = (output for output in notebook.cells[0].outputs if "data" in output)
    header = check_header(card.data[MIME_TYPE], "the card")
    assert header.seeds.seed == 42
    assert header.name == "live"
    assert "PYTHONHASHSEED" in card.data["text/plain"]
    assert "restart the kernel" in card.data["text/html"]
    assert card.metadata["reprobook"]["text/html"] == sha256_hex(card.data["text/html"].encode())
    store = Store(tmp_path / ".reprobook")
    (record,) = store.records()
    assert (record.kind, record.status, record.name) == ("live", "succeeded", "live")
    run = store.resolve("latest")
    run.check_integrity()
    assert [cell.index for cell in read_trace(run).cells] == [1]
    assert run.read_header() == header


def test_the_seed_makes_two_sessions_equal(live: Any, tmp_path: Path) -> None:
    for _ in range(2):
        live(INIT, "import numpy as np\nnp.random.rand(3).sum()", "%reprotrain end")
    first, second = Store(tmp_path / ".reprobook").records()
    assert first.result_digest == second.result_digest
    assert first.recipe_digest == second.recipe_digest


def test_init_again_is_the_same_run_seeded_anew(live: Any, tmp_path: Path) -> None:
    again = INIT.split("\n")[1]
    notebook = live(INIT, "import random\nrandom.random()", again, "random.random()", "%reprotrain end")
    values = [cell.outputs[0].data["text/plain"] for cell in (notebook.cells[1], notebook.cells[3])]
    assert values[0] == values[1]
    assert len(Store(tmp_path / ".reprobook").records()) == 1


def test_status_tells_what_drifted(live: Any) -> None:
    notebook = live(INIT, "%reprotrain status", "import os; os.environ['OMP_NUM_THREADS'] = '7'", "%reprotrain status")
    assert "nothing has drifted" in texts(notebook.cells[1])
    assert "OMP_NUM_THREADS" in texts(notebook.cells[3])


def test_params_cell_needs_no_import(live: Any) -> None:
    notebook = live(INIT, "%%reprotrain params\nlr: Float(0.1, 1.0) = 0.5\nwarmup = lr * 2", "lr, warmup")
    assert notebook.cells[2].outputs[0].data["text/plain"] == "(0.5, 1.0)"


def test_verify_replays_the_saved_notebook_whatever_status_says(live: Any) -> None:
    notebook = live(INIT, "x = 1\nx", "%reprotrain status", "%reprotrain verify")
    assert "reproduced" in texts(notebook.cells[3])


def test_what_libraries_set_at_import_is_no_drift(live: Any) -> None:
    notebook = live(INIT, "import sklearn.linear_model, torch", "%reprotrain status")
    assert "nothing has drifted" in texts(notebook.cells[2])


def test_an_unknown_file_is_no_obstacle(live: Any, tmp_path: Path) -> None:
    live(INIT, "import reprobook as rb\nrb.log(loss=0.5)", "%reprotrain end", known=False)
    (record,) = Store(tmp_path / ".reprobook").records()
    assert record.metrics == {"loss": 0.5}


@pytest.mark.parametrize("line", ["%reprotrain inti", "%reprotrain init --sed 3", "%reprotrain init --seed x"])
def test_a_wrong_line_says_what_is_wrong(live: Any, line: str) -> None:
    with pytest.raises(CellExecutionError, match="reprotrain"):
        live("%load_ext reprobook", line)


def test_a_mistyped_verb_is_answered_by_the_one_that_was_meant(live: Any) -> None:
    with pytest.raises(CellExecutionError, match="Did you mean %reprotrain freeze") as refused:
        live("%load_ext reprobook", "%reprotrain freez")
    assert "a form: what the training" not in str(refused.value)  # the whole help


def test_promote_seals_nothing_where_the_notebook_is_not_known(live: Any, tmp_path: Path) -> None:
    # Nor is there a notebook in the folder that it could be found in by its cells.
    gone = "import pathlib\nfor path in pathlib.Path().glob('*.ipynb'):\n    path.unlink()"
    refused = (
        "try:\n    get_ipython().run_line_magic('reprotrain', 'promote')\nexcept Exception as error:\n    print(error)"
    )
    notebook = live(INIT, gone, refused, "after = 1", "%reprotrain end", known=False)
    assert "file is not known here" in notebook.cells[2].outputs[0].text
    (record,) = Store(tmp_path / ".reprobook").records()
    assert any("after" in cell.writes for cell in read_trace(Store(tmp_path / ".reprobook").resolve("latest")).cells)
    assert record.status == "succeeded"


def test_a_session_ends_with_its_kernel(live: Any, tmp_path: Path) -> None:
    live(INIT, "x = 1")
    (record,) = Store(tmp_path / ".reprobook").records()
    assert record.status in {"succeeded", "interrupted"}
    assert json.loads((Path(record.run_dir) / "trace.json").read_bytes())["cells"] or record.status == "interrupted"
