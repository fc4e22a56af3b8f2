"""Give parameters new values: checked names, exact types, and a rewritten source.

papermill injects a cell below the parameters cell, so values derived in that cell stay stale (label
``derived_parameter_stale``). Here the value is replaced where it stands, as if its author had typed it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from reprobook.errors import ParameterError
from reprobook.notebook.model import Notebook
from reprobook.space.model import Choice, Parameter, Position, is_literal

_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def override(
    notebook: Notebook, parameters: Iterable[Parameter], values: Mapping[str, Any]
) -> tuple[Notebook, dict[str, Any]]:
    """Return the notebook with new parameter values, and the value of every parameter.

    Raises:
        ParameterError: For an unknown name, a wrong type or a value outside its space.
    """
    declared = {parameter.name: parameter for parameter in parameters}
    checked = {
        name: check_value(find_parameter(declared, name, notebook.name), value) for name, value in values.items()
    }
    sources: dict[int, str] = {}
    places = [(at, cell, parameter.name) for parameter in declared.values() for cell, at in parameter.places]
    # From the last to the first, so that the positions of those above stay true.
    for at, cell, name in sorted(places, key=lambda place: (place[0].line, place[0].column), reverse=True):
        if name in checked:
            source = sources.get(cell, notebook.code_cells[cell].source)
            sources[cell] = _replaced(source, at, repr_literal(checked[name]))
    effective = {name: checked.get(name, parameter.default) for name, parameter in declared.items()}
    return notebook.with_sources(sources), effective


def find_parameter(declared: Mapping[str, Parameter], name: str, place: str) -> Parameter:
    """Look a parameter up by name.

    Raises:
        ParameterError: If there is none; the hint names the nearest ones.
    """
    if name in declared:
        return declared[name]
    import difflib  # noqa: PLC0415 - only who mistyped waits for it

    near = difflib.get_close_matches(str(name), declared, n=1)  # a YAML file has keys that are no text
    hint = f"Did you mean {near[0]}? " if near else ""
    hint += f"Declared: {', '.join(sorted(declared))}." if declared else "The notebook assigns no literal at top level."
    msg = f"{place}: no parameter is called {name!r}"
    raise ParameterError(msg, hint=hint)


def check_value(parameter: Parameter, value: Any) -> Any:
    """Return the value in the parameter's type.

    An integer is taken where a float is declared; nothing else is converted. Of a Choice, any option will do.

    Raises:
        ParameterError: If the type is wrong or the value is outside the declared space.
    """
    option = isinstance(parameter.space, Choice) and value in parameter.space
    if parameter.type is float and type(value) is int and not option:
        value = _as_float(parameter, value)
    if not is_literal(value):
        msg = f"{parameter.name}: {_a(type(value).__name__)} with such content cannot be written as a literal"
        raise ParameterError(msg, hint="Give numbers, text, None, or lists, tuples, dicts and sets of these.")
    if parameter.default is not None and not option and type(value) is not parameter.type:
        found, declared = type(value).__name__, parameter.type.__name__
        msg = f"{parameter.name} = {value!r} is {_a(found)}; the notebook declares {_a(declared)}"
        raise ParameterError(msg, hint=f"Its value in the notebook is {parameter.default!r}.")
    if parameter.space is not None and value not in parameter.space:
        msg = f"{parameter.name} = {value!r} is not in {parameter.space!r}"
        raise ParameterError(msg, hint="Choose a value inside, or widen the space in the parameters cell.")
    return value


def parse_value(parameter: Parameter, text: str) -> Any:
    """Read the text of a command line (``-p lr 3e-4``) as a value of the parameter's type.

    Raises:
        ParameterError: If the text is no such value.
    """
    if isinstance(parameter.space, Choice):
        for option in parameter.space.options:
            if text in {str(option), repr(option)}:
                return option
    try:
        value = _parse_as(parameter, text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        msg = f"{parameter.name} = {text!r} is not {_a(parameter.type.__name__)}"
        raise ParameterError(msg, hint=f"Its value in the notebook is {parameter.default!r}.") from error
    return check_value(parameter, value)


def _a(noun: str) -> str:
    """Return a noun with its article."""
    return f"an {noun}" if noun[:1].lower() in "aeiou" else f"a {noun}"


def _parse_as(parameter: Parameter, text: str) -> Any:
    """Convert text to the declared type of a parameter."""
    if parameter.type is str:
        return text
    if parameter.type is bool:
        if text.lower() not in _TRUTH:
            raise ValueError(text)
        return _TRUTH[text.lower()]
    if parameter.type is int:
        return int(text)
    if parameter.type is float:
        return _as_float(parameter, text)
    return _parse_literal(parameter, text)


def read_literal(text: str) -> Any:
    """Read a Python literal; what the parser only warns of (a wrong escape, say) is none the less one.

    Raises:
        ValueError, SyntaxError, MemoryError, RecursionError: If it is none.
    """
    import ast  # noqa: PLC0415  (only composite parameters need it)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an option of the interpreter may make errors of them: another value
        return ast.literal_eval(text)


def _parse_literal(parameter: Parameter, text: str) -> Any:
    """Read a Python literal; a parameter that is None by default takes bare text too."""
    try:
        return read_literal(text)
    except (ValueError, SyntaxError):
        if parameter.default is None:
            return text
        raise


def _as_float(parameter: Parameter, value: int | str) -> float:
    """Convert to float, and refuse what a float cannot hold."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    # In Python an int equals a float only if the float holds it exactly.
    exact = number == value if isinstance(value, int) else not math.isinf(number) or "inf" in value.lower()
    if not exact:
        msg = f"{parameter.name} = {value} does not fit a float"
        raise ParameterError(msg, hint="Write a number that a 64-bit float represents.")
    return number


def repr_literal(value: Any) -> str:
    """Return source text that evaluates to the value, NaN and infinities included."""
    if isinstance(value, float) and repr(value) in {"nan", "inf", "-inf"}:
        return f'float("{value!r}")'
    if isinstance(value, list):
        return f"[{', '.join(map(repr_literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(repr_literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, set) and value:
        return "{" + ", ".join(sorted(map(repr_literal, value))) + "}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{repr_literal(k)}: {repr_literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def _replaced(source: str, at: Position, text: str) -> str:
    """Replace the value of a parameter in a cell; positions count UTF-8 bytes, as ``ast`` does."""
    lines = source.encode().splitlines(keepends=True)
    before = b"".join(lines[: at.line - 1]) + lines[at.line - 1][: at.column]
    after = lines[at.end_line - 1][at.end_column :] + b"".join(lines[at.end_line :])
    return (before + text.encode() + after).decode()


def lite_values(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return the values of the laptop mode, of the parameters that declare one."""
    return {parameter.name: parameter.lite for parameter in parameters if parameter.lite is not None}
