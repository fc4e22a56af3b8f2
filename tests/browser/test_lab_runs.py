"""The panel: the runs of a notebook as a table, compared; names that would like to be code, keyboard, themes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from extension_page import (
    HOSTILE,
    LONG,
    SOURCES,
    Recorded,
    chip,
    diverged,
    mark,
    needs_extension,
    panel,
    press,
    wait_chip,
    wait_source,
)
from notebook_page import NotebookPage, OpenPage, write_notebook

from reprobook.runs.model import record_bytes

pytestmark = needs_extension


def assert_fits(page: NotebookPage) -> None:
    """Nothing of the panel is wider than the panel, but what scrolls."""
    wide = panel(page).evaluate(
        """panel => [...panel.querySelectorAll('*')]
            .filter(each => !each.closest('.rb-Grid, .rb-Scroll, .rb-Sides, select'))
            .filter(each => each.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)
            .map(each => each.className + ' ' + each.textContent.slice(0, 40))"""
    )
    assert wide == []


def colours(page: NotebookPage) -> list[str]:
    """Return the colours of ground and text in panel, table and chip."""
    script = "each => [getComputedStyle(each).backgroundColor, getComputedStyle(each).color]"
    parts = (panel(page), panel(page).locator(".rb-Head"), chip(page))
    return [colour for part in parts for colour in part.evaluate(script)]


def try_verification(page: NotebookPage) -> None:
    """The cell that the verification named, with cause and fix; the fix goes into the notebook."""
    mark(page, 1, "diverged").click()
    page.page.locator(".jp-Dialog", has_text="random.seed(0)").wait_for()
    page.screenshot("mark")
    press(page, "Apply fix")
    wait_source(page, 1, "random.seed(")
    wait_chip(page, "drifted: 1")


def try_filter(page: NotebookPage) -> None:
    """Sort, filter, and a filter that is wrong."""
    grid = panel(page).locator(".rb-Grid")
    grid.get_by_role("button", name="accuracy").click()
    grid.locator("[aria-sort=descending]").wait_for()
    filter_box = panel(page).get_by_label("Filter the runs")
    filter_box.fill("lr < 0.01 and status == 'succeeded'")
    panel(page).get_by_text("10 runs match").wait_for()
    filter_box.fill("lr <")
    panel(page).locator(".rb-Alert", has_text="cannot read 'lr <'").wait_for()
    page.screenshot("wrong-filter")
    filter_box.fill("")
    panel(page).get_by_text("203 runs").wait_for()


def try_keyboard(page: NotebookPage, first: str) -> None:
    """The first run and its details, then the second one, and both compared."""
    panel(page).locator(".rb-Grid").focus()
    page.page.keyboard.press("Home")
    panel(page).locator(".rb-Details").get_by_text(first).first.wait_for()
    assert_fits(page)
    page.screenshot("details")
    for key in ("Space", "ArrowDown", "Space"):
        page.page.keyboard.press(key)
    comparison = panel(page).locator(".rb-Comparison")
    comparison.locator("tr", has_text="seed").first.wait_for()
    for section in ("parameters", "environment", "results"):
        comparison.locator("tbody th", has_text=section).wait_for()
    comparison.scroll_into_view_if_needed()
    page.screenshot("comparison")
    comparison.get_by_role("button", name="Clear").click()


def try_delete(page: NotebookPage) -> None:
    """Deleting asks first, and Enter is no answer."""
    delete = panel(page).locator(".rb-Details").get_by_role("button", name="Delete…")
    delete.click()
    page.page.locator(".jp-Dialog").wait_for()
    page.page.keyboard.press("Enter")
    page.page.locator(".jp-Dialog").wait_for(state="detached")
    panel(page).get_by_text("203 runs").wait_for()
    delete.click()
    press(page, "Delete")
    panel(page).get_by_text("202 runs").wait_for()


def test_200_runs_with_names_that_would_like_to_be_code(root: Path, open_page: OpenPage, recorded: Recorded) -> None:
    write_notebook(root / "train.ipynb", *SOURCES)
    for number in range(200):
        recorded(number)
    recorded(200, status="failed", name=HOSTILE)
    recorded(201, status="running", name="running")
    last = recorded(202, name=LONG, parameters={"lr": 0.5, "batch_size": 16, LONG: HOSTILE})
    diverged(last)
    page = open_page("train.ipynb")
    dialogs: list[str] = []
    page.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    wait_chip(page, "diverged at [1]")
    chip(page).click()
    rows = panel(page).locator(".rb-Rows .rb-Row")
    rows.first.wait_for()
    panel(page).get_by_text("203 runs").wait_for()
    assert rows.count() < 60
    assert panel(page).locator(".rb-Row.rb-mod-running progress").get_attribute("value") == "2"
    panel(page).locator("svg.rb-Sparkline").first.wait_for()
    page.screenshot("runs")

    try_verification(page)
    try_filter(page)
    try_keyboard(page, last.run_id)
    try_delete(page)

    # The header, and the search in it.
    panel(page).locator("summary", has_text="Header").last.click()
    panel(page).get_by_label("Search the header").last.fill("hashseed")
    panel(page).locator(".rb-Tree").last.get_by_text("set too late").wait_for()
    assert_fits(page)

    page.screenshot("header")
    light = colours(page)
    page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    assert all(before != after for before, after in zip(light, colours(page), strict=True))
    assert page.page.evaluate("() => window.hacked") is None
    assert page.page.locator("#reprobook-panel img, #reprobook-panel script").count() == 0
    assert (dialogs, page.problems) == ([], [])


# Whether every control that can be seen in the panel comes by in turn when Tab is pressed.
UNREACHED = """panel => [...panel.querySelectorAll('button:enabled, input, select, summary, [role=grid]')]
    .filter(each => each.getClientRects().length > 0 && !each.hasAttribute('data-reached'))
    .map(each => each.outerHTML.slice(0, 200))"""
REACH = """panel => {
    const active = document.activeElement;
    const again = active.hasAttribute('data-reached') || !panel.contains(active);
    active.setAttribute('data-reached', '');
    return !again;
}"""


def test_a_panel_is_reached_by_keyboard_follows_a_running_run_and_compares_groups(
    root: Path, open_page: OpenPage, recorded: Recorded
) -> None:
    write_notebook(root / "train.ipynb", *SOURCES)
    for number in range(6):
        recorded(number, parameters={"lr": 0.1 if number % 2 else 0.2, "batch_size": 16})
    running = recorded(9, status="running", name="running")
    page = open_page("train.ipynb")
    wait_chip(page, "frozen rb1-")
    chip(page).focus()
    page.page.keyboard.press("Enter")
    panel(page).get_by_text("7 runs").wait_for()

    # Pushed, not polled: nobody reloads anything.
    progress = panel(page).locator(".rb-Row.rb-mod-running progress")
    assert progress.get_attribute("value") == "2"
    with running.trace_journal.open("a") as journal:
        journal.write('{"cell": {}}\n')
    running.log_metric("loss", 0.125, 12)
    panel(page).locator(".rb-Row.rb-mod-running progress[value='3']").wait_for()
    panel(page).locator(".rb-Row.rb-mod-running").get_by_text("0.125", exact=True).wait_for()
    running.seal(status="succeeded")
    panel(page).locator(".rb-Row.rb-mod-running").wait_for(state="detached")

    # Two groups of three seeds: what differs, and what the metric proves.
    for box in panel(page).get_by_role("checkbox").all()[1:]:
        box.check()
    comparison = panel(page).locator(".rb-Comparison")
    comparison.get_by_text("Compare 6 runs").wait_for()
    comparison.get_by_label("Metric of the comparison").select_option("accuracy")
    comparison.locator("p", has_text="accuracy").first.wait_for()
    comparison.scroll_into_view_if_needed()
    page.screenshot("groups")

    # The header as a tree.
    panel(page).locator(".rb-Section > summary", has_text="Header").click()
    tree = panel(page).locator(".rb-Section > .rb-Tree")
    tree.locator("summary", has_text="environment").click()
    tree.locator("details details, .rb-Leaf", has_text="3.11.7").first.wait_for()

    panel(page).locator("button").first.focus()
    for _ in range(200):
        if not panel(page).evaluate(REACH):
            break
        page.page.keyboard.press("Tab")
    assert panel(page).evaluate(UNREACHED) == []

    page.command("docmanager:save")
    page.command("application:close")
    panel(page).get_by_text("Open a notebook").wait_for()
    page.screenshot("no-notebook")
    assert page.problems == []


@pytest.mark.slow
def test_10000_runs_open_and_scroll(root: Path, open_page: OpenPage, recorded: Recorded) -> None:
    """Only what is in view is drawn: the table opens in a moment and scrolls without long frames."""
    write_notebook(root / "train.ipynb", *SOURCES)
    template = recorded(0)
    record = template.read_record()
    for number in range(1, 10_000):
        run_id = f"20261121-{number:06d}-aaaa"
        changes = {"run_id": run_id, "sequence": number + 1, "metrics": {"loss": number / 10_000}, "files": {}}
        folder = template.path.parent / run_id
        folder.mkdir()
        (folder / "run.json").write_bytes(record_bytes(record.model_copy(update=changes)))
    page = open_page("train.ipynb")
    wait_chip(page, "not recorded")  # the newest of these runs have a record, and no header
    opened = page.evaluate(OPEN)
    panel(page).get_by_text("10000 runs").wait_for()
    assert panel(page).locator(".rb-Rows .rb-Row").count() < 60
    figures = page.evaluate(MEASURE)
    print(json.dumps({"opened": opened, **figures}))
    # Milliseconds; 300 on a machine of one's own.
    assert opened < 1000
    assert figures["drawn"] < 1000
    assert figures["frames"] > 50
    panel(page).get_by_text("…", exact=True).first.wait_for(state="detached")
    assert panel(page).locator(".rb-Rows .rb-Row").count() < 60


# From the click on the chip to the frame with the runs in it, which the page has fetched by then.
OPEN = """async () => {
    await new Promise(resolve => setTimeout(resolve, 3000));
    const start = performance.now();
    document.querySelector('.rb-Chip').click();
    const shown = () => document.querySelector('.rb-Rows .rb-Row:not(.rb-mod-loading)')?.getClientRects().length;
    do {
        await new Promise(requestAnimationFrame);
    } while (!shown());
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""
# How long React needs to draw a page that has arrived, and the frames of a scroll through all runs.
MEASURE = """async () => {
    const grid = document.querySelector('.rb-Grid');
    const model = () => new Promise(resolve => new MutationObserver((_, self) => { self.disconnect(); resolve(); })
        .observe(grid, { childList: true, subtree: true, characterData: true }));
    const start = performance.now();
    const fetched = new Promise(resolve => {
        const observer = new PerformanceObserver(list => {
            const found = list.getEntries().find(each => each.name.includes('reprobook/runs'));
            if (found) { observer.disconnect(); resolve(found.responseEnd); }
        });
        observer.observe({ type: 'resource' });
    });
    grid.querySelector('[role=columnheader] button').click();
    const arrived = await fetched;
    await model();
    const drawn = performance.now() - arrived;
    const frames = [];
    let last = performance.now();
    for (let top = 0; top < grid.scrollHeight; top += grid.scrollHeight / 120) {
        grid.scrollTop = top;
        await new Promise(requestAnimationFrame);
        frames.push(performance.now() - last);
        last = performance.now();
    }
    frames.sort((a, b) => a - b);
    return {
        question: arrived - start, drawn, frames: frames.length,
        median: frames[frames.length >> 1], p95: frames[Math.floor(frames.length * 0.95)], worst: frames.at(-1),
    };
}"""
