"""Search spaces and parameters, as a parameters cell declares them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from reprobook.errors import ParameterError


@dataclass(frozen=True)
class Float:
    """A range of real numbers, both ends included.

    ``log=True`` samples on a logarithmic scale; ``lite`` is the value of the laptop mode (``--lite``).

    Raises:
        ParameterError: If the range is empty, not finite, or not positive where ``log`` asks for it.
    """

    low: float
    high: float
    log: bool = False
    lite: float | None = None

    def __post_init__(self) -> None:
        _check_range(self, self.low, self.high, log=self.log)

    def __contains__(self, value: object) -> bool:
        return _is_number(value) and self.low <= value <= self.high  # type: ignore[operator]  # narrowed by _is_number


@dataclass(frozen=True)
class Int:
    """A range of integers, both ends included; ``log`` and ``lite`` as in ``Float``.

    Raises:
        ParameterError: If the range is empty, or not positive where ``log`` asks for it.
    """

    low: int
    high: int
    log: bool = False
    lite: int | None = None

    def __post_init__(self) -> None:
        _check_range(self, self.low, self.high, log=self.log)

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high


@dataclass(frozen=True, init=False)
class Choice:
    """A fixed set of values; ``lite`` is the value of the laptop mode.

    Raises:
        ParameterError: If there is no option.
    """

    options: tuple[Any, ...]
    lite: Any = None

    def __init__(self, *options: Any, lite: Any = None) -> None:
        if not options:
            msg = "Choice() has no options"
            raise ParameterError(msg, hint="Name the values: Choice(16, 32, 64).")
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "lite", lite)

    def __repr__(self) -> str:
        return f"Choice({', '.join(map(repr, self.options))})"

    def __contains__(self, value: object) -> bool:
        # True == 1 in Python; as an option they are different things.
        return any(type(option) is type(value) and option == value for option in self.options)


Space = Float | Int | Choice

_SCALARS = (type(None), bool, int, float, str, bytes)
_CONTAINERS = (list, tuple, dict, set)
_MOST_ITEMS = 100_000
_DEEPEST = 50  # CPython's parser gives up at about 100


@dataclass(frozen=True)
class Position:
    """A stretch of a cell's source: 1-based lines, 0-based columns in UTF-8 bytes, as in ``ast``."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook.

    Attributes:
        name: The variable's name.
        type: bool, int, float, str, list, tuple, dict, set, bytes or NoneType.
        default: The value that the notebook assigns.
        cell: 0-based index among the code cells.
        position: Where the value stands in that cell's source.
        space: What it may be, if declared.
        comment: The author's words at the end of the line.
        again: Where else the same value is assigned: cell and position.
    """

    name: str
    type: type
    default: Any
    cell: int
    position: Position
    space: Space | None = None
    comment: str = ""
    again: tuple[tuple[int, Position], ...] = ()

    @property
    def places(self) -> tuple[tuple[int, Position], ...]:
        """Every cell and position where its value stands."""
        return ((self.cell, self.position), *self.again)

    @property
    def lite(self) -> Any:
        """The value in the laptop mode; None if it is the same as always."""
        return self.space.lite if self.space is not None else None


def is_literal(value: object) -> bool:
    """Tell whether a value can be written as a Python literal: exact built-in types, all the way down.

    The walk is bounded, because aliases let a few lines of YAML stand for billions of items, or for themselves.
    """
    pending = [(value, 0)]
    for _ in range(_MOST_ITEMS):
        if not pending:
            return True
        item, depth = pending.pop()
        if type(item) in _SCALARS:
            continue
        if type(item) not in _CONTAINERS or depth == _DEEPEST:
            return False
        inner = [*item.keys(), *item.values()] if isinstance(item, dict) else item
        pending.extend((part, depth + 1) for part in inner)  # type: ignore[attr-defined]  # a container
    return False


def _is_number(value: object) -> bool:
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _check_range(space: Float | Int, low: float, high: float, *, log: bool) -> None:
    """Refuse ranges that nothing can be drawn from."""
    name = type(space).__name__
    numbers = isinstance(space, Float) or (isinstance(low, int) and isinstance(high, int))
    if not (numbers and _is_number(low) and _is_number(high)) or math.inf in (abs(low), abs(high)):
        msg = f"{name}({low!r}, {high!r}): the ends must be finite {'integers' if name == 'Int' else 'numbers'}"
        raise ParameterError(msg, hint=f"For example {name}(1, 10).")
    if low > high:
        msg = f"{name}({low!r}, {high!r}): the low end is above the high end"
        raise ParameterError(msg, hint="Swap the two.")
    if log and low <= 0:
        msg = f"{name}({low!r}, {high!r}, log=True): a logarithmic scale starts above 0"
        raise ParameterError(msg, hint="Raise the low end, or leave log=True out.")
