"""Lag of typing in JupyterLab, with the extension and without it: from the key to the frame that shows it.

Run: python benchmarks/typing_lag.py [KEYS]. Two servers, two pages, each with a notebook of 200 cells that were all
run; the notebook is recorded, and typing into its middle makes a hundred cells stale, so that marks are drawn whenever
the typist pauses. Rounds of ten keys take turns. Needs Chromium, and the extension (`make browser labextension`).
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))

from lab_server import Jupyter
from notebook_page import NotebookPage, find_chromium, write_notebook
from playwright.sync_api import sync_playwright

CELLS = 200
MIDDLE = CELLS // 2
ROUND = 10
# Pauses before a key, in milliseconds: two in ten are longer than the marks wait.
PAUSES = (40, 60, 80, 90, 110, 130, 150, 200, 500, 700)
WATCH = """() => {
    window.lags = [];
    // The frame is on the screen when the task after it begins.
    document.addEventListener('keydown', event => requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.lags.push(performance.now() - event.timeStamp);
        port2.postMessage(null);
    }), true);
}"""


def start(folder: Path, *, extension: bool) -> Jupyter:
    """Start JupyterLab on a notebook, its extension enabled or not."""
    root, home = folder / "root", folder / "home"
    # All cells of the second half read what the one in the middle sets.
    sources = [f"v{number} = {f'v{MIDDLE - 1} + 1' if number >= MIDDLE else 0}" for number in range(CELLS - 1)]
    init = "%load_ext reprobook\n%reprotrain init --seed 1"
    write_notebook(root / "long.ipynb", init, *sources)
    server = Jupyter("lab", root, home, {})
    if not extension:
        config = home / "config" / "labconfig" / "page_config.json"
        config.parent.mkdir(parents=True)
        config.write_text(json.dumps({"disabledExtensions": {"reprobook-labextension": True}}))
    return server.start()


def ready(page: NotebookPage, *, extension: bool) -> None:
    """Run all cells, and put the cursor into the one in the middle."""
    page.open("long.ipynb")
    page.run_all()
    page.save()
    page.page.wait_for_function("there => Boolean(document.querySelector('.rb-Chip')) === there", arg=extension)
    page.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{MIDDLE}'] .cm-content").click()
    page.evaluate(WATCH)


def type_keys(page: NotebookPage, pauses: list[int]) -> list[float]:
    """Press keys and return their lags in milliseconds."""
    page.evaluate("() => { window.lags = []; return null; }")
    for pause in pauses:
        page.page.wait_for_timeout(pause)
        page.page.keyboard.press("1")
    page.page.wait_for_function("count => window.lags.length === count", arg=len(pauses))
    lags: list[float] = page.evaluate("() => window.lags")
    return lags


def measure(browser: Any, keys: int) -> dict[str, list[float]]:
    """Type on both pages in turn."""
    found: dict[str, list[float]] = {"without": [], "with": []}
    with tempfile.TemporaryDirectory() as name:
        servers, pages = {}, {}
        try:
            for kind in found:
                folder = Path(name) / kind
                servers[kind] = start(folder, extension=kind == "with")
                pages[kind] = NotebookPage(browser, servers[kind], folder)
                ready(pages[kind], extension=kind == "with")
            for number in range(-1, keys // ROUND):
                pauses = random.Random(number).sample(PAUSES, ROUND)  # noqa: S311  # a rhythm, no secret
                for kind, page in pages.items():
                    lags = type_keys(page, pauses)
                    found[kind] += lags if number >= 0 else []  # the first round warms up
            print(f"marks drawn: {pages['with'].page.locator('.rb-Mark').count()}")
        finally:
            for server in servers.values():
                server.stop()
    return found


def main() -> None:
    """Measure, and print medians and 95th percentiles."""
    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            print("typing_lag.py needs Chromium: make browser")
            return
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=executable, headless=True, args=flags)
        found = measure(browser, int(sys.argv[1]) if len(sys.argv) > 1 else 200)
        browser.close()
    for kind, lags in found.items():
        p95 = statistics.quantiles(lags, n=20)[-1]
        print(
            f"{kind:<8} {len(lags)} keys   median {statistics.median(lags):6.1f} ms   p95 {p95:6.1f} ms   "
            f"worst {max(lags):6.1f} ms"
        )


if __name__ == "__main__":
    main()
