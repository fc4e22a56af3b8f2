"""Marks beside cells, the settings, and a header that does not match the store."""

from __future__ import annotations

import json
from pathlib import Path

from extension_page import (
    SOURCES,
    chip,
    mark,
    needs_extension,
    panel,
    press,
    set_source,
    source_of,
    wait_chip,
    wait_source,
)
from notebook_page import NotebookPage, OpenPage, write_notebook

pytestmark = needs_extension


def test_marks_tell_what_and_why_and_mend(root: Path, open_page: OpenPage) -> None:
    write_notebook(root / "train.ipynb", "a = 1", "b = 2", "import random\nx = a + random.random()", "x")
    page = open_page("train.ipynb")
    for index in (1, 0, 2, 3):
        page.run_cell(index)
    title = mark(page, 1, "order").get_attribute("title")
    assert title == "Cell 1. Ran out of order\nIt ran before [2], which stands above it.\nFix: Restart and run all."
    page.run_cell(0)
    title = mark(page, 2, "stale").get_attribute("title")
    assert "The cell above that sets a ran again after this one ran.\nFix: Run this cell again" in title
    set_source(page, 3, "x * 2")
    assert "What it shows is not what it says." in mark(page, 3, "edited").get_attribute("title")
    page.screenshot("marks")

    # What the check finds: a mark with the fix, by keyboard too.
    page.command("reprobook:check")
    page.page.get_by_text("1 hazard, marked beside the cells; 1 can be mended").first.wait_for()
    page.run_cell(2)
    hazard = mark(page, 2, "hazard")
    assert "Fix: " in hazard.get_attribute("title")
    hazard.focus()
    page.page.keyboard.press("Enter")
    page.page.locator(".jp-Dialog", has_text="Cell 2, the 3rd code cell").wait_for()
    page.screenshot("explained")
    press(page, "Apply fix")
    wait_source(page, 2, "random.seed(")
    page.cell(2).locator(".rb-mod-hazard").wait_for(state="detached")
    page.command("reprobook:check")
    page.page.get_by_text("No hazard found").first.wait_for()
    assert page.problems == []


def set_setting(page: NotebookPage, name: str) -> None:
    """Tick or untick a setting in JupyterLab's own editor of settings."""
    page.command("settingeditor:open", {"query": "reprobook"})
    page.page.locator(".jp-SettingsForm, .jp-SettingsEditor").get_by_label(name).first.click()


def test_settings_switch_marks_and_the_mirror_off(root: Path, open_page: OpenPage) -> None:
    notebook = write_notebook(root / "train.ipynb", "a = 1", "b = 2")
    page = open_page("train.ipynb")
    page.run_cell(1)
    page.run_cell(0)
    mark(page, 1, "order")
    set_setting(page, "Mark cells")
    page.page.locator(".rb-Mark").wait_for(state="detached")
    set_setting(page, "Mirror the header")
    seed = page.page.locator(".jp-SettingsEditor input[id$=seed], .jp-SettingsForm input[id$=seed]").first
    seed.fill("7")
    page.page.wait_for_timeout(1500)
    page.screenshot("settings")
    page.command("docmanager:open", {"path": "train.ipynb"})
    page.command("reprobook:initialise")
    wait_chip(page, "frozen rb1-")
    assert source_of(page, 0).endswith("--seed 7")
    assert "reprobook" not in json.loads(notebook.read_text())["metadata"]
    assert page.problems == []


def test_a_header_that_was_edited_is_told(root: Path, open_page: OpenPage) -> None:
    notebook = write_notebook(root / "train.ipynb", *SOURCES)
    page = open_page("train.ipynb")
    page.command("reprobook:initialise")
    wait_chip(page, "frozen rb1-")
    content = json.loads(notebook.read_text())
    content["metadata"]["reprobook"]["header"]["seeds"]["seed"] = 43
    notebook.write_text(json.dumps(content))
    page.command("docmanager:reload")
    page.open("train.ipynb")
    wait_chip(page, "header mismatch")
    chip(page).click()
    alert = panel(page).get_by_role("alert")
    alert.first.wait_for()
    assert alert.locator(".rb-Fix").inner_text()
    page.screenshot("mismatch")
    assert page.problems == []
