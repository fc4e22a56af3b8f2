"""Uneven sleeps in threads and tasks, wherever concurrency itself is not held still.

Work that waits for a random time (a download, a retry) ends in random order. Once that randomness is pinned the order
would repeat as well, and the pin would seem to have removed a cause that only ever decided the delays.
"""

from __future__ import annotations

import _random
import asyncio
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from reprobook.ambient.pinned.asker import asker, is_own
from reprobook.ambient.stand_in import Replacements

_MOST = 0.3
_LEAST = 0.001

# Seeded by C from the system's entropy, which no pin reaches.
_chance = _random.Random()
_getpid = os.getpid
_process = _getpid()


def add_jitter(replacements: Replacements) -> None:
    """Lengthen the sleeps of the notebook's threads, workers and tasks by a random part."""
    replacements.stand_in(time, "sleep", _sleep)
    for module in (asyncio, asyncio.tasks):
        replacements.stand_in(module, "sleep", _sleep_asynchronously)


def _longer(seconds: float) -> float:
    return seconds * (1 + _MOST * _chance.random()) + _LEAST * _chance.random()


def _sleep(original: Callable[[float], None], args: Any, _: Any) -> None:
    (seconds,) = args
    is_aside = threading.current_thread() is not threading.main_thread() or _getpid() != _process
    if is_aside and is_own(asker()):
        seconds = _longer(seconds)
    original(seconds)


def _sleep_asynchronously(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    if args and args[0] > 0 and is_own(asker()):
        return original(_longer(args[0]), *args[1:], **kwargs)
    return original(*args, **kwargs)
