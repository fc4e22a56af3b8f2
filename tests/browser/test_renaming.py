"""A notebook is renamed while it records (F20): the session goes on, and no half a run is left."""

from __future__ import annotations

from pathlib import Path

from lab_server import Serve
from notebook_page import PANEL, OpenPage, write_notebook

from reprobook.execute import read_trace
from reprobook.runs import Store, fsck

_RENAME = "([old, new_]) => window.jupyterapp.serviceManager.contents.rename(old, new_).then(() => null)"


def test_a_notebook_that_is_renamed_goes_on_recording(root: Path, serve: Serve, open_page: OpenPage) -> None:
    notebook = write_notebook(
        root / "train.ipynb",
        "%load_ext reprobook\n%reprotrain init --seed 1",
        "import reprobook as rb\nlr = 0.5\nrb.log(loss=lr)",
        "rb.log(loss=lr / 2)\nprint('loss is', lr / 2)",
        "%reprotrain end",
    )
    begun = notebook.read_bytes()
    page = open_page("train.ipynb", server=serve("lab"))
    page.run_cell(0)
    page.run_cell(1)
    page.evaluate(_RENAME, ["train.ipynb", "renamed.ipynb"])
    page.page.wait_for_function(f"() => {PANEL}.context.path === 'renamed.ipynb'")
    page.save()
    page.run_cell(2)
    assert "loss is 0.25" in page.output(2).inner_text()
    page.run_cell(3)

    store = Store(root / ".reprobook")
    (record,) = store.records()
    assert (record.kind, record.status, record.metrics) == ("live", "succeeded", {"loss": 0.25})
    run = store.folder(record.run_id)
    assert run.check_integrity() == record
    assert run.read_header().header_digest == record.header_digest
    assert [cell.index for cell in read_trace(run).cells] == [1, 2]
    # It keeps the source that it was begun with; the renamed file is Jupyter's, and whole.
    assert run.source.read_bytes() == begun
    assert "loss is 0.25" not in begun.decode()
    assert not notebook.exists()
    assert notebook.with_name("renamed.ipynb").exists()
    assert fsck(store).problems == ()
    assert page.problems == []
