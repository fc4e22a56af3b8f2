"""Code of the user's that runs on its own while cells come and go: threads, and tasks of the event loop."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

from reprobook.ambient.caller import MACHINERY


class Background:
    """Looks for threads and tasks that the notebook has started; those there at the beginning are the kernel's.

    Args:
        namespace: The notebook's.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._others = {threading.get_ident(), *_threads()}

    def running(self) -> list[object]:
        """Return the threads and coroutines that may run at any moment."""
        threads = _threads()
        found: list[object] = [
            thread for ident, thread in threads.items() if ident not in self._others and not _is_machinery(thread)
        ]
        return [*found, *self._coroutines()]

    def _coroutines(self) -> Iterator[object]:
        """Yield the coroutines of the notebook that the event loop has in hand."""
        asyncio = sys.modules.get("asyncio")
        loop = asyncio._get_running_loop() if asyncio else None  # noqa: SLF001  # None where none runs
        if asyncio is None or loop is None:
            return
        for task in asyncio.all_tasks(loop):
            coroutine = task.get_coro()
            frame = getattr(coroutine, "cr_frame", None)
            if frame is not None and frame.f_globals is self._namespace:
                yield coroutine


def _is_machinery(thread: threading.Thread) -> bool:
    """Tell a thread of the kernel or of ours, such as a panel's, that began after the recording did."""
    return type(thread).__module__.partition(".")[0] in MACHINERY


def _threads() -> dict[int, threading.Thread]:
    """Return the threads that live, by number."""
    # The public function takes a lock that a thread of the user's may hold.
    active: dict[int, threading.Thread] = threading._active  # type: ignore[attr-defined]  # noqa: SLF001
    return dict(active)
