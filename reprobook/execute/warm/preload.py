"""The imports that a server does beforehand, one by one, each watched for what a fork could not take back."""

from __future__ import annotations

import builtins
import io
import os
import random
import re
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from reprobook.execute.warm.safety import end_idle_threads, other_threads
from reprobook.execute.warm.shelf import Group, Snapshot, set_filters
from reprobook.trace import positions
from reprobook.trace.files import FileWatch

# Their import takes hold of the shell; in a server there is none yet.
_TAKE_THE_SHELL = frozenset({"tqdm.autonotebook", "ipywidgets"})
_MOST_DRAWS = 64
# The name that the streams of a kernel give to their encoding; pandas takes it for its own.
_ENCODING = "UTF-8"
# pyarrow, which pandas imports where it is installed, has an allocator with a thread of its own. It reads this variable
# as it is loaded; without the thread it gives memory back as it allocates (jemalloc(3)), and no value depends on that.
_ARROW, _NO_THREAD = "JE_ARROW_MALLOC_CONF", "background_thread:false"


class UnfitImportError(Exception):
    """An import that a server must not do: what it did cannot be taken back, so another process has to start.

    Attributes:
        index: Which of the statements it was.
        reason: What it did.
    """

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"statement {index}: {reason}")
        self.index = index
        self.reason = reason


class ThreadsLeftError(Exception):
    """An import that leaves threads alive: it is done in each fork, and what comes after it may still be preloaded.

    Attributes:
        statement: The import.
        modules: What it brought.
    """

    def __init__(self, statement: str, threads: Sequence[str], modules: Sequence[str]) -> None:
        super().__init__(f"{statement}: it leaves threads alive ({', '.join(threads)})")
        self.statement = statement
        self.modules = modules


def preload(statements: Sequence[str], withheld: Mapping[str, Sequence[str]]) -> list[Group]:
    """Run import statements as a notebook's cell would, and return what each brought.

    Standard output and error must be files that only this process writes to.

    Args:
        statements: The imports.
        withheld: Statements that are left to the forks, and the modules that each brings.

    Raises:
        UnfitImportError: If one fails, prints, warns, draws random numbers, takes hold of the shell, or brings modules
            that one before it, which is left to the forks, brings too: it would bring the rest of them too early.
        ThreadsLeftError: If one leaves threads alive.
    """
    groups: list[Group] = []
    theirs: set[str] = set()
    with _like_a_cell(), _without_thread_of_arrow():
        for index, statement in enumerate(statements):
            if statement in withheld:
                theirs |= set(withheld[statement])
                continue
            groups.append(_group(index, statement))
            if not theirs.isdisjoint(groups[-1].modules):
                raise UnfitImportError(index, "it shares modules with an import that is left to the forks")
    return groups


def _group(index: int, statement: str) -> Group:
    """Run one import statement."""
    before, drawn, written, threads = Snapshot.now(), random.getstate(), _written(), _threads()
    generators, files = positions(), FileWatch()
    files.start()
    try:
        exec(statement, {"__name__": "__main__"})  # noqa: S102  # an import, by ``early_imports``
    # The boundary to the notebook's world: an import may raise what it likes.
    except Exception as error:
        raise UnfitImportError(index, f"{type(error).__name__}: {error}") from error
    group = before.group()
    group.files = tuple(files.stop()[0])
    group.draws = _draws(drawn, random.getstate())
    moved = {name for name, state in positions().items() if state != generators.get(name, state)}
    if _written() != written:
        raise UnfitImportError(index, "it prints or warns")
    if group.draws < 0 or moved - {"python"}:
        raise UnfitImportError(index, "it draws random numbers")
    if not _TAKE_THE_SHELL.isdisjoint(group.modules):
        raise UnfitImportError(index, "it takes hold of the shell")
    if not threads and (left := _threads()):
        raise ThreadsLeftError(statement, left, tuple(group.modules))
    return group


def _threads() -> tuple[str, ...]:
    """Return the names of the threads that cannot be ended."""
    end_idle_threads()
    return other_threads()


@contextmanager
def _without_thread_of_arrow() -> Iterator[None]:
    """Let pyarrow be loaded without its thread; nothing else sees the variable."""
    before = os.environ.get(_ARROW)
    os.environ[_ARROW] = f"{before},{_NO_THREAD}" if before else _NO_THREAD
    try:
        yield
    finally:
        if before is None:
            del os.environ[_ARROW]
        else:
            os.environ[_ARROW] = before


@contextmanager
def _like_a_cell() -> Iterator[None]:
    """Let imports find what they would find in a cell: a kernel's shell, its streams, its filter of warnings."""
    streams = [each for each in (sys.stdout, sys.stderr) if isinstance(each, io.TextIOWrapper)]
    encodings = [each.encoding for each in streams]
    for stream in streams:
        stream.reconfigure(encoding=_ENCODING)
    # IPython shows those that are the notebook's own doing.
    shown = ("default", None, DeprecationWarning, re.compile("__main__"), 0)
    set_filters([shown, *warnings.filters])
    # pandas asks by this name whether it is in a terminal.
    shell = SimpleNamespace(kernel=SimpleNamespace(), config={"IPKernelApp": {}})
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]  # where IPython puts it
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]
        set_filters([each for each in warnings.filters if each is not shown])
        for stream, encoding in zip(streams, encodings, strict=True):
            stream.reconfigure(encoding=encoding)


def _draws(before: tuple[Any, ...], after: tuple[Any, ...]) -> int:
    """Return how many 32-bit words Python's generator gave between two states; -1 if that cannot be told.

    Imports draw words to make names of them; what is drawn anew until it fits would depend on the seed.
    """
    generator = random.Random()  # noqa: S311  # a copy of the one that is watched
    generator.setstate(before)
    for count in range(_MOST_DRAWS):
        if generator.getstate() == after:
            return count
        generator.getrandbits(32)
    return -1


def _written() -> tuple[int, int]:
    """Return how much was written to standard output and error."""
    sys.stdout.flush()
    sys.stderr.flush()
    return os.fstat(1).st_size, os.fstat(2).st_size
