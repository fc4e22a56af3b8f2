"""Threads, pools and processes one after another, and their results in the order of submission.

Whoever starts something waits until it has ended. Nothing hangs that did not hang before: where the process stands
still for a while, what was started waits for something itself, and the starter goes on.
"""

from __future__ import annotations

import itertools
import threading
import time
import types
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from functools import partial
from typing import Any

from reprobook.ambient.caller import place_of
from reprobook.ambient.pinned.asker import notebook
from reprobook.ambient.stand_in import Replacements

_STANDSTILL = 3.0
_LONGEST = 120.0
# A daemon may never end.
_LONGEST_DAEMON = 10.0
_LONGEST_POLL = 0.05
_ORDER = "_reprobook_order"

_process_time = time.process_time
_monotonic = time.monotonic
_numbers = itertools.count()


def pin_pools(replacements: Replacements) -> None:
    """Replace what runs code in other threads and processes."""
    replacements.put(threading.Thread, "start", _starting(threading.Thread.start))
    replacements.put(futures.ThreadPoolExecutor, "submit", _submitting(futures.ThreadPoolExecutor.submit))
    for module in (futures, futures._base):  # noqa: SLF001  # where the pools look it up
        replacements.stand_in(module, "as_completed", _as_completed)
        replacements.stand_in(module, "wait", _wait)
    replacements.after_import(
        {
            "concurrent.futures.process": partial(_pin_process_pool, replacements),
            "multiprocessing.pool": partial(_pin_multiprocessing, replacements),
            "joblib.parallel": partial(_pin_joblib, replacements),
        }
    )


def settled(is_done: Callable[[], bool], wait: Callable[[float], object], *, longest: float = _LONGEST) -> None:
    """Wait until something is done, or until this process has stood still for a while."""
    begun = since = _monotonic()
    used, pause = _process_time(), 0.001
    while not is_done() and _monotonic() - begun < longest:
        wait(pause)
        pause = min(2 * pause, _LONGEST_POLL)
        now = _process_time()
        if now - used > _STANDSTILL / 100:
            since, used = _monotonic(), now
        elif _monotonic() - since > _STANDSTILL:
            return


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
