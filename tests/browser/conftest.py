"""A real Jupyter server and a real browser; the helpers lie beside the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from extension_page import Recorded, recorder
from lab_server import Jupyter, Serve
from notebook_page import NotebookPage, OpenPage, find_chromium

_MISSING = "no Chromium here: `make browser` installs one (or install Chromium or Google Chrome yourself)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start one browser for the tests of a module; no longer, because Playwright occupies the event loop."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # collected without a browser too

    with sync_playwright() as playwright:
        executable = find_chromium(playwright)
        if executable is None:
            # Where all is checked, a check that did not take place must not look like one that passed.
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(_MISSING)
        launched = playwright.chromium.launch(
            executable_path=executable,
            headless=True,
            args=[
                *("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"),
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ],
        )
        yield launched
        launched.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the folder that the Jupyter server of the test serves."""
    return tmp_path / "root"


@pytest.fixture
def recorded(root: Path) -> Recorded:
    """Put runs of ``train.ipynb`` into the store that a server of this folder finds."""
    return recorder(root)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start Jupyter in a folder of the test (``root``), with settings of its own; ``app``: ``lab`` or ``notebook``."""
    started: list[Jupyter] = []

    def serve(app: str = "lab", **environment: str) -> Jupyter:
        started.append(Jupyter(app, tmp_path / "root", tmp_path / f"home{len(started)}", environment))
        return started[-1].start()

    yield serve
    for server in started:
        server.stop()


@pytest.fixture
def open_page(browser: Any, serve: Serve, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open a notebook of the server's folder in the browser, and wait for its kernel.

    Screenshots go to ``$REPROBOOK_SCREENSHOTS/TEST-NAME``, else to the folder of the test. When the test ends, the
    page must have asked nothing of any other host.
    """
    named = os.environ.get("REPROBOOK_SCREENSHOTS")
    shots = Path(named) / request.node.name if named else tmp_path / "screenshots"
    pages: list[NotebookPage] = []

    def open_page(notebook: str, *, server: Jupyter | None = None, **options: Any) -> NotebookPage:
        pages.append(NotebookPage(browser, server or serve(), shots, **options))
        pages[-1].open(notebook)
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
    assert [url for page in pages for url in page.foreign] == []
