"""Who asks: the notebook, a library, or the machinery that must go on to see the world as it is."""

from __future__ import annotations

import sys
from types import FrameType

from reprobook.ambient.caller import MACHINERY, OWN_PURPOSES, place_of

_OURS = "reprobook.ambient"


def asker() -> FrameType | None:
    """Return the nearest frame that is not of this package."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # documented for this purpose
    while frame is not None and _module(frame).startswith(_OURS):
        frame = frame.f_back
    return frame


def is_machinery(frame: FrameType | None) -> bool:
    """Tell whether the kernel asks, or a module of the standard library for purposes of its own."""
    if frame is None:
        return True
    root = _module(frame).partition(".")[0]
    return root in MACHINERY or root in OWN_PURPOSES


def is_own(frame: FrameType | None) -> bool:
    """Tell whether code of the notebook, or of a module beside it, asks."""
    if frame is None:
        return False
    return frame.f_globals is notebook() or place_of(frame.f_code.co_filename) == "local"


def notebook() -> dict[str, object]:
    """Return the namespace of the notebook, or of the script that runs."""
    return vars(sys.modules["__main__"])


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
