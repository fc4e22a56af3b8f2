"""How a cell is ended from outside: at its deadline, or by Ctrl-C, SIGTERM and SIGHUP."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NoReturn

# A cell may catch what ends it: then it is raised again.
_AGAIN_SECONDS = 1.0


class Stop:
    """Ends the cell that runs, by a ``KeyboardInterrupt``, which is what a kernel gets in either case.

    Attributes:
        reason: Why the cell was ended.
    """

    def __init__(self) -> None:
        self._owner = os.getpid()
        self.reason: Literal["timeout", "interrupt"] | None = None

    @contextmanager
    def signals(self) -> Iterator[None]:
        """Note the signals that end a run; who handled them before still does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        handled = {number: handler for number, handler in before.items() if callable(handler)}
        for number in handled:
            signal.signal(number, self._interrupt)
        try:
            yield
        finally:
            for number, handler in handled.items():
                signal.signal(number, handler)

    @contextmanager
    def deadline(self, seconds: float | None) -> Iterator[None]:
        """End the cell after these seconds, in the main thread; code of C that never returns to Python is not ended."""
        if seconds is None or seconds <= 0:
            yield
            return
        before = signal.signal(signal.SIGALRM, self._expire)
        signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _interrupt(self, number: int, _: Any) -> None:
        if os.getpid() != self._owner:
            # A child that the notebook forked: it ends as it would have in a kernel.
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._end("interrupt")

    def _expire(self, *_: Any) -> None:
        self._end("timeout")

    def _end(self, reason: Literal["timeout", "interrupt"]) -> NoReturn:
        self.reason = self.reason or reason
        raise KeyboardInterrupt
