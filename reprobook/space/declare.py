"""Read the parameters that a notebook declares, from its source alone."""

from __future__ import annotations

import ast
import keyword
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from reprobook.errors import ParameterError
from reprobook.notebook.model import Cell, Notebook
from reprobook.notebook.syntax import parse_cell
from reprobook.space.model import Choice, Float, Int, Parameter, Position, Space, is_literal
from reprobook.space.widgets import control

_SPACES: dict[str, type[Float | Int | Choice]] = {"Float": Float, "Int": Int, "Choice": Choice}
_TAG = "parameters"
_PLAIN = (bool, int, float, str)
_MOST_VALUES = 12  # of a literal that is offered as a parameter


def parameters_cell(notebook: Notebook) -> Cell | None:
    """Return the cell that declares parameters: tagged ``parameters``, or a ``%%reprotrain params`` cell.

    Raises:
        ParameterError: If there are several, or the tag stands on a cell that is no code.
    """
    misplaced = [cell.index for cell in notebook.cells if _TAG in cell.tags and cell.kind != "code"]
    if misplaced:
        msg = f"{notebook.name}: the tag 'parameters' stands on cell {misplaced[0]}, which is no code cell"
        raise ParameterError(msg, hint="Move the tag to the code cell that assigns the parameters.")
    found = [cell for cell in notebook.code_cells if _TAG in cell.tags or _is_params_magic(cell.source)]
    if len(found) > 1:
        cells = ", ".join(f"[{cell.code_index}]" for cell in found)
        msg = f"{notebook.name}: more than one parameters cell: {cells}"
        raise ParameterError(msg, hint="Keep the tag 'parameters' (or %%reprotrain params) on one cell.")
    return found[0] if found else None


def declared_parameters(notebook: Notebook) -> tuple[Parameter, ...]:
    """Return the notebook's parameters, in source order.

    With a parameters cell, the literal assignments and the ipywidgets controls of that cell; without one, every
    top-level assignment of either in any code cell is offered, if that name is assigned only once, or always to the
    same plain value, and the literal is no empty container (``losses = []`` begins a collection; it is no setting) and
    no data: a table, or a text of several lines.

    Raises:
        ParameterError: If there are several parameters cells, or a declared space is wrong.
    """
    cell = parameters_cell(notebook)
    if cell is not None:
        return tuple(_last_of_each_name(_parameters_in(cell, notebook.name)))
    offered = [p for cell in notebook.code_cells for p in _parameters_in(cell, notebook.name)]
    assigned = [name for cell in notebook.code_cells for name in _assigned_names(cell)]
    one_value = _with_one_value(offered)
    return tuple(p for p in one_value if assigned.count(p.name) == len(p.places) and _is_setting(p.default))


def _with_one_value(offered: Sequence[Parameter]) -> list[Parameter]:
    """Put assignments of one name to one plain value together; the first of them is where the parameter stands."""
    by_name: dict[str, list[Parameter]] = {}
    for parameter in offered:
        by_name.setdefault(parameter.name, []).append(parameter)
    found: list[Parameter] = []
    for first, *others in by_name.values():
        same = type(first.default) in _PLAIN and all(repr(other.default) == repr(first.default) for other in others)
        again = [(other.cell, other.position) for other in others if same]
        found.append(replace(first, again=tuple(again)))
    return found


def _is_setting(default: Any) -> bool:
    """Tell a value that someone may want to vary from data that stand in the code."""
    if isinstance(default, str):
        return "\n" not in default.strip()
    if isinstance(default, (list, tuple)) and sum(isinstance(row, dict) for row in default) > 1:
        return False  # rows of a table
    # A set is what others are looked up in, and the order in which it is walked changes from process to process.
    return not isinstance(default, set) and default not in ([], {}, ()) and _values(default) <= _MOST_VALUES


def _values(default: Any) -> int:
    """Count the single values in a literal."""
    parts = default.values() if isinstance(default, dict) else default
    return sum(map(_values, parts)) if isinstance(default, (dict, list, tuple, set)) else 1


def _is_params_magic(source: str) -> bool:
    words = source.split(maxsplit=2)
    return words[:2] == ["%%reprotrain", "params"]


def _last_of_each_name(parameters: Iterator[Parameter]) -> list[Parameter]:
    """Keep the last assignment of a name: the one that holds when the cell ends."""
    by_name = {parameter.name: parameter for parameter in parameters}
    return sorted(by_name.values(), key=lambda parameter: parameter.position.line)


def _assigned_names(cell: Cell) -> Iterator[str]:
    """Yield each name that a cell binds anywhere, once a binding."""
    tree = parse_cell(cell.source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _parameters_in(cell: Cell, place: str) -> Iterator[Parameter]:
    """Yield the literal top-level assignments of a cell."""
    tree = parse_cell(cell.source)
    for node in tree.body if tree else ():
        target, value, annotation = _assignment(node)
        widget = control(value)
        value = widget.value if widget else value
        if target is None or value is None or not is_parameter_name(target):
            continue
        try:
            default = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue  # a computed value: it follows the parameters, it is none
        if not is_literal(default):
            continue  # `...` and complex numbers: JSON has no such values
        where = f"{place}, code cell [{cell.code_index}], line {value.lineno}"
        space = widget.space if widget else _read_space(annotation, where)
        kind = _parameter_type(annotation, default, space)
        if kind is float and type(default) is int:
            default = float(default)
        parameter = Parameter(
            name=target,
            type=kind,
            default=default,
            cell=cell.code_index or 0,
            position=Position(value.lineno, value.col_offset, value.end_lineno or 0, value.end_col_offset or 0),
            space=space,
            comment=widget.description if widget else _comment_after(cell.source, value),
        )
        _check_default(parameter, where)
        yield parameter


def _assignment(node: ast.stmt) -> tuple[str | None, ast.expr | None, ast.expr | None]:
    """Return name, value and annotation of ``name = value`` or ``name: annotation = value``."""
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id, node.value, None
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id, node.value, node.annotation
    return None, None, None


def is_parameter_name(name: str) -> bool:
    """Tell whether a name can be a parameter: a plain identifier, no keyword, not private."""
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not name.startswith("_")
        and unicodedata.normalize("NFKC", name) == name
    )


def _read_space(annotation: ast.expr | None, where: str) -> Space | None:
    """Build the space that an annotation such as ``rb.Float(1e-5, 1e-1, log=True)`` declares."""
    if not isinstance(annotation, ast.Call):
        return None
    function = annotation.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    if name not in _SPACES:
        return None
    try:
        arguments = [ast.literal_eval(argument) for argument in annotation.args]
        options = {word.arg: ast.literal_eval(word.value) for word in annotation.keywords if word.arg}
        return _SPACES[name](*arguments, **options)
    except (ValueError, TypeError) as error:
        msg = f"{where}: {ast.unparse(annotation)} is not a space ({error})"
        raise ParameterError(
            msg, hint="Write Float(low, high), Int(low, high) or Choice(a, b, ...) with literals."
        ) from error
    except ParameterError as error:
        msg = f"{where}: {error}"
        raise ParameterError(msg, hint=error.hint) from error


def _parameter_type(annotation: ast.expr | None, default: Any, space: Space | None) -> type:
    """Return the declared type of a parameter, else that of its value."""
    if isinstance(space, Float):
        return float
    if isinstance(annotation, ast.Name) and annotation.id == "float" and type(default) is int:
        return float
    return type(default)


def _check_default(parameter: Parameter, where: str) -> None:
    if parameter.space is not None and parameter.default not in parameter.space:
        msg = f"{where}: {parameter.name} = {parameter.default!r} is not in {parameter.space!r}"
        raise ParameterError(msg, hint="Change the value or widen the space.")


def _comment_after(source: str, value: ast.expr) -> str:
    """Return the comment that ends the line of a value."""
    line = source.encode().splitlines()[(value.end_lineno or 1) - 1]
    rest = line[value.end_col_offset or 0 :].decode(errors="replace").strip()
    return rest.removeprefix("#").strip() if rest.startswith("#") else ""
