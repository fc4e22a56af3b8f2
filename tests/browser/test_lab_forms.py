"""The forms of *Run headless*, *Sweep* and *Promote*, their jobs, and the actions on a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from extension_page import chip, needs_extension, panel, press
from notebook_page import NotebookPage, OpenPage, write_notebook

from reprobook.runs import Store

pytestmark = needs_extension
PARAMETERS = """from reprobook import Choice, Float, Int

lr: Float(0.01, 1.0, log=True) = 0.1  # learning rate
batch_size: Choice(16, 32) = 16
epochs: Int(1, 5) = 2
shuffle = True
title = 'a word'"""
TRAINING = "import reprobook as rb\n\nfor epoch in range(epochs):\n    rb.log(loss=lr / (1 + epoch), step=epoch)"


def open_form(page: NotebookPage, command: str) -> Any:
    """Execute a command that asks; it does not come back before it is answered."""
    page.page.evaluate("(name) => void window.jupyterapp.commands.execute(name)", command)
    form = page.page.locator(".rb-Form")
    form.wait_for()
    return form


def job(page: NotebookPage, action: str, text: str) -> Any:
    """Wait for the newest job of an action to say something."""
    found = panel(page).locator(".rb-Jobs li", has=page.page.locator("b", has_text=action)).first
    found.get_by_text(text).wait_for()
    return found


def try_run(page: NotebookPage, root: Path) -> str:
    """Run it headless: fields as the parameters are declared; what is outside of a range is told."""
    form = open_form(page, "reprobook:run-headless")
    lr = form.get_by_label("lr", exact=False).first
    assert [lr.get_attribute(name) for name in ("type", "min", "max")] == ["number", "0.01", "1"]
    assert form.locator("label", has_text="epochs").locator("input").get_attribute("step") == "1"
    assert form.locator("label", has_text="batch_size").locator("option").all_inner_texts() == ["16", "32"]
    assert form.locator("label", has_text="shuffle").locator("option").all_inner_texts() == ["True", "False"]
    assert form.locator("label", has_text="title").locator("input").input_value() == "a word"
    form.get_by_text("learning rate").wait_for()
    lr.fill("5")
    form.get_by_role("alert").get_by_text("lr: ").wait_for()
    page.page.keyboard.press("Enter")
    assert lr.input_value() == "5"
    page.screenshot("out-of-range")
    lr.fill("0.5")
    form.locator("label", has_text="seed").locator("input").fill("7")
    form.locator("label", has_text="experiment").locator("input").fill("from the form")
    press(page, "Run")
    job(page, "run", "succeeded")
    panel(page).get_by_text("1 run", exact=True).wait_for()
    (record,) = Store(root / ".reprobook").records()
    assert (record.name, record.seed, record.parameters["lr"]) == ("from the form", 7, 0.5)
    return record.run_id


def try_sweep(page: NotebookPage) -> None:
    """Sweep over two learning rates; a metric is asked for."""
    form = open_form(page, "reprobook:sweep")
    assert form.locator("label", has_text="lr").locator("input").get_attribute("placeholder") == "log:0.01:1"
    metric = form.locator("label", has_text="metric").locator("input")
    assert metric.input_value() == "loss"
    metric.fill("")
    form.get_by_role("alert").get_by_text("metric: ").wait_for()
    metric.fill("loss")
    form.locator("label", has_text="lr").locator("input").fill("choice:0.1,0.2")
    form.locator("label", has_text="better").locator("select").select_option("min")
    form.locator("label", has_text="sampler").locator("select").select_option("random")
    form.locator("label", has_text="trials").locator("input").fill("2")
    page.screenshot("sweep")
    press(page, "Start")
    job(page, "sweep", "succeeded")
    panel(page).get_by_text("3 runs").wait_for()


def try_actions(page: NotebookPage, root: Path) -> None:
    """Verify the run and promote it."""
    panel(page).locator(".rb-Rows .rb-Row", has_text="from the form").click()
    details = panel(page).locator(".rb-Details")
    details.get_by_role("button", name="Verify").click()
    job(page, "verify", "reproduced")
    details.get_by_text("✓ reproduced, bit by bit").wait_for()
    details.get_by_role("button", name="Promote…").click()
    form = page.page.locator(".rb-Form")
    assert form.locator("label", has_text="folder").locator("input").input_value() == "train_job"
    form.locator("label", has_text="folder").locator("input").fill("out/job")
    page.screenshot("promote")
    press(page, "Promote")
    job(page, "promote", "equivalent: true")
    assert (root / "out" / "job" / "train.py").is_file()
    page.screenshot("jobs")


def test_run_sweep_and_promote(root: Path, open_page: OpenPage) -> None:
    write_notebook(root / "train.ipynb", (PARAMETERS, ["parameters"]), TRAINING)
    page = open_page("train.ipynb")
    chip(page).click()

    first = try_run(page, root)
    try_sweep(page)
    trials = [each for each in Store(root / ".reprobook").records() if each.run_id != first]
    assert all(each.parameters["lr"] in {0.1, 0.2} for each in trials)

    try_actions(page, root)
    assert page.problems == []


def test_a_job_outlives_the_tab_is_cancelled_and_a_cause_is_diagnosed(root: Path, open_page: OpenPage) -> None:
    write_notebook(
        root / "train.ipynb",
        ("wait = False", ["parameters"]),
        "import random, time\ntime.sleep(600 if wait else 0)\nx = random.random()\nprint('loss:', x)",
    )
    page = open_page("train.ipynb")
    chip(page).click()
    form = open_form(page, "reprobook:run-headless")
    form.locator("label", has_text="wait").locator("select").select_option("True")
    press(page, "Run")
    job(page, "run", "cell")
    page.open("train.ipynb")  # the tab is closed, another one opened
    chip(page).click()
    panel(page).get_by_role("button", name="Cancel run").click()
    job(page, "run", "cancelled")
    panel(page).locator(".rb-Status.rb-mod-interrupted").wait_for()

    open_form(page, "reprobook:run-headless")
    press(page, "Run")
    job(page, "run", "succeeded")
    panel(page).locator(".rb-Rows .rb-Row", has=page.page.locator(".rb-mod-succeeded")).click()
    panel(page).locator(".rb-Details").get_by_role("button", name="Diagnose").click()
    job(page, "verify", "diverged")
    report = panel(page).locator(".rb-Details .rb-Card")
    report.get_by_text("proven by experiment").wait_for()
    page.screenshot("diagnosed")
    assert "unseeded_rng.python_random" in report.inner_text()
    assert page.cell(1).locator(".rb-Mark.rb-mod-diverged").get_attribute("title").startswith("Cell 1. Diverged: x")
    assert "diverged at [1]" in chip(page).inner_text()
    assert page.problems == []
