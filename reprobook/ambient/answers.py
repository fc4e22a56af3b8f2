"""What a watched call asked for, and what of the answer is kept as evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import islice
from types import FrameType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from reprobook.ambient.caller import Caller
from reprobook.ambient.environment import may_hold_secret, plain_value
from reprobook.ambient.model import CallKind

_EXISTS = ("exists", "isfile", "isdir", "is_file", "is_dir", "lexists", "access")
_TIME_NAMES = "st_mtime st_mtime_ns st_ctime st_ctime_ns st_atime st_atime_ns getmtime getctime getatime"
_TIMES = frozenset(_TIME_NAMES.split())
_NUMPY_POOL_BITS = 128
_GIVES_BITS = frozenset({"getrandbits", "randbits"})
_MOST_NAMES = 100_000


class Question(NamedTuple):
    """One call, as it was made."""

    name: str
    function: Callable[..., Any] | None
    args: Sequence[Any]
    kwargs: dict[str, Any]
    result: Any
    frame: FrameType

    def first(self, name: str = "") -> Any:
        """Return the first argument, or None."""
        return self.args[0] if self.args else self.kwargs.get(name)


class Answer(NamedTuple):
    """What is kept of it; see ``Call``."""

    kind: CallKind
    target: str
    result: bytes = b""
    names: tuple[str, ...] | None = None
    value: str | None = None
    is_set: bool | None = None


Describe = Callable[[Question, Caller], Answer | None]


class Watched(NamedTuple):
    """A function that is watched.

    Attributes:
        name: Its dotted name; empty for an event that is of no interest.
        kind: What it is asked for.
        describe: Returns what is kept of one call.
        is_plain: Whether that is the same for every call.
    """

    name: str
    kind: CallKind
    describe: Describe
    is_plain: bool = False


def plain(kind: CallKind) -> Describe:
    """Describe a call by its name alone."""
    return lambda asked, _: Answer(kind, asked.name)


def without(kind: CallKind, given: int) -> Describe:
    """Describe a call by its name, unless it was given what it would else have asked for."""
    return lambda asked, _: (
        Answer(kind, asked.name) if len(asked.args) < given or asked.args[given - 1] is None else None
    )


def answered(kind: CallKind) -> Describe:
    """Describe a call by name and answer."""
    return lambda asked, _: Answer(kind, asked.name, repr(asked.result).encode())


def clock_read(asked: Question, _: Caller) -> Answer:
    """Describe a look at the clock; ``today`` is of C and reads it by this function."""
    names = asked.frame.f_code.co_names
    return Answer("clock", "datetime.today" if "today" in names and "time" not in names else asked.name)


def counted(asked: Question, _: Caller) -> Answer:
    """Describe a number of processors."""
    number = asked.result if type(asked.result) is int else len(asked.result)
    return Answer("cpu_count", asked.name, str(number).encode(), value=str(number))


def seeded(asked: Question, _: Caller) -> Answer:
    """Describe the seeding of a generator; without a seed it is none."""
    seed = asked.first("seed" if asked.name != "random.seed" else "a")
    if asked.name == "torch.seed" or seed is None:
        return Answer("unseeded", asked.name)
    return Answer("seed", asked.name, repr(seed).encode() if type(seed) in (int, float) else b"")


def drawn(asked: Question, caller: Caller) -> Answer:
    """Describe a draw of entropy by the function of the standard library that was called for it."""
    frame = asked.frame
    if frame.f_code.co_name == "getrandbits" and frame.f_locals.get("k") == _NUMPY_POOL_BITS and frame.f_back:
        by_name = not _GIVES_BITS.isdisjoint(frame.f_back.f_code.co_names)
        # NumPy draws the pool of a seed sequence that got no seed by this, from compiled code that has no frame.
        return Answer("entropy", caller.function) if by_name else Answer("unseeded", "numpy.random.SeedSequence")
    return Answer("entropy", caller.function or asked.name)


def listed(asked: Question, _: Caller) -> Answer | None:
    """Describe a listing by the names in the order in which they came."""
    folder, names = asked.first("path"), asked.result
    if isinstance(folder, int) or isinstance(names, Exception) or asked.function is None:
        return None
    if type(names) is not list:
        # The user's iterator is left alone.
        with asked.function("." if folder is None else folder) as entries:
            names = [entry.name for entry in islice(entries, _MOST_NAMES)]
    return Answer("listing", text_of("." if folder is None else folder), names=tuple(map(text_of, names)))


def looked_at(asked: Question, caller: Caller) -> Answer | None:
    """Describe a look at a file: whether it is there, or how old it is; other looks are of no interest."""
    function = caller.function.rpartition(".")[2]
    path = asked.first("path")
    if isinstance(path, int):
        return None
    if function in _EXISTS:
        return Answer("exists", text_of(path), is_set=not isinstance(asked.result, Exception))
    if function in _TIMES or (not caller.via and _TIMES & set(caller.code.co_names)):
        return Answer("file_time", text_of(path))
    return None


def accessed(asked: Question, _: Caller) -> Answer:
    """Describe a question for permission."""
    return Answer("exists", text_of(asked.first("path")), is_set=asked.result is True)


def thread_started(asked: Question, _: Caller) -> Answer:
    """Describe a thread by what it runs."""
    thread = getattr(asked.first(), "__self__", None)
    target = getattr(thread, "_target", None) or type(thread)
    return Answer("thread", f"{getattr(target, '__module__', '')}.{getattr(target, '__qualname__', '')}")


def system_asked(asked: Question, _: Caller) -> Answer | None:
    """Describe a question for the memory that is free."""
    name = str(asked.first())
    return Answer("memory", f"{asked.name}({name})") if "PHYS" in name else None


def _program(args: Sequence[Any]) -> str:
    # Arguments may be secrets.
    first = args[0] if isinstance(args[0], str | bytes | os.PathLike) else ""
    words = text_of(first).split()
    return os.path.basename(words[0]) if words else ""  # noqa: PTH119  # it may be no path


def _address(args: Sequence[Any]) -> str:
    address = args[1]
    return ":".join(map(str, address[:2])) if isinstance(address, tuple) else text_of(address)


def _page(args: Sequence[Any]) -> str:
    parts = urlsplit(text_of(args[0]))
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _free_port(args: Sequence[Any]) -> str:
    address = args[1]
    return "socket.bind" if isinstance(address, tuple) and address[1] == 0 else ""


# Audit events of the standard library, with the target of each; empty where the event is of no interest.
EVENTS: dict[str, tuple[CallKind, Callable[[Sequence[Any]], str]]] = {
    "tempfile.mkstemp": ("tempfile", lambda _: "tempfile.mkstemp"),
    "tempfile.mkdtemp": ("tempfile", lambda _: "tempfile.mkdtemp"),
    "subprocess.Popen": ("process", _program),
    "os.system": ("process", _program),
    "os.posix_spawn": ("process", _program),
    "os.fork": ("process", lambda _: "os.fork"),
    "os.forkpty": ("process", lambda _: "os.forkpty"),
    "socket.connect": ("socket", _address),
    "socket.bind": ("port", _free_port),
    "urllib.Request": ("url", _page),
    "sqlite3.connect": ("database", lambda args: text_of(args[0])),
}


def text_of(value: object) -> str:
    """Return a path or name as text."""
    try:
        return os.fsdecode(value)  # type: ignore[arg-type]  # what is no path is caught
    except TypeError:
        return type(value).__name__


def variable_read(asked: Question, _: Caller) -> Answer:
    """Describe the reading of an environment variable."""
    name = text_of(asked.args[1])
    if type(asked.result) is not str:
        return Answer("environment", name, b"unset", is_set=False)
    result = b"" if may_hold_secret(name) else asked.result.encode("utf-8", "surrogatepass")
    return Answer("environment", name, result, value=plain_value(name, asked.result), is_set=True)
