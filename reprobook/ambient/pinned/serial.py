"""Threads, pools and processes one after another, and their results in the order of submission.

Whoever starts something waits until it has ended. Nothing hangs that did not hang before: where nobody is at work any
more, what was started waits for something itself, and the starter goes on.
"""

from __future__ import annotations

import itertools
import queue
import sys
import threading
import time
import types
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import psutil

from reprobook.ambient.caller import place_of
from reprobook.ambient.pinned.asker import asker, is_own, notebook
from reprobook.ambient.stand_in import Replacements

_STANDSTILL = 5.0
_IDLE = 0.3
_LONGEST = 120.0
# A daemon may never end.
_LONGEST_DAEMON = 10.0
_LONGEST_POLL = 0.05
_ORDER = "_reprobook_order"

_WAITING = ("threading", "queue")

_process_time = time.process_time
_sleep = time.sleep
_monotonic = time.monotonic
_numbers = itertools.count()


def pin_pools(replacements: Replacements) -> None:
    """Replace what runs code in other threads and processes."""
    replacements.put(threading.Thread, "start", _starting(threading.Thread.start))
    replacements.put(futures.ThreadPoolExecutor, "submit", _submitting(futures.ThreadPoolExecutor.submit))
    for module in (futures, futures._base):  # noqa: SLF001  # where the pools look it up
        replacements.stand_in(module, "as_completed", _as_completed)
        replacements.stand_in(module, "wait", _wait)
    replacements.put(queue.Queue, "put", _putting(queue.Queue.put))
    replacements.after_import(
        {
            "multiprocessing.process": partial(_pin_processes, replacements),
            "concurrent.futures.process": partial(_pin_process_pool, replacements),
            "multiprocessing.pool": partial(_pin_multiprocessing, replacements),
            "joblib.parallel": partial(_pin_joblib, replacements),
        }
    )


def settled(is_done: Callable[[], bool], wait: Callable[[float], object], *, longest: float = _LONGEST) -> None:
    """Wait until something is done, or until nobody is at work on it any more."""
    begun = moved = worked = _monotonic()
    used, pause = _process_time(), 0.001
    while not is_done():
        wait(pause)
        pause = min(2 * pause, _LONGEST_POLL)
        now = _monotonic()
        if _process_time() - used > _STANDSTILL / 100:
            moved, used = now, _process_time()
        if _is_anyone_at_work():
            worked = now
        if now - worked > _IDLE or now - moved > _STANDSTILL or now - begun > longest:
            return


def _is_anyone_at_work() -> bool:
    """Tell whether another thread runs code of the notebook, and does not wait for an event or an item of a queue."""
    frames = [frame for ident, frame in sys._current_frames().items() if ident != threading.get_ident()]  # noqa: SLF001
    return any(
        frame.f_globals.get("__name__") not in _WAITING and any(is_own(each) for each in _stack(frame))
        for frame in frames
    )


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _starting(original: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    def start(self: threading.Thread) -> None:
        original(self)
        if _runs_own_code(self):
            settled(lambda: not self.is_alive(), self.join, longest=_LONGEST_DAEMON if self.daemon else _LONGEST)

    return start


def _runs_own_code(thread: threading.Thread) -> bool:
    """Tell whether a thread runs code of the notebook or of a module beside it: pools' workers never end."""
    target = getattr(thread, "_target", None) or type(thread).run
    target = getattr(target, "func", target)
    function = getattr(target, "__func__", target)
    if not isinstance(function, types.FunctionType):
        return False
    return function.__globals__ is notebook() or place_of(function.__code__.co_filename) == "local"


def _submitting(original: Callable[..., Any]) -> Callable[..., Any]:
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future = original(self, fn, *args, **kwargs)
        setattr(future, _ORDER, next(_numbers))
        settled(future.done, lambda pause: _result_within(future, pause))
        return future

    return submit


def _result_within(future: Any, seconds: float) -> None:
    """Wait for a future, whatever comes of it."""
    try:
        future.exception(seconds)
    except (futures.TimeoutError, futures.CancelledError):
        return


def _ordered(fs: Iterable[Any]) -> list[Any]:
    """Return futures in the order of submission; a set of them comes in the order of their addresses."""
    return sorted(dict.fromkeys(fs), key=lambda future: getattr(future, _ORDER, 0))


def _as_completed(_: Any, args: Any, kwargs: Any) -> Iterator[Any]:
    for future in _ordered(args[0] if args else kwargs["fs"]):
        _result_within(future, _LONGEST)
        yield future


class Ordered(set[Any]):
    """A set of futures or tasks that comes in the order of submission."""

    def __iter__(self) -> Iterator[Any]:
        return iter(sorted(set.__iter__(self), key=lambda each: getattr(each, _ORDER, 0)))


def _wait(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return type(found := original(*args, **kwargs))(Ordered(found[0]), Ordered(found[1]))


def _putting(original: Callable[..., None]) -> Callable[..., None]:
    def put(self: queue.Queue[Any], item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001, FBT002
        is_awaited = bool(self.not_empty._waiters) and is_own(asker())  # type: ignore[attr-defined]  # noqa: SLF001
        original(self, item, block, timeout)
        if is_awaited:
            settled(lambda: self.unfinished_tasks == 0, _sleep)

    return put


def _pin_processes(replacements: Replacements, module: Any) -> None:
    """Run processes of the notebook's own code one by one."""
    original = module.BaseProcess.start

    def start(self: Any) -> None:
        is_own_code = _runs_own_code(self)  # the target is forgotten once it runs
        original(self)
        if not is_own_code:
            return
        begun = moved = _monotonic()
        used = 0.0
        # One that stands still may wait for somebody to read what it sends.
        while self.is_alive() and _monotonic() - moved < _STANDSTILL and _monotonic() - begun < _LONGEST:
            self.join(_LONGEST_POLL)
            with suppress(psutil.Error):
                times = psutil.Process(self.pid).cpu_times()
                if times.user + times.system > used:
                    moved, used = _monotonic(), times.user + times.system

    replacements.put(module.BaseProcess, "start", start)


def _pin_process_pool(replacements: Replacements, module: Any) -> None:
    """Run what is submitted to processes one by one."""
    original = module.ProcessPoolExecutor.submit

    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        future = original(self, fn, *args, **kwargs)
        setattr(future, _ORDER, next(_numbers))
        # What another process does is not this one's time.
        _result_within(future, _LONGEST)
        return future

    replacements.put(module.ProcessPoolExecutor, "submit", submit)


def _pin_multiprocessing(replacements: Replacements, module: Any) -> None:
    """Give pools one worker: which worker takes which task is chance."""
    original = module.Pool.__init__

    def init(self: Any, processes: int | None = None, *args: Any, **kwargs: Any) -> None:
        del processes
        original(self, 1, *args, **kwargs)

    replacements.put(module.Pool, "__init__", init)
    replacements.put(module.Pool, "imap_unordered", module.Pool.imap)


def _pin_joblib(replacements: Replacements, module: Any) -> None:
    """Run joblib's tasks in this thread."""
    original = module.Parallel.__init__

    def init(self: Any, n_jobs: int | None = None, *args: Any, **kwargs: Any) -> None:
        del n_jobs
        original(self, 1, *args, **kwargs)

    replacements.put(module.Parallel, "__init__", init)
