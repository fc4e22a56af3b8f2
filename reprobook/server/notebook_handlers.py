"""REST of one notebook: what the panel, the chip and the cell marks show, and edits for the client to apply."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tornado import web

from reprobook.notebook import read_notebook
from reprobook.server.description import describe, fixed_sources, restored_sources
from reprobook.server.handler import Handler, allowed
from reprobook.server.places import run_of, store_of


class NotebookHandler(Handler):
    """How a notebook stands."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """Return everything that is shown of it."""
        path = self.notebook()
        manager = self.kernel_spec_manager

        def described() -> object:
            name = (read_notebook(path.read_bytes(), path.name).metadata.get("kernelspec") or {}).get("name")
            return describe(path, store_of(path), same_environment=_runs_here(manager, str(name or "python3")))

        await self.reply(described)


class FixHandler(Handler):
    """What ``check --fix`` would write."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """Return the new sources; nothing is written: the client edits its own notebook, so that undo works."""
        path = self.notebook()
        cell = self.number("cell", 0, 10**6) if self.argument("cell", "") else None
        await self.reply(lambda: fixed_sources(path, cell))


class RestoreHandler(Handler):
    """The parameters of a run, put into the notebook."""

    @web.authenticated
    @allowed("read")
    async def get(self) -> None:
        """Return the new sources; nothing is written."""
        path, run_id = self.notebook(), self.argument("run")
        await self.reply(lambda: restored_sources(path, run_of(store_of(path), run_id).read_record().parameters))


def _runs_here(manager: object, kernel: str) -> bool:
    """Tell whether a kernel runs in the environment of this server, so that the server can see its packages."""
    try:
        argv = manager.get_kernel_spec(kernel).argv  # type: ignore[attr-defined]  # jupyter_client has no types
    except KeyError:  # no such kernel
        return False
    # A virtual environment's interpreter is a link: the folder tells environments apart, not what it leads to.
    return bool(argv) and Path(os.path.abspath(argv[0])).parent == Path(sys.executable).parent  # noqa: PTH100 - links must stay
