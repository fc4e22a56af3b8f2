"""The process of a server: it imports once, and never runs a line of a notebook.

It has one thread, and is gone when it was idle for some time, or when the process that it is private to is gone.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path

from reprobook.execute.warm.preload import UnfitImportError, preload
from reprobook.execute.warm.server import Server
from reprobook.execute.warm.settings import Settings
from reprobook.execute.warm.shelf import Shelf

MODULE = "reprobook.execute.warm.process"


def _import_machinery() -> None:
    """Import what every fork needs itself."""
    from reprobook.execute.warm import work  # noqa: PLC0415  # takes a second, and comes after the path is set

    work.load()


def main(argument: str) -> None:
    """Serve, and in each fork do the job."""
    if sys.path[0] == str(Path.cwd()):
        del sys.path[0]  # as ipykernel's launcher does; a kernel gets its working folder back later
    content = json.loads(argument)
    settings = Settings(**content | {"statements": tuple(content["statements"])})
    environment = dict(os.environ)
    _import_machinery()
    defaults = {name: value for name, value in os.environ.items() if environment.get(name) != value}
    shelf = Shelf()
    if settings.watched:
        from reprobook.ambient.watch import install  # noqa: PLC0415  # it replaces functions of the process

        install()
    try:
        shelf.put_aside(preload(settings.statements))
    except UnfitImportError as unfit:
        print(f"not imported beforehand: {settings.statements[unfit.index]}: {unfit.reason}", flush=True)  # noqa: T201  # its log
        rest = {**content, "statements": settings.statements[: unfit.index]}
        command = [sys.executable, "-m", MODULE, json.dumps(rest)]
        os.execve(sys.executable, command, environment)  # noqa: S606  # itself
    for descriptor in (settings.listener, settings.owner):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)  # noqa: FBT003  # its signature
    gc.collect()
    gc.freeze()
    job = Server(settings, shelf, defaults).serve()
    if job is not None:
        from reprobook.execute.warm import work  # noqa: PLC0415  # imported long ago

        work.do(job)


if __name__ == "__main__":
    main(sys.argv[1])
