"""The end of a process that ran a notebook: what an interpreter does for others, but for the taking apart of modules.

With torch in memory that takes longer than many a run.
"""

from __future__ import annotations

import _io
import atexit
import gc
import os
import sys
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_DESCRIPTORS = Path("/proc/self/fd")
# Closed by those that are laid over them, and to be flushed where there is none.
_BUFFERS = (_io.BufferedWriter, _io.BufferedRandom, _io.BufferedRWPair)


def leave() -> NoReturn:
    """End this process: wait for its threads, do what was left to the exit, and write out what files still hold."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  # the interpreter's own steps
    _finish(frozenset())


def leave_early(journal: str = "") -> None:
    """Let this process, but none that it forks, end as ``leave`` ends it, once its main thread is done.

    Args:
        journal: A file that is written line by line: nobody has to close it.
    """
    process, wait_for_threads = os.getpid(), threading._shutdown  # type: ignore[attr-defined]  # noqa: SLF001
    known = _open_files("")

    def shutdown() -> None:
        wait_for_threads()
        if os.getpid() == process:
            _finish(known, journal)

    # What the interpreter calls first as it ends; multiprocessing calls it in its children, too.
    threading._shutdown = shutdown  # type: ignore[attr-defined]  # noqa: SLF001


def _finish(known: frozenset[tuple[str, str]], journal: str = "") -> NoReturn:
    atexit._run_exitfuncs()  # noqa: SLF001
    # With torch in memory it takes long to look through all objects for files.
    if not known or not _open_files(journal) <= known:
        close_files()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(0)


def _open_files(but: str) -> frozenset[tuple[str, str]]:
    """Return what this process has open, but for one file: descriptors and what they stand for."""
    found = set()
    for entry in list(_DESCRIPTORS.iterdir()) if _DESCRIPTORS.exists() else ():
        with suppress(OSError):  # that of the listing itself is gone
            found.add((entry.name, str(entry.readlink())))
    return frozenset((number, place) for number, place in found if place != but and not place.startswith("anon_inode:"))


def close_files() -> None:
    """Close the files that modules still hold open: those of a notebook are closed with its namespace."""
    files = [each for each in gc.get_objects() if _io._IOBase in type(each).__mro__]  # noqa: SLF001
    standard = {id(each) for each in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)}
    # From the outermost layer in: a text that waits before a packed file is lost once that is closed.
    _flush(files, _io.TextIOWrapper)
    _flush(files, _BUFFERS)
    for file in files:
        if not isinstance(file, (_io.FileIO, _io.BufferedReader, *_BUFFERS)) and id(file) not in standard:
            _try(file.close)
    _flush(files, _BUFFERS)


def _flush(files: Iterable[Any], kinds: Any) -> None:
    for file in files:
        if isinstance(file, kinds):
            _try(file.flush)


def _try(action: Any) -> None:
    """Do something with a file of somebody's, as the interpreter does at its end: what goes wrong is nobody's."""
    # The boundary to the notebook's world: a file may be a class of its own.
    with suppress(Exception):
        action()
