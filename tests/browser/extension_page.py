"""The JupyterLab extension on a page: its parts, and what a user does to them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notebook_page import NotebookPage

from reprobook.header import Code, Environment, Header, Origin, Seeds, seal, sha256_hex
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.verify import Verification
from reprobook.verify.kept import keep
from reprobook.verify.model import Divergence, ValueChange

_BUILT = Path(__file__).parents[2] / "reprobook" / "labextension" / "static" / "style.js"
needs_extension = pytest.mark.skipif(not _BUILT.exists(), reason="not built: `make labextension` (needs Node)")
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
LONG = "n" * 500
SOURCES = ("lr = 0.1", "import random\nx = random.random()", "rows = [x] * 3", "print('loss:', x * lr)")


def chip(page: NotebookPage) -> Any:
    return page.page.locator(".rb-Chip")


def wait_chip(page: NotebookPage, text: str) -> None:
    page.page.locator(".rb-Chip", has_text=text).wait_for()


def panel(page: NotebookPage) -> Any:
    return page.page.locator("#reprobook-panel")


def diverged(run: RunFolder) -> None:
    """Keep a verification of the run that found a difference in cell 1."""
    change = ValueChange(name="x", original=f"0.25 {HOSTILE}", replay="0.75")
    first = Divergence(
        cell=1,
        names=("x",),
        cause="unseeded_rng.python_random",
        evidence=f"cell 1 draws from the global generator {HOSTILE}",
        confirmed=True,
        fix="random.seed(0)",
        values=(change,),
    )
    keep(
        Verification(
            run_id=run.run_id,
            replay_id=None,
            verdict="diverged",
            first=first,
            all=(first,),
            cells=(0, 1, 2, 3),
            differing=(1, 2, 3),
        ),
        run,
    )


def set_source(page: NotebookPage, index: int, source: str) -> None:
    """Edit a cell as typing does."""
    script = "([i, text]) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.setSource(text)"
    page.evaluate(script, [index, source])


def source_of(page: NotebookPage, index: int) -> str:
    script = "(i) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.getSource()"
    return str(page.evaluate(script, index))


def mark(page: NotebookPage, index: int, kind: str) -> Any:
    found = page.cell(index).locator(f".rb-Mark.rb-mod-{kind}")
    found.wait_for()
    return found


def press(page: NotebookPage, label: str) -> None:
    page.page.locator(".jp-Dialog").get_by_role("button", name=label).click()
    page.page.locator(".jp-Dialog").wait_for(state="detached")


def wait_source(page: NotebookPage, index: int, text: str) -> None:
    script = "([i, t]) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.sharedModel.source.includes(t)"
    page.page.wait_for_function(script, arg=[index, text])


Recorded = Callable[..., RunFolder]


def recorder(root: Path) -> Recorded:
    """Put runs of ``train.ipynb`` into the store that a server of this folder finds."""
    store = Store(root / ".reprobook")

    def make(number: int, *, status: str = "succeeded", **fields: Any) -> RunFolder:
        parameters = {"lr": number / 1000, "batch_size": 16 << number % 3}
        variables = {LONG: HOSTILE, "OMP_NUM_THREADS": str(1 + number)}
        run = store.create(NewRun(**{"source": "train.ipynb", "seed": number, "parameters": parameters} | fields))
        run.write_header(
            seal(
                Header(
                    code=Code(cells=tuple(sha256_hex(source.encode()) for source in SOURCES)),
                    parameters={"lr": "0x1p-3"},
                    seeds=Seeds(seed=number, ineffective={"PYTHONHASHSEED": f"set too late {HOSTILE}"}),
                    environment=Environment(python="3.11.7", implementation="cpython", variables=variables),
                    origin=Origin(created="2026-11-21T00:00:00Z"),
                )
            )
        )
        for step in range(12):
            run.log_metric("loss", 1 / (1 + step * (number + 1) / 40), step)
            run.log_metric("accuracy", 0.5 + number / 500 + step / 100, step)
        if status == "running":
            run.update(status="running")
            run.trace_journal.write_text('{"cell": {}}\n' * 2)
        else:
            run.seal(status=status)
        return run

    return make
