"""The process of a server: it imports once, and never runs a line of a notebook.

It has one thread, and is gone when it was idle for some time, or when the process that it is private to is gone.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from reprobook.execute.warm.preload import ThreadsLeftError, UnfitImportError, preload
from reprobook.execute.warm.server import Server
from reprobook.execute.warm.settings import Settings
from reprobook.execute.warm.shelf import Shelf
from reprobook.execute.warm.withheld import Withheld

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
    gc.disable()  # until all is imported: it would look again and again at modules that stay
    _import_machinery()
    defaults = {name: value for name, value in os.environ.items() if environment.get(name) != value}
    shelf = Shelf()
    if settings.watched:
        from reprobook.ambient.watch import install  # noqa: PLC0415  # it replaces functions of the process

        install()
    withheld = Withheld.of(Path(settings.path).parent)
    try:
        shelf.put_aside(preload(settings.statements, withheld.read()))
    except ThreadsLeftError as left:
        print(f"not imported beforehand: {left}", flush=True)  # noqa: T201  # its log
        withheld.add(left.statement, left.modules)
        _start_anew(content, environment)
    except UnfitImportError as unfit:
        print(f"not imported beforehand: {settings.statements[unfit.index]}: {unfit.reason}", flush=True)  # noqa: T201  # its log
        _start_anew({**content, "statements": settings.statements[: unfit.index]}, environment)
    for descriptor in (settings.listener, settings.owner):
        if descriptor >= 0:
            os.set_inheritable(descriptor, False)  # noqa: FBT003  # its signature
    gc.collect()  # a class that was replaced while it was made would still be listed among the subclasses of its base
    # What is left stays; the collector of a fork would touch, and so copy, all of it.
    gc.freeze()
    gc.enable()
    job = Server(settings, shelf, defaults).serve()
    if job is None:
        # What modules asked for is done; to take them apart would take as long as a run.
        atexit._run_exitfuncs()  # noqa: SLF001  # as the interpreter does
        os._exit(0)
    from reprobook.execute.warm import work  # noqa: PLC0415  # imported long ago

    work.do(job)


def _start_anew(content: Mapping[str, object], environment: Mapping[str, str]) -> NoReturn:
    """Become a server with these settings, in a fresh process."""
    os.execve(sys.executable, [sys.executable, "-m", MODULE, json.dumps(content)], environment)  # noqa: S606  # itself


if __name__ == "__main__":
    main(sys.argv[1])
