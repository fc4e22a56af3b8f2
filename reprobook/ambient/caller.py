"""Who called: the line of the running cell, and the library in between."""

from __future__ import annotations

import sys
import sysconfig
import threading
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, Literal, NamedTuple

_DEPTH = 64
# IPython's name for the body of %%time.
_TIMED = "<timed exec>"
_STANDARD = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})
_INSTALLED = ("site-packages", "dist-packages")
# Of the standard library, these ask for their own purposes: the time of a log record, the deadline of a wait.
_OWN_PURPOSES_NAMES = """
    asyncio concurrent email http linecache inspect logging multiprocessing profile cProfile pdb queue sched selectors
    socket socketserver sqlite3 ssl subprocess tarfile tempfile threading tokenize traceback unittest urllib warnings
    zipfile importlib pkgutil pydoc
"""
OWN_PURPOSES = frozenset(_OWN_PURPOSES_NAMES.split())
# The machinery of the notebook itself; what it asks is none of the cell's doing.
_MACHINERY_NAMES = "IPython ipykernel jupyter_client zmq tornado traitlets comm debugpy reprobook"
_OWN = "reprobook"
MACHINERY = frozenset(_MACHINERY_NAMES.split())

Place = Literal["standard", "import", "installed", "local"]


class Caller(NamedTuple):
    """Where a call came from.

    Attributes:
        line: Line of the running cell; None if it is not on this thread's stack.
        via: See ``Call.via``.
        code: The notebook's code that is nearest to the call.
        function: The outermost function of the standard library between that code, or ``via``, and the call.
    """

    line: int | None
    via: str
    code: CodeType
    function: str


def find_caller(frame: FrameType | None, namespace: dict[str, Any], cell: str, *, deep: bool) -> Caller | None:
    """Walk up the stack from a call; None where no code of the notebook is on it, or only an import is.

    Args:
        frame: The frame that called.
        namespace: The notebook's.
        cell: File name of the running cell's code.
        deep: Whether modules of the standard library with purposes of their own count as between.
    """
    via, place, code, function = "", "standard", None, ""
    for _ in range(_DEPTH):
        if frame is None:
            break
        here = frame.f_code
        if frame.f_globals is namespace:
            code = code or here
            if here.co_filename in (cell, _TIMED):
                break
        elif code is None:
            found = place_of(here.co_filename)
            name = str(frame.f_globals.get("__name__", ""))
            # A module of the user's own that is being imported runs the user's code; any other does not. Neither is
            # what libraries ask for on our behalf the cell's doing.
            if (found == "import" and place != "local") or name.partition(".")[0] == _OWN:
                return None
            if not via and found == "standard":
                function = f"{name}.{here.co_qualname}"
            counts = found not in ("standard", "import") or (deep and name.partition(".")[0] in OWN_PURPOSES)
            if not via and counts:
                via, place = name, found
        frame = frame.f_back
    if code is None or via.partition(".")[0] in MACHINERY:
        return None
    return Caller(_line(frame) if frame else None, via, code, function)


def _line(frame: FrameType) -> int:
    """Return the line of the cell; the body of ``%%time`` begins below the magic."""
    return frame.f_lineno + (frame.f_code.co_filename == _TIMED)


def frame_above(depth: int) -> FrameType:
    """Return the frame that many calls above the one that asks."""
    return sys._getframe(depth + 1)  # noqa: SLF001  # documented for this purpose


def running_cell(namespace: dict[str, Any]) -> str:
    """Return the file name of the cell that the main thread runs; empty if it runs none."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001  # documented for debuggers
    found = ""
    while frame is not None:
        if frame.f_globals is namespace:
            found = frame.f_code.co_filename
        frame = frame.f_back
    return found


@lru_cache(maxsize=4096)
def place_of(file: str) -> Place:
    """Tell where code is from, by the name of its file."""
    if file.startswith("<frozen importlib"):
        return "import"
    if any(part in file for part in _INSTALLED):
        return "installed"
    return "standard" if file.startswith(("<", *_STANDARD)) else "local"
