"""Search spaces as the texts of a command line: ``log:1e-5:1e-1``, ``uniform:0:0.5``, ``int:1:8``, ``choice:16,32``."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reprobook.errors import ParameterError
from reprobook.space.model import Choice, Float, Int, Parameter, Space
from reprobook.space.override import check_value, parse_value, read_literal

_GRAMMAR = "Spaces: log:1e-5:1e-1  uniform:0:0.5  int:1:8  choice:16,32,64"
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


def parse_space(text: str, parameter: Parameter | None = None) -> Space:
    """Read a space; where the parameter is known, in its type: ``log:1:1024`` of an integer gives integers.

    Raises:
        ParameterError: If the text is no space, or none that the parameter can take.
    """
    kind, colon, rest = text.strip().partition(":")
    read = _KINDS.get(kind.strip().lower())
    if read is None or not colon:
        near = difflib.get_close_matches(kind, _KINDS, n=1)
        hint = f"Did you mean {near[0]}:…? {_GRAMMAR}" if near and read is None else _GRAMMAR
        msg = f"{_named(parameter)}{text!r} is no space"
        raise ParameterError(msg, hint=hint)
    space = read(rest, parameter)
    if parameter is not None:
        check_space(parameter, space)
    return space


def check_space(parameter: Parameter, space: Space) -> None:
    """Refuse a space with values that the parameter cannot take.

    Raises:
        ParameterError: If its type is another, or it leaves the space that the notebook declares.
    """
    values = space.options if isinstance(space, Choice) else (space.low, space.high)
    for value in values:
        check_value(parameter, value)


def _float(rest: str, parameter: Parameter | None, *, log: bool) -> Space:
    """Read ``uniform`` or ``log``; of an integer parameter the range holds integers."""
    if parameter is not None and parameter.type is int and isinstance(parameter.default, int):
        low, high = _ends(rest, int, parameter, "log" if log else "uniform")
        return Int(low, high, log=log)
    low, high = _ends(rest, float, parameter, "log" if log else "uniform")
    return Float(low, high, log=log)


def _int(rest: str, parameter: Parameter | None) -> Space:
    low, high = _ends(rest, int, parameter, "int")
    return Int(low, high)


def _ends(rest: str, number: Callable[[str], Any], parameter: Parameter | None, kind: str) -> tuple[Any, Any]:
    """Read ``low:high``."""
    parts = rest.split(":")
    try:
        low, high = (number(part.strip()) for part in parts)
    except ValueError as error:
        what = "two whole numbers" if number is int else "two numbers"
        text = f"{kind}:{rest}"
        example = "int:1:8" if number is int else "log:1e-5:1e-1" if kind == "log" else "uniform:0:0.5"
        msg = f"{_named(parameter)}{text!r}: {kind} takes {what}, the lowest and the highest value"
        raise ParameterError(msg, hint=f"For example {example}.") from error
    return low, high


def _choice(rest: str, parameter: Parameter | None) -> Space:
    """Read the options, separated by commas outside of brackets and quotes."""
    texts = _split(rest)
    if not all(texts):
        msg = f"{_named(parameter)}'choice:{rest}': an option is missing"
        raise ParameterError(msg, hint="Separate the options by commas: choice:16,32,64")
    if parameter is None:
        return Choice(*map(_literal, texts))
    # What a command line names replaces the options of the notebook; whether it may is checked later.
    plain = replace(parameter, space=None) if not isinstance(parameter.space, Choice) else parameter
    return Choice(*(parse_value(plain, text) for text in texts))


def _literal(text: str) -> Any:
    """Read an option whose type nobody has told: a literal, else text."""
    try:
        return read_literal(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _split(text: str) -> list[str]:
    """Split at the commas that stand in no bracket and in no quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        elif character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _named(parameter: Parameter | None) -> str:
    return "" if parameter is None else f"{parameter.name}: "


_KINDS: dict[str, Callable[[str, Parameter | None], Space]] = {
    "log": lambda rest, parameter: _float(rest, parameter, log=True),
    "uniform": lambda rest, parameter: _float(rest, parameter, log=False),
    "int": _int,
    "choice": _choice,
}
