"""Exceptions that end a thread of the notebook: Python prints them, and no cell fails."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from reprobook.trace.model import ThreadError
from reprobook.trace.recorder import cell_error


class ThreadErrors:
    """Notes what ends threads, from ``attach`` to ``detach``; what Python does then, or the user, it does as before.

    Args:
        cell: Returns the code index of the cell that runs, or ran last; None before the first.
        on_error: Called in the thread that ended.
    """

    def __init__(self, cell: Callable[[], int | None], on_error: Callable[[ThreadError], None]) -> None:
        self._cell = cell
        self._on_error = on_error
        self._before: Callable[[Any], Any] = threading.excepthook
        self._process = os.getpid()

    def attach(self) -> None:
        """Begin to note."""
        self._before = threading.excepthook
        threading.excepthook = self._raised

    def detach(self) -> None:
        """End it; a hook that the notebook has put in place meanwhile stays."""
        if threading.excepthook == self._raised:
            threading.excepthook = self._before

    def _raised(self, args: Any) -> None:
        # The boundary between recorder and notebook; SystemExit ends a thread without a word.
        try:
            if args.exc_type is not SystemExit and os.getpid() == self._process:
                ended = cell_error(args.exc_value if args.exc_value is not None else args.exc_type())
                name = args.thread.name if args.thread is not None else ""
                self._on_error(ThreadError(cell=self._cell(), thread=str(name), ename=ended.ename, evalue=ended.evalue))
        except Exception:  # noqa: BLE001, S110  # what cannot be noted is still printed
            pass
        self._before(args)
