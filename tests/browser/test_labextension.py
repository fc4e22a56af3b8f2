"""The JupyterLab extension in a browser: a user's first ten minutes, where commands are found, and outputs.

What the issue list of the extension names is tested in: this file (chip, commands, templates, renderers, mirror),
``test_lab_runs.py`` (panel, table of runs, comparison, keyboard), ``test_lab_forms.py`` (forms, jobs and the actions
on a run), ``test_lab_marks.py`` (marks beside cells, settings, a header that does not match).
"""

from __future__ import annotations

import json
from pathlib import Path

from extension_page import (
    HOSTILE,
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
from lab_server import Serve
from notebook_page import CONNECTED, OpenPage, write_notebook

from reprobook.header import MIME_TYPE as HEADER_MIME_TYPE
from reprobook.magics.report import MIME_TYPE
from reprobook.runs import Store
from reprobook.verify import Verification
from reprobook.verify.model import Divergence

pytestmark = needs_extension


def test_from_not_recorded_to_reproduced(root: Path, open_page: OpenPage) -> None:
    """A user's first ten minutes: every word on the chip comes from what was done."""
    notebook = write_notebook(root / "train.ipynb", *SOURCES)
    page = open_page("train.ipynb")
    wait_chip(page, "not recorded")
    chip(page).click()
    panel(page).get_by_text("No run yet.").wait_for()
    page.screenshot("empty")

    # Initialise: the header is frozen, shown by our renderer, and mirrored into the file.
    page.command("reprobook:initialise")
    wait_chip(page, "frozen rb1-")
    page.output(0).locator(".rb-Card", has_text="PYTHONHASHSEED is not effective").wait_for()
    mirrored = json.loads(notebook.read_text())["metadata"]["reprobook"]
    assert mirrored["header"]["seeds"]["seed"] == 42
    assert mirrored["run_id"] in chip(page).get_attribute("title")
    for index in (1, 2, 3, 4):
        page.run_cell(index)

    # What was edited, and what depends on it, is marked; what is saved has drifted.
    set_source(page, 1, "lr = 0.25")
    mark(page, 1, "edited")
    mark(page, 4, "stale")
    page.save()
    wait_chip(page, "drifted: 1")
    panel(page).locator(".rb-Drift").get_by_text("edited").wait_for()
    panel(page).locator(".rb-Drift .rb-Fix", has_text="Undo the change of cell 1, or freeze again").wait_for()
    # A number leads to its cell.
    panel(page).locator(".rb-Drift").get_by_role("button", name="cell 1").first.click()
    assert page.cell(1).evaluate("cell => cell.classList.contains('jp-mod-active')")
    page.screenshot("drifted")

    # A run of its own process, from the form.
    page.page.evaluate("() => void window.jupyterapp.commands.execute('reprobook:run-headless')")
    page.page.locator(".rb-Form").get_by_label("lr").fill("0.5")
    page.screenshot("form")
    press(page, "Run")
    panel(page).locator(".rb-Grid").get_by_text("0.5", exact=True).wait_for()
    panel(page).locator(".rb-Jobs").get_by_text("succeeded").wait_for()
    wait_chip(page, "frozen rb1-")
    panel(page).get_by_role("button", name="Verify", exact=True).first.click()
    wait_chip(page, "reproduced ✓")
    page.screenshot("reproduced")

    # Its parameters go back into the notebook, and undo takes them out again.
    panel(page).locator(".rb-Rows .rb-Row").first.click()
    verified = panel(page).locator(".rb-Details .rb-Facts dd").first.inner_text()
    panel(page).get_by_role("button", name="Restore parameters").click()
    wait_source(page, 1, "lr = 0.5")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.undo()")
    assert source_of(page, 1) == "lr = 0.25"

    # Frozen again: a new run, shown in place of the first header.
    page.command("reprobook:freeze")
    frozen = json.loads(notebook.read_text())["metadata"]["reprobook"]
    assert frozen["run_id"] not in {mirrored["run_id"], verified}
    assert frozen["header"]["parameters"] == {"lr": mirrored["header"]["parameters"]["lr"] * 2.5}
    panel(page).get_by_role("button", name="Open executed").click()
    page.page.locator(".jp-mod-current", has_text=f"train.{verified}.ipynb").wait_for()
    assert (root / f"train.{verified}.ipynb").is_file()
    assert page.problems == []


def test_reports_are_shown_and_what_is_no_report_harms_nothing(root: Path, open_page: OpenPage) -> None:
    found = Verification(
        run_id=HOSTILE, replay_id=None, verdict="diverged", all=(Divergence(cell=1, evidence=HOSTILE),), cells=(0, 1)
    )
    shown = {MIME_TYPE: found.model_dump(mode="json"), "text/html": "another front end"}
    wrong = {MIME_TYPE: {"all": 7}, HEADER_MIME_TYPE: [HOSTILE]}
    show = "from IPython.display import display\ndisplay({!r}, raw=True)"
    write_notebook(root / "shown.ipynb", show.format(shown), show.format(wrong), show.format({HEADER_MIME_TYPE: {}}))
    page = open_page("shown.ipynb")
    page.run_all()
    page.output(0).get_by_text("differs").or_(page.output(0).get_by_text("✗ diverged")).first.wait_for()
    assert "another front end" not in page.output(0).inner_text()
    assert HOSTILE in page.output(0).inner_text()
    for index in (1, 2):
        page.output(index).get_by_text("this output is not readable").wait_for()
    page.screenshot("reports")
    assert page.page.evaluate("() => window.hacked") is None
    assert page.problems == []


COMMANDS = (
    *("Show Header and Runs", "New Experiment Notebook…", "Initialise", "Freeze", "Check", "Fix What Can Be Mended"),
    *("Run Headless…", "Sweep…", "Verify", "Verify and Diagnose", "Promote…"),
)


def test_commands_are_in_menu_and_palette_and_an_experiment_begins_from_a_template(
    root: Path, open_page: OpenPage
) -> None:
    write_notebook(root / "shown.ipynb", "1")
    (root / "images").mkdir()
    page = open_page("shown.ipynb")
    page.page.locator(".lm-MenuBar-item", has_text="Reprobook").click()
    items = page.page.locator(".lm-Menu .lm-Menu-itemLabel").all_inner_texts()
    assert [item for item in items if item] == list(COMMANDS)
    page.screenshot("menu")
    page.page.keyboard.press("Escape")
    page.command("apputils:activate-command-palette")
    page.page.locator(".lm-CommandPalette-input").fill("reprobook")
    page.page.locator(".lm-CommandPalette-item[data-command='reprobook:promote']").wait_for()
    found = page.page.locator(".lm-CommandPalette-item[data-command^='reprobook:']")
    assert sorted(found.locator(".lm-CommandPalette-itemLabel").all_inner_texts()) == sorted(COMMANDS)
    page.page.keyboard.press("Escape")

    page.command("launcher:create")
    page.screenshot("launcher")
    page.page.locator(".jp-LauncherCard", has_text="Experiment").click()
    form = page.page.locator(".rb-Form")
    form.get_by_role("radio").first.wait_for()
    assert form.get_by_role("radio").count() == 5
    form.get_by_text("Image classification").click()
    assert form.get_by_label("name").get_attribute("placeholder") == "images-2"
    form.get_by_text("Tabular").first.click()
    form.get_by_label("name").fill("churn")
    page.screenshot("templates")
    press(page, "Create")
    page.page.locator(".jp-mod-current", has_text="churn.ipynb").wait_for()
    assert {"churn.ipynb", "README.md", "test_tabular.py"} <= {path.name for path in (root / "churn").iterdir()}

    # It is recorded from its first cell on, by the magic that the template brings.
    page.evaluate(CONNECTED)
    page.run_cell(1)
    page.page.locator(".jp-Notebook:visible .rb-Card", has_text="l2=1.0").wait_for()
    page.save()
    page.page.locator(".rb-Chip:visible", has_text="frozen rb1-").wait_for()
    page.screenshot("experiment")
    (record,) = Store(root / "churn" / ".reprobook").records()
    assert (record.name, record.seed) == ("tabular", 42)
    assert page.problems == []


def test_the_notebook_7_has_chip_panel_and_commands_too(root: Path, serve: Serve, open_page: OpenPage) -> None:
    write_notebook(root / "train.ipynb", *SOURCES)
    page = open_page("train.ipynb", server=serve("notebook"))
    wait_chip(page, "not recorded")
    chip(page).click()
    panel(page).get_by_text("No run yet.").wait_for()
    page.command("reprobook:initialise")
    wait_chip(page, "frozen rb1-")
    page.screenshot("notebook7")
