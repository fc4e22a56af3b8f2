"""The parameters that a live session really had: the literals of its parameters cell as it was last executed.

They are what a clean run must be given to be comparable, in the way that papermill gives them: below the cell. A value
that the cell derives from them stays as the file has it then; ``derived_parameter_stale`` is the name of that trap.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reprobook.errors import ParameterError
from reprobook.notebook import Notebook
from reprobook.notebook.syntax import parse_cell
from reprobook.space import declared_parameters, override, parameters_cell
from reprobook.space.override import repr_literal
from reprobook.verify.live.events import Event


@dataclass(frozen=True)
class LiveParameters:
    """What the session's parameters cell had that the file has not.

    Attributes:
        cell: Code index of the parameters cell.
        values: The session's values, by name.
        saved: Those of the file.
        derived: Names that the cell computes from them.
    """

    cell: int = -1
    values: Mapping[str, Any] = field(default_factory=dict)
    saved: Mapping[str, Any] = field(default_factory=dict)
    derived: tuple[str, ...] = ()


_NONE = LiveParameters()


def live_parameters(events: Sequence[Event], notebook: Notebook) -> LiveParameters:
    """Return the values in which the parameters cell, as last executed, differs from the file by literals alone."""
    try:
        cell = parameters_cell(notebook)
    except ParameterError:
        return _NONE
    if cell is None or cell.code_index is None:
        return _NONE
    ran = [event for event in events if event.index == cell.code_index and not _failed(event)]
    if not ran:
        return _NONE
    changed = _changed_literals(cell.source, ran[-1].source)
    if not changed:
        return _NONE
    saved = {name: before for name, (before, _) in changed.items()}
    values = {name: after for name, (_, after) in changed.items()}
    return LiveParameters(cell.code_index, values, saved, _derived(cell.source, set(values)))


def with_parameters(notebook: Notebook, live: LiveParameters, *, in_place: bool = False) -> bytes:
    """Return the notebook's bytes with the session's values: below the parameters cell, or where they stand."""
    if live.derived and not in_place:
        given = "".join(f"\n{name} = {repr_literal(value)}" for name, value in live.values.items())
        source = notebook.code_cells[live.cell].source
        changed = notebook.with_sources({live.cell: f"{source}\n# Parameters of the live session{given}"})
    else:
        changed, _ = override(notebook, declared_parameters(notebook), live.values)
    return json.dumps(dict(changed.content), ensure_ascii=False).encode()


def _failed(event: Event) -> bool:
    """Tell whether an execution did not come to its end."""
    return event.trace is not None and event.trace.status != "ok"


def _changed_literals(saved: str, executed: str) -> dict[str, tuple[Any, Any]]:
    """Return the literals that differ between two texts, by name; nothing if anything else differs too."""
    left, right = parse_cell(saved), parse_cell(executed)
    if left is None or right is None or len(left.body) != len(right.body):
        return {}
    found: dict[str, tuple[Any, Any]] = {}
    for a, b in zip(left.body, right.body, strict=True):
        if ast.dump(a) == ast.dump(b):
            continue
        one, other = _literal(a), _literal(b)
        if one is None or other is None or one[:2] != other[:2]:
            return {}
        found[one[0]] = (one[2], other[2])
    return found


def _literal(node: ast.stmt) -> tuple[str, str, Any] | None:
    """Return name, annotation and value of the assignment of a literal."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            annotation = ""
        case ast.AnnAssign(target=ast.Name(id=name), annotation=note, value=ast.expr() as value):
            annotation = ast.dump(note)
        case _:
            return None
    try:
        return name, annotation, ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _derived(source: str, names: set[str]) -> tuple[str, ...]:
    """Return the names that a cell computes from these ones, in source order."""
    known = set(names)
    found: list[str] = []
    tree = parse_cell(source)
    for node in tree.body if tree else ():
        loaded = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        stored = [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
        if loaded & known:
            found += [name for name in stored if name not in known]
            known |= set(stored)
    return tuple(found)
