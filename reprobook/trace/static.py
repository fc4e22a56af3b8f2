"""Which names a cell binds, loads and deletes, read off its source."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import lru_cache

from reprobook.trace.parsing import parse
from reprobook.trace.scope import Scope

# With these a cell reaches names that its source does not show.
_DYNAMIC = frozenset({"exec", "eval", "globals", "locals", "vars", "get_ipython", "__import__"})
# The last two are those of ``mock.patch``.
_SETTERS = frozenset({"setattr", "delattr", "object", "dict"})


@dataclass(frozen=True)
class CellNames:
    """The names of the notebook's namespace that a cell uses.

    Attributes:
        stores: Bound at the top level: assigned, imported, defined, or declared ``global`` in a function.
        loads: Loaded at the top level. The base of an attribute, item or call counts: it may be changed in place.
        deletes: Deleted at the top level.
        inputs: The loads that may happen before the cell itself has bound the name.
        deferred: Loaded by the bodies of functions that the cell defines: when they are called, not before.
        owners: Dotted names whose attributes it sets, anywhere: what it may patch, where that is a module or class.
        dynamic: It may use any name: by ``exec``, ``globals()``, or a magic that is not understood.
    """

    stores: frozenset[str] = frozenset()
    loads: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    deferred: frozenset[str] = frozenset()
    owners: frozenset[tuple[str, ...]] = frozenset()
    dynamic: bool = False


@lru_cache(maxsize=512)
def names_of(source: str) -> CellNames:
    """Return the names of a cell's Python source (magics already transformed); none if it does not parse."""
    try:
        tree = parse(source)
        cell = Scope()
        cell.block(tree.body)
        owners = frozenset(_owners(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return CellNames()
    return CellNames(
        stores=frozenset(cell.stores),
        loads=frozenset(cell.loads),
        deletes=frozenset(cell.deletes),
        inputs=frozenset(cell.inputs),
        deferred=frozenset(cell.deferred),
        owners=owners,
        dynamic=not _DYNAMIC.isdisjoint(cell.loads | cell.deferred),
    )


def last_expression(source: str) -> str | None:
    """Return the source of the expression that a cell ends with, on one line; None if it ends otherwise."""
    try:
        body = parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not body or not isinstance(body[-1], ast.Expr):
        return None
    text = ast.get_source_segment(source, body[-1].value) or ""
    return " ".join(text.split())


def _owners(tree: ast.AST) -> set[tuple[str, ...]]:
    """Return the dotted names whose attributes are set, deleted, or patched with ``setattr`` or ``patch.object``."""
    found = set()
    for node in ast.walk(tree):
        owner: ast.expr | None = None
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            owner = node.value
        elif isinstance(node, ast.Call) and node.args and _called(node.func) in _SETTERS:
            owner = node.args[0]
        if dotted := _dotted(owner):
            found.add(dotted)
    return found


def _called(function: ast.expr) -> str:
    """Return the last name of what is called."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _dotted(node: ast.expr | None) -> tuple[str, ...]:
    """Return the parts of a dotted name, none if it is no such thing."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return (node.id, *reversed(parts)) if isinstance(node, ast.Name) else ()
