"""The thread that keeps a panel up to date. It runs no code of the user's, draws no random number, and dies with it."""

from __future__ import annotations

import threading
from collections.abc import Callable

_PERIOD_S = 1.0


class HelperThread(threading.Thread):
    """A thread of ours; the recorder takes it for no doing of the notebook's (see ``trace/background.py``)."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(target=work, name="reprobook", daemon=True)


class Refresher:
    """Calls ``refresh`` about once a second, for as long as that returns True; ``wake`` begins anew.

    Args:
        refresh: Brings the panel up to date, and tells whether more is to come.
        on_error: Called with what ``refresh`` raised; the next call may be right again.
    """

    def __init__(self, refresh: Callable[[], bool], on_error: Callable[[Exception], None]) -> None:
        self._refresh = refresh
        self._on_error = on_error
        self._wanted = threading.Event()
        self._closed = threading.Event()
        self._thread: HelperThread | None = None

    def wake(self) -> None:
        """Refresh now, and go on."""
        if self._thread is None and not self._closed.is_set():
            self._thread = HelperThread(self._loop)
            self._thread.start()
        self._wanted.set()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._wanted.set()

    def _loop(self) -> None:
        while not self._closed.is_set():
            self._wanted.wait()
            self._wanted.clear()
            while not self._closed.is_set():
                try:
                    goes_on = self._refresh()
                # The boundary between panel and kernel: what goes wrong here must be said in the panel, not lost.
                except Exception as error:  # noqa: BLE001
                    self._on_error(error)
                    goes_on = True
                if not goes_on:
                    break
                if self._wanted.wait(_PERIOD_S):
                    self._wanted.clear()
