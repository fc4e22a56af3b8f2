"""Tasks of asyncio one after another, in the order in which they were made."""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

from reprobook.ambient.pinned.asker import asker, is_own
from reprobook.ambient.pinned.serial import Ordered
from reprobook.ambient.stand_in import Replacements

_LONGEST_TURN = 10.0
_ORDER = "_reprobook_order"

_numbers = itertools.count()
# The tasks that a task makes wait for each other, not for it.
_turn: ContextVar[asyncio.Lock | None] = ContextVar("_turn", default=None)
_default_turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = weakref.WeakKeyDictionary()


def pin_tasks(replacements: Replacements) -> None:
    """Replace the functions of asyncio that run several things at once."""
    for module in (asyncio, asyncio.tasks):
        replacements.stand_in(module, "create_task", _create)
        replacements.stand_in(module, "ensure_future", _create)
        replacements.stand_in(module, "gather", _gather)
        replacements.stand_in(module, "as_completed", _as_completed)
        replacements.stand_in(module, "wait", _wait)
    if group := getattr(asyncio, "TaskGroup", None):
        original = group.create_task
        replacements.put(
            group,
            "create_task",
            lambda self, coro, **kwargs: _numbered(original(self, _in_turn(coro), **kwargs)),
        )


async def _after(turn: asyncio.Lock, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine when it is its turn, or when that does not come: it may be waited for."""
    try:
        await asyncio.wait_for(turn.acquire(), _LONGEST_TURN)
    except TimeoutError:
        return await coroutine
    _turn.set(asyncio.Lock())
    try:
        return await coroutine
    finally:
        turn.release()


def _in_turn(awaitable: Any) -> Any:
    """Return a coroutine that waits for those before it; anything else as it is."""
    if not asyncio.iscoroutine(awaitable):
        return awaitable
    turn = _turn.get() or _default_turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
    return _after(turn, awaitable)


def _numbered(task: Any) -> Any:
    """Note the order of a task."""
    if getattr(task, _ORDER, None) is None:
        setattr(task, _ORDER, next(_numbers))
    return task


def _create(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    if not is_own(asker()):
        return original(*args, **kwargs)
    return _numbered(original(_in_turn(args[0]), *args[1:], **kwargs))


def _gather(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return original(*map(_in_turn, args), **kwargs) if is_own(asker()) else original(*args, **kwargs)


class _InOrder:
    """What ``asyncio.as_completed`` returns, in the order of submission."""

    def __init__(self, awaitables: Iterable[Any]) -> None:
        tasks = [_numbered(asyncio.ensure_future(_in_turn(each))) for each in awaitables]
        self._tasks = iter(sorted(tasks, key=lambda task: getattr(task, _ORDER)))

    def __iter__(self) -> Iterator[Any]:
        return self._tasks

    async def __aiter__(self) -> AsyncIterator[Any]:
        for task in self._tasks:
            await asyncio.wait([task])
            yield task


def _as_completed(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return _InOrder(args[0] if args else kwargs["fs"]) if is_own(asker()) else original(*args, **kwargs)


def _wait(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    return _ordered_wait(original, args, kwargs) if is_own(asker()) else original(*args, **kwargs)


async def _ordered_wait(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    done, pending = await original(*args, **kwargs)
    return Ordered(done), Ordered(pending)
