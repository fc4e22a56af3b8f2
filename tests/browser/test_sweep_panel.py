"""The sweep panel as a user meets it: in JupyterLab, from the form to a promoted script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_server import Serve
from notebook_page import NotebookPage, OpenPage, write_notebook
from playwright.sync_api import expect

from reprobook.runs import Store
from reprobook.sweep.handle import SweepHandle, sweeps

PARAMETERS = """from reprobook import Choice, Float, Int
lr: Float(1e-5, 1e-1, log=True) = 1e-3  # learning rate
layers: Int(1, 8) = 2
batch_size: Choice(16, 32, 64) = 32
hidden = 128"""
TRAIN = """import math
import time
import reprobook as rb
quality = 1 - 0.1 * abs(math.log10(lr) + 2.5) - 0.02 * abs(layers - 4) - batch_size / 1000
for epoch in range(8):
    time.sleep(0.03)
    rb.log(val_accuracy=quality * (1 - math.exp(-(epoch + 1) / 3)), step=epoch)"""
OPEN = "%load_ext reprobook\n%reprotrain sweep"
# Where it runs alone, it waits to be let go; in a trial, which runs all cells, while more runs have begun than may.
OTHER = """import os
import time
alone = "quality" not in globals()
while not os.path.exists("go") if alone else len(os.listdir(".reprobook/runs")) > int(open("may_begin").read()):
    time.sleep(0.05)
print("free:", 6 * 7)"""
PATIENCE = 60_000  # milliseconds; machines are shared


@pytest.fixture(autouse=True)
def _patient() -> None:
    expect.set_options(timeout=PATIENCE)


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "root" / "train.ipynb"
    yield let_begin(write_notebook(path, (PARAMETERS, ["parameters"]), TRAIN, OPEN, OTHER), 99)
    for handle in sweeps(Store(path.parent / ".reprobook")):
        handle.stop()  # a driver outlives the notebook, and would outlive the test
        handle.wait(60)


def let_begin(notebook: Path, runs: int) -> Path:
    """Let so many runs go to their end."""
    waiting = notebook.with_name("may_begin.new")
    waiting.write_text(str(runs))
    waiting.replace(notebook.with_name("may_begin"))
    return notebook


def opened(page: NotebookPage, cell: int = 2) -> Any:
    """Run the cell that opens the panel, and return the panel."""
    page.run_cell(cell)
    panel = page.output(cell).locator(".rb-panel")
    expect(panel.get_by_role("button", name="Start")).to_be_visible()
    return panel


def finished(panel: Any) -> int:
    """Return how many trials have finished, as the panel says."""
    found = re.search(r"(\d+) of \d+ trials", panel.inner_text())
    return int(found[1]) if found else 0


def rows(panel: Any) -> Any:
    return panel.locator("table.rb-trials tbody tr")


def enter(panel: Any, name: str, text: str) -> None:
    """Type into an entry and leave it."""
    entry = panel.get_by_title(name, exact=True)
    entry.fill(text)
    entry.press("Tab")


def drag(page: NotebookPage, handle: Any, pixels: int) -> None:
    """Drag a handle of a slider to the side."""
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + pixels, y, steps=5)
    page.page.mouse.up()


def button(panel: Any, name: str) -> Any:
    return panel.get_by_role("button", name=name)


def test_from_the_form_to_a_script(notebook: Path, open_page: OpenPage) -> None:
    page = open_page(notebook.name)
    panel = opened(page)
    fill_in(page, panel)
    watch(page, panel, let_begin(notebook, 3))
    panel = stop_and_resume(page, panel, notebook)
    look_at_figures(page, panel)
    open_and_promote_the_best(page, panel, notebook)

    # Opened again, the panel shows the sweep; what the notebook saves names no folder of this machine.
    expect(opened(page)).to_contain_text("finished · 12 of 12 trials")
    page.save()
    assert str(notebook.parent) not in notebook.read_text()
    assert page.problems == []


def fill_in(page: NotebookPage, panel: Any) -> None:
    """A wrong range is said where it stands and cannot be started; the right one is in the command line."""
    page.screenshot("1-form", panel)
    enter(panel, "lowest lr", "0.5")
    expect(panel.locator(".rb-problem")).to_contain_text("above the high end")
    expect(button(panel, "Start")).to_be_disabled()
    page.screenshot("2-wrong-range", panel)
    enter(panel, "lowest lr", "1e-4")
    expect(panel.locator(".rb-problem")).to_have_count(0)
    for label, number in {"Trials": "12", "At a time": "2"}.items():
        entry = panel.locator(".rb-entry", has_text=label).locator("input")
        entry.fill(number)
        entry.press("Tab")
    expect(panel.locator("details code")).to_contain_text("lr=log:1e-4:0.1")
    expect(panel.locator("details code")).to_contain_text("--trials 12 --jobs 2")


def watch(page: NotebookPage, panel: Any, notebook: Path) -> None:
    """Bar, table and figure move, also while another cell runs; buttons work meanwhile."""
    button(panel, "Start").click()
    expect(panel).to_contain_text(re.compile(r"[1-9] of 12 trials"))
    expect(rows(panel).nth(1)).to_be_visible()
    expect(panel.locator(".rb-plot svg").first).to_be_visible()
    before, width, drawn = finished(panel), bar(panel), panel.locator(".rb-plot svg").first.inner_html()
    page.screenshot("3-running", panel)
    page.start_cell(3)
    let_begin(notebook, 7)
    later = "|".join(map(str, range(before + 1, 13)))
    expect(panel).to_contain_text(re.compile(rf"\b({later}) of 12 trials"))
    button(panel, "Pause").click()
    expect(panel).to_contain_text("paused: no further trial starts")
    expect(panel.locator(".rb-plot svg").first).not_to_have_text(drawn)
    assert page.is_running(3)
    assert bar(panel) > width
    notebook.with_name("go").touch()
    expect(page.output(3)).to_contain_text("free: 42")


def bar(panel: Any) -> float:
    """Return the width of the progress bar."""
    return float(panel.locator(".progress-bar").bounding_box()["width"])


def stop_and_resume(page: NotebookPage, panel: Any, notebook: Path) -> Any:
    """Stop, resume, and open the panel again while the sweep runs: it is taken up where it stands."""
    button(panel, "Stop").click()
    expect(panel).to_contain_text("stopped: Resume goes on from here")
    assert 0 < finished(panel) < 12
    page.screenshot("4-stopped", panel)
    let_begin(notebook, 99)
    button(panel, "Resume").click()
    expect(panel).to_contain_text(re.compile(r"(running|finished) · \d+ of 12"))
    panel = opened(page)
    expect(panel).to_contain_text(re.compile(r"\d+ of 12 trials"))
    expect(panel).to_contain_text("finished · 12 of 12 trials")
    assert rows(panel).count() == 12
    assert "rb-best" in (rows(panel).first.get_attribute("class") or "")
    return panel


def look_at_figures(page: NotebookPage, panel: Any) -> None:
    for tab in ("History", "Parallel", "Importance", "Curves"):
        panel.get_by_text(tab, exact=True).click()
        expect(panel.locator(".rb-plot svg:visible")).to_be_visible()
        page.screenshot(f"5-{tab.lower()}", panel)


def open_and_promote_the_best(page: NotebookPage, panel: Any, notebook: Path) -> None:
    record = SweepHandle.open(Store(notebook.parent / ".reprobook"), "latest").record()
    best = record.best
    assert best is not None
    assert len({trial.run_id for trial in record.trials}) == 12
    assert all(1e-4 <= trial.parameters["lr"] <= 1e-1 for trial in record.trials)
    button(panel, "Open run").click()
    expect(panel.get_by_role("link")).to_have_text(f"train.{best.run_id}.ipynb")
    button(panel, "Promote best").click()
    expect(panel).to_contain_text("equivalent: true")
    job = notebook.parent / panel.get_by_role("link").inner_text()
    assert f"{best.parameters['lr']!r}" in job.with_name("config.yaml").read_text()
    page.screenshot("6-promoted", panel)
    page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.screenshot("7-dark", panel)


def test_it_shows_in_the_classic_notebook(notebook: Path, serve: Serve, open_page: OpenPage) -> None:
    page = open_page(notebook.name, server=serve("notebook"), width=900)
    panel = opened(page)
    expect(panel.locator(".rb-name").first).to_have_text("lr")
    enter(panel, "lowest lr", "1e-4")
    expect(panel.locator("details code")).to_contain_text("lr=log:1e-4:0.1")
    drag(page, panel.locator(".noUi-handle-upper").first, -60)
    expect(panel.get_by_title("highest lr", exact=True)).not_to_have_value("0.1")
    expect(panel.locator("details code")).to_contain_text(re.compile(r"lr=log:1e-4:0\.0\d+ "))
    page.screenshot("form", panel)


def test_the_run_panel_runs_headless(notebook: Path, open_page: OpenPage) -> None:
    parsed = nbformat.read(notebook, as_version=4)
    parsed.cells[2].source = OPEN.replace("sweep", "panel")
    nbformat.write(parsed, notebook)
    page = open_page(notebook.name)
    page.run_cell(2)
    panel = page.output(2).locator(".rb-panel")
    enter(panel, "lr", "0.5")
    expect(panel.locator(".rb-problem")).to_contain_text("is not in")
    expect(panel.get_by_role("button", name="Run headless")).to_be_disabled()
    enter(panel, "lr", "3e-3")
    panel.get_by_role("button", name="Run headless").click()
    expect(panel).to_contain_text("✓ succeeded")
    expect(panel.locator("table.rb-trials")).to_contain_text("val_accuracy")
    panel.get_by_role("button", name="Open run").click()
    expect(panel.get_by_role("link")).to_be_visible()
    page.screenshot("run-panel", panel)
    (record,) = Store(notebook.parent / ".reprobook").records()
    assert record.parameters["lr"] == pytest.approx(3e-3)
    executed = json.loads((notebook.parent / panel.get_by_role("link").inner_text()).read_text())
    assert "lr: Float(1e-5, 1e-1, log=True) = 0.003" in "".join(executed["cells"][0]["source"])
