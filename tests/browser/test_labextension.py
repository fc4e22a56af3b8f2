"""The JupyterLab extension in a browser: chip, panel, marks, commands, with names that would like to be code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import OpenPage
from notebook_page import NotebookPage, write_notebook

from reprobook.header import Code, Environment, Header, Origin, Seeds, seal, sha256_hex
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.verify import Verification
from reprobook.verify.kept import keep
from reprobook.verify.model import Divergence, ValueChange

BUILT = Path(__file__).parents[2] / "reprobook" / "labextension" / "static" / "style.js"
pytestmark = pytest.mark.skipif(not BUILT.exists(), reason="not built: `make labextension` (needs Node)")
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
LONG = "n" * 500
SOURCES = ("lr = 0.1", "import random\nx = random.random()", "rows = [x] * 3", "print('loss:', x * lr)")


def chip(page: NotebookPage) -> Any:
    return page.page.locator(".rb-Chip")


def wait_chip(page: NotebookPage, text: str) -> None:
    page.page.locator(".rb-Chip", has_text=text).wait_for()


def panel(page: NotebookPage) -> Any:
    return page.page.locator("#reprobook-panel")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


Recorded = Callable[..., RunFolder]


@pytest.fixture
def recorded(root: Path) -> Recorded:
    """Put runs of ``train.ipynb`` into the store that a server of this folder finds."""
    store = Store(root / ".reprobook")

    def make(number: int, *, status: str = "succeeded", **fields: Any) -> RunFolder:
        parameters = {"lr": number / 1000, "batch_size": 16 << number % 3}
        run = store.create(NewRun(**{"source": "train.ipynb", "seed": number, "parameters": parameters} | fields))
        run.write_header(
            seal(
                Header(
                    code=Code(cells=tuple(sha256_hex(source.encode()) for source in SOURCES)),
                    parameters={"lr": "0x1p-3"},
                    seeds=Seeds(seed=number, ineffective={"PYTHONHASHSEED": f"set too late {HOSTILE}"}),
                    environment=Environment(python="3.11.7", implementation="cpython", variables={LONG: HOSTILE}),
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


def test_the_chip_from_not_recorded_to_diverged(root: Path, open_page: OpenPage) -> None:
    """A user's first ten minutes."""
    notebook = write_notebook(root / "train.ipynb", *SOURCES)
    page = open_page("train.ipynb")
    wait_chip(page, "not recorded")
    page.command("reprobook:initialise")
    wait_chip(page, "frozen rb1-")
    content = json.loads(notebook.read_text())
    assert content["cells"][0]["source"][0].startswith("%load_ext reprobook")
    # The header is mirrored, and shown by our renderer.
    mirrored = content["metadata"]["reprobook"]
    assert mirrored["header"]["seeds"]["seed"] == 42
    assert mirrored["run_id"] in chip(page).get_attribute("title")
    page.output(0).locator(".rb-Card", has_text="recipe").wait_for()
    page.run_all()
    page.screenshot("initialised")
    assert page.problems == []


def test_look(root: Path, open_page: OpenPage, recorded: Recorded) -> None:
    write_notebook(root / "train.ipynb", *SOURCES)
    runs = [recorded(number) for number in range(200)]
    recorded(200, status="failed", name=HOSTILE)
    recorded(201, status="running", name="running")
    last = recorded(202, name=LONG)
    diverged(last)
    page = open_page("train.ipynb")
    wait_chip(page, "diverged at [1]")
    chip(page).click()
    panel(page).locator(".rb-Row.rb-mod-succeeded").first.wait_for()
    page.page.wait_for_timeout(1500)
    page.screenshot("panel")
    print(page.problems, len(runs))
