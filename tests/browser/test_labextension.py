"""The JupyterLab extension in a browser: chip, panel, marks, commands, with names that would like to be code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from notebook_page import CONNECTED, NotebookPage, OpenPage, write_notebook

from reprobook.header import MIME_TYPE as HEADER_MIME_TYPE
from reprobook.header import Code, Environment, Header, Origin, Seeds, seal, sha256_hex
from reprobook.magics.report import MIME_TYPE
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.runs.model import record_bytes
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
    panel(page).locator(".rb-Drift").get_by_text("cell [1] edited").wait_for()
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


def test_a_new_experiment_runs_as_it_comes(root: Path, open_page: OpenPage) -> None:
    write_notebook(root / "shown.ipynb", "1")
    page = open_page("shown.ipynb")
    page.command("reprobook:new-experiment")
    page.page.locator(".jp-mod-current", has_text="Untitled.ipynb").wait_for()
    page.evaluate(CONNECTED)
    page.run_all()
    page.page.locator(".jp-Notebook:visible .rb-Card", has_text="lr=0.1, batch_size=32, epochs=10").wait_for()
    page.save()
    page.page.locator(".rb-Chip:visible", has_text="frozen rb1-").wait_for()
    page.screenshot("experiment")
    (record,) = Store(root / ".reprobook").records()
    assert (record.name, record.seed) == ("Untitled", 42)
    assert Store(root / ".reprobook").folder(record.run_id).last_metrics().keys() == {"loss"}
    assert page.problems == []


def assert_fits(page: NotebookPage) -> None:
    """Nothing of the panel is wider than the panel, but what scrolls."""
    wide = panel(page).evaluate(
        """panel => [...panel.querySelectorAll('*')]
            .filter(each => !each.closest('.rb-Grid, .rb-Scroll, .rb-Sides, select'))
            .filter(each => each.getBoundingClientRect().right > panel.getBoundingClientRect().right + 1)
            .map(each => each.className + ' ' + each.textContent.slice(0, 40))"""
    )
    assert wide == []


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

    page.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    page.page.wait_for_selector("body[data-jp-theme-light='false']", state="attached")
    page.page.wait_for_timeout(500)
    page.screenshot("dark")
    assert page.page.evaluate("() => window.hacked") is None
    assert page.page.locator("#reprobook-panel img, #reprobook-panel script").count() == 0
    assert (dialogs, page.problems) == ([], [])


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
    chip(page).click()
    panel(page).get_by_text("10000 runs").wait_for()
    assert panel(page).locator(".rb-Rows .rb-Row").count() < 60
    figures = page.evaluate(MEASURE)
    print(json.dumps(figures))
    assert figures["drawn"] < 1000  # milliseconds; 300 on a machine of one's own
    assert figures["frames"] > 50
    panel(page).get_by_text("…", exact=True).first.wait_for(state="detached")
    assert panel(page).locator(".rb-Rows .rb-Row").count() < 60


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
