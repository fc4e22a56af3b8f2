"""The names of a cell in the order in which its source comes to them: the first is what a reader looks for."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from reprobook.notebook.syntax import parse_cell


def in_source_order(names: Iterable[str], source: str, last: Iterable[str] = ()) -> tuple[str, ...]:
    """Return names by the place where the cell first binds them, else first mentions them.

    ``last`` go to the end, as do those that the cell never mentions and those bound by a loop or a ``with``, which
    are by-products.
    """
    tree = parse_cell(source)
    places: dict[str, tuple[int, int, int]] = {}
    targets = _loop_targets(tree) if tree else set()
    for node in ast.walk(tree) if tree else ():
        if (name := _name(node)) is None:
            continue
        is_load = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        place = (2 if is_load else 0, getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        if name in targets:
            place = (1, *place[1:])
        places[name] = min(place, places.get(name, place))
    late = set(last)
    return tuple(sorted(names, key=lambda name: (name in late, places.get(name, (3, 0, 0)), name)))


def _name(node: ast.AST) -> str | None:
    """Return the name that a node binds or loads."""
    if isinstance(node, ast.Name):
        return node.id
    return node.name if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) else None


def _loop_targets(tree: ast.AST) -> set[str]:
    """Return the names that loops and ``with`` statements bind."""
    targets: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            targets.append(node.target)
        elif isinstance(node, ast.withitem) and node.optional_vars:
            targets.append(node.optional_vars)
    return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
