"""A virtual clock: it starts at a fixed time and advances by a fixed step a call.

The main thread has the clock; every other thread has one of its own, since how their calls interleave is chance.
The kernel, and the waits of the standard library, keep the real one.
"""

from __future__ import annotations

import calendar
import datetime as dt
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from reprobook.ambient.pinned.asker import asker, is_machinery
from reprobook.ambient.pinned.native import set_native
from reprobook.ambient.stand_in import Replacements

START_NS = calendar.timegm((2026, 1, 1, 0, 0, 0)) * 10**9
STEP_NS = 10**7
# Clocks without a meaning start later than the machine did, as they do in life.
_UPTIME_NS = 10**12
# %timeit doubles its loops until one of them takes this long: no step is too small for it.
_TIMING_STEP_NS = 25 * 10**7
_TIMING = ("<magic-timeit>", "<timeit-src>")
_LONGEST_SLEEP = 1.0

_DATES = ("time", "time_ns")
_ELAPSED = ("monotonic", "perf_counter", "process_time", "thread_time")


class _Clock(threading.local):
    """Virtual time of a thread since the start, in nanoseconds."""

    elapsed = 0

    def tick(self, frame: FrameType | None) -> int:
        """Advance by one call, and return the time."""
        is_timing = frame is not None and frame.f_code.co_filename.startswith(_TIMING)
        self.elapsed += _TIMING_STEP_NS if is_timing else STEP_NS
        return self.elapsed


_clock = _Clock()


def pin_clock(replacements: Replacements) -> None:
    """Replace the clocks of ``time`` and ``datetime``."""
    for name in _DATES:
        replacements.stand_in(time, name, partial(_read, START_NS, name.endswith("_ns")))
    for name in _ELAPSED:
        replacements.stand_in(time, name, partial(_read, _UPTIME_NS, False))  # noqa: FBT003
        replacements.stand_in(time, f"{name}_ns", partial(_read, _UPTIME_NS, True))  # noqa: FBT003
    for name in ("localtime", "gmtime", "ctime"):
        replacements.stand_in(time, name, _broken_down)
    for name, position in (("strftime", 1), ("asctime", 0)):
        replacements.stand_in(time, name, partial(_formatted, position))
    replacements.stand_in(time, "sleep", _sleep)
    replacements.after_import({"timeit": lambda module: replacements.put(module, "default_timer", time.perf_counter)})
    _pin_dates()


def _read(start: int, whole: bool, original: Callable[..., Any], args: Any, kwargs: Any) -> Any:  # noqa: FBT001
    """Return the virtual time, in nanoseconds or in seconds."""
    frame = asker()
    if is_machinery(frame):
        return original(*args, **kwargs)
    nanoseconds = start + _clock.tick(frame)
    return nanoseconds if whole else nanoseconds / 1e9


def _now() -> float:
    """Return the virtual time of a date, in seconds."""
    return (START_NS + _clock.tick(None)) / 1e9


def _broken_down(original: Callable[..., Any], args: Any, _: Any) -> Any:
    if args and args[0] is not None:
        return original(*args)
    return original(None) if is_machinery(asker()) else original(_now())


def _formatted(position: int, original: Callable[..., Any], args: Any, _: Any) -> Any:
    if len(args) > position or is_machinery(asker()):
        return original(*args)
    return original(*args, time.localtime(_now()))


def _sleep(original: Callable[[float], None], args: Any, _: Any) -> None:
    """Sleep for a little, and let the virtual time pass."""
    if is_machinery(asker()):
        original(*args)
        return
    (seconds,) = args
    original(min(seconds, _LONGEST_SLEEP))
    _clock.elapsed += int(seconds * 1e9)


def _pin_dates() -> None:
    """Replace the clocks of the datetime types in place: values keep their types, and pandas asks here too."""

    def now(cls: type[dt.datetime], tz: dt.tzinfo | None = None) -> dt.datetime:
        return cls.fromtimestamp(_now(), tz)

    def utcnow(cls: type[dt.datetime]) -> dt.datetime:
        return cls.fromtimestamp(_now(), dt.UTC).replace(tzinfo=None)

    def today(cls: type[dt.date]) -> dt.date:
        return cls.fromtimestamp(_now())

    set_native(dt.datetime, "now", classmethod(now))
    set_native(dt.datetime, "utcnow", classmethod(utcnow))
    set_native(dt.datetime, "today", classmethod(today))
    set_native(dt.date, "today", classmethod(today))
