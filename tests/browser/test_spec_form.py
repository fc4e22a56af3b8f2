"""The form of the training spec in JupyterLab: fill in, save, run, see what was kept; a change takes a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from notebook_page import OpenPage, write_notebook
from playwright.sync_api import expect

from reprobook.spec import read_document

LOAD, INIT = "%load_ext reprobook", "%reprotrain init --seed 1"
TRAIN = "import reprobook as rb\nfor epoch in range(epochs):\n    rb.log(test_loss=1 / (epoch + 1), step=epoch)"
PATIENCE = 60_000  # milliseconds; machines are shared


def entry(panel: Any, key: str, text: str) -> None:
    """Type into an entry and leave it."""
    control = panel.get_by_title(key, exact=True)
    control.fill(text)
    control.press("Tab")


def test_the_form_from_the_first_entry_to_a_reason(tmp_path: Path, open_page: OpenPage) -> None:
    expect.set_options(timeout=PATIENCE)
    cells = [("epochs = 3", ["parameters"]), LOAD, INIT, TRAIN, "%reprotrain end", "%reprotrain spec"]
    notebook = write_notebook(tmp_path / "root" / "train.ipynb", *cells)
    page = open_page("train.ipynb")
    page.run_cell(1)
    page.run_cell(5)
    panel = page.output(5).locator(".rb-panel")
    entry(panel, "loop.epochs", "many")
    expect(panel.locator(".rb-error")).to_contain_text("loop.epochs")
    expect(panel.get_by_role("button", name="Save")).to_be_disabled()
    page.screenshot("1-wrong", panel)
    entry(panel, "loop.epochs", "4")
    entry(panel, "evaluation.metrics", "test_loss epoch")
    entry(panel, "evaluation.selection_set", "val")
    panel.get_by_title("split.strategy", exact=True).select_option("random")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".rb-good")).to_contain_text("saved train.spec.yaml")

    # A run is made with it; the form says what was kept.
    for index in range(6):
        page.run_cell(index)
    panel = page.output(5).locator(".rb-panel")
    expect(panel).to_contain_text("The run had 3 epochs (parameter epochs); 4 are declared.")
    expect(panel).to_contain_text("test_loss was logged 3 times: whoever looks at it")
    page.screenshot("2-checked", panel)
    entry(panel, "loop.epochs", "3")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".rb-error")).to_contain_text("Say why it changes")
    page.screenshot("3-reason", panel)
    entry(panel, "reason", "the fourth changed nothing")
    panel.get_by_role("button", name="Save").click()
    expect(panel.locator(".rb-good")).to_contain_text("saved train.spec.yaml")
    page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.screenshot("4-dark", panel)
    document = read_document(notebook)
    assert document is not None
    assert [change.why for change in document.history] == ["", "the fourth changed nothing"]
    assert page.problems == []
