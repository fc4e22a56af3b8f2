"""A run as it is handed to a fork, and an error as it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.errors import ReprobookError
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.execute.warm.wire import Message


@dataclass(frozen=True)
class RunTask:
    """A run to be done: the notebook as it was prepared, and the root of the store."""

    prepared: Preparation
    store: Path
    options: RunOptions


def error_message(error: ReprobookError) -> Message:
    """Return an error as it travels: its classes, the nearest first, and its texts."""
    kinds = [each.__name__ for each in type(error).__mro__ if issubclass(each, ReprobookError)]
    reason = error.reason if isinstance(error, ColdOnlyError) else ""
    return {"error": kinds, "message": str(error), "hint": error.hint, "reason": reason}


def error_of(message: Message) -> ReprobookError:
    """Return the error of such a message, as the nearest class that is known here."""
    if message.get("reason"):
        return ColdOnlyError(message["reason"])
    known: dict[str, type[Any]] = {each.__name__: each for each in _classes(ReprobookError)}
    kind = next((known[name] for name in message["error"] if name in known), ReprobookError)
    return kind(message["message"], hint=message["hint"])


def _classes(base: type[Any]) -> list[type[Any]]:
    return [base, *(each for child in base.__subclasses__() for each in _classes(child))]
