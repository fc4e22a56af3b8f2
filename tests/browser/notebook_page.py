"""A notebook in the browser: open it, run cells, look at it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
from lab_server import Jupyter

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_WIDTH, _HEIGHT = 1280, 1400
_PATIENCE_MS = 60_000  # machines are shared
PANEL = "window.jupyterapp.shell.currentWidget"
# The toolbar says idle before the kernel connects, and a cell that is run then is silently dropped.
CONNECTED = f"""async () => {{
    const panel = {PANEL};
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
}}"""
# Playwright's `evaluate` waits for ever.
_IN_TIME = f"""([script, argument]) => Promise.race([
    eval(script)(argument),
    new Promise((_, refuse) => setTimeout(() => refuse(new Error("in vain: " + script)), {_PATIENCE_MS})),
])"""


def find_chromium(playwright: Any) -> str | None:
    """Return the path of an installed Chromium or Chrome, that of Playwright included; None if there is none."""
    own = playwright.chromium.executable_path
    installed = next(filter(None, map(shutil.which, _NAMES)), None)
    return installed or (own if Path(own).is_file() else None)


def write_notebook(path: Path, *sources: str | tuple[str, list[str]], kernel: str = "python3") -> Path:
    """Write a notebook of these code cells; a tuple gives source and tags."""
    cells = [(each, []) if isinstance(each, str) else each for each in sources]
    # Without a kernelspec Jupyter would ask the user for one.
    metadata = {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}}
    made = [nbformat.v4.new_code_cell(source, metadata={"tags": tags}) for source, tags in cells]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=metadata), path)
    return path


class NotebookPage:
    """A page with one notebook open in it.

    Attributes:
        page: Playwright's page.
        foreign: Addresses on other hosts that the page asked for; each was refused.
        problems: What the page threw.
    """

    def __init__(self, browser: Any, server: Jupyter, shots: Path, *, dark: bool = False, width: int = _WIDTH) -> None:
        self.server = server
        self.foreign: list[str] = []
        self.problems: list[str] = []
        self._shots = shots
        self._dark = dark
        self._context = browser.new_context(viewport={"width": width, "height": _HEIGHT})
        self._context.set_default_timeout(_PATIENCE_MS)
        self._context.route("**/*", self._guard)
        self.page = self._context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(error.stack or str(error)))

    def _guard(self, route: Any) -> None:
        """Let through what goes to the server."""
        address = urlsplit(route.request.url)
        if address.scheme in {"data", "blob"} or address.netloc == urlsplit(self.server.url).netloc:
            route.continue_()
            return
        self.foreign.append(route.request.url)
        route.abort()

    def open(self, notebook: str) -> None:
        """Open a notebook, and wait until its kernel answers."""
        tree = "lab/tree" if self.server.app == "lab" else "notebooks"
        reset = "&reset" if self.server.app == "lab" else ""
        self.arrive(f"{self.server.url}{tree}/{quote(notebook)}?token={self.server.token}{reset}")

    def arrive(self, address: str) -> None:
        """Go to an address that shows a notebook, and wait until its kernel answers."""
        self.page.goto(address)
        self.page.wait_for_function(f"() => window.jupyterapp && {PANEL}?.sessionContext && {PANEL}.content")
        self.evaluate(CONNECTED)
        if self.server.app == "lab":
            self.page.wait_for_selector("#jupyterlab-splash", state="detached")
            self.command("filebrowser:hide-main")
        if self._dark:
            self._choose("JupyterLab Dark", light=False)

    def evaluate(self, script: str, argument: Any = None) -> Any:
        """Evaluate a function of JavaScript, and wait for its promise; an error where it is not kept in time."""
        return self.page.evaluate(_IN_TIME, [f"({script})", argument])

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Execute a command of the application, and wait for its end."""
        script = "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)"
        self.evaluate(script, [name, arguments or {}])

    def run_all(self) -> None:
        """Run all cells, and wait for the last."""
        self.command("notebook:run-all-cells")

    def run_cell(self, index: int) -> None:
        """Run one cell (all cells count), and wait for its end."""
        self.evaluate(
            f"""async (index) => {{
                {PANEL}.content.activeCellIndex = index;
                await window.jupyterapp.commands.execute("notebook:run-cell");
            }}""",
            index,
        )

    def start_cell(self, index: int) -> None:
        """Begin to run a cell (all cells count), and do not wait for its end."""
        self.evaluate(
            f"""(index) => {{
                {PANEL}.content.activeCellIndex = index;
                window.jupyterapp.commands.execute("notebook:run-cell");
                return null;
            }}""",
            index,
        )

    def is_running(self, index: int) -> bool:
        """Tell whether a cell waits or runs."""
        return "[*]" in self.cell(index).locator(".jp-InputPrompt").inner_text()

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(f"() => {PANEL}.sessionContext.session.kernel.status === 'idle'")

    def cell(self, index: int) -> Any:
        """Return the locator of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def output(self, index: int) -> Any:
        """Return the locator of what a cell shows."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def screenshot(self, name: str, part: Any = None) -> Path:
        """Take a picture of the page, or of a part of it; where pictures are wanted, of the dark theme too."""
        if "REPROBOOK_SCREENSHOTS" in os.environ and not self._dark:
            self._choose("JupyterLab Dark", light=False)
            self._take(f"{name}-dark", part)
            self._choose("JupyterLab Light", light=True)
        return self._take(name, part)

    def _choose(self, theme: str, *, light: bool) -> None:
        self.command("apputils:change-theme", {"theme": theme})
        self.page.wait_for_selector(f"body[data-jp-theme-light='{str(light).lower()}']", state="attached")

    def _take(self, name: str, part: Any) -> Path:
        self._shots.mkdir(parents=True, exist_ok=True)
        path = self._shots / f"{name}.png"
        (part or self.page).screenshot(path=str(path), animations="disabled")
        return path

    def close(self) -> None:
        """Close the page and all that belongs to it."""
        self._context.close()


OpenPage = Callable[..., NotebookPage]
