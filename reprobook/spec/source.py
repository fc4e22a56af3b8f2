"""What the source of a notebook says: which functions it calls with what, and what the best is chosen by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reprobook.notebook.syntax import parse_cell

# `if loss < best`: how the best is told apart in a loop.
_BEST = re.compile(r"(?<![a-z])best(?![a-z])|(?<![a-z])(record|top|highest|lowest)(?![a-z])")


@dataclass(frozen=True)
class Call:
    """One call in the source.

    Attributes:
        name: What is called, as written: ``torch.optim.AdamW``.
        cell: Code index of its cell.
        options: Its keyword arguments that are literals or parameters, with their values.
        given: Names of all its keyword arguments.
    """

    name: str
    cell: int
    options: Mapping[str, Any]
    given: frozenset[str]

    @property
    def short(self) -> str:
        """The last part of the name."""
        return self.name.rpartition(".")[2]


def calls(sources: Iterable[str], parameters: Mapping[str, Any]) -> tuple[Call, ...]:
    """Return every call, in the order of the cells; cells that do not parse have none."""
    return tuple(
        _call(node, name, cell, parameters)
        for cell, node in _nodes(sources)
        if isinstance(node, ast.Call) and (name := dotted(node.func))
    )


def chosen_by(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are compared with a best one, or that one is the smallest or largest of."""
    found: dict[str, None] = {}
    for _, node in _nodes(sources):
        if isinstance(node, ast.Compare):
            sides = [name for side in (node.left, *node.comparators) if (name := _last_name(side))]
            plain = [side for side in sides if not _BEST.search(side.lower())]
            if len(plain) < len(sides):
                found |= dict.fromkeys(plain or [side for side in sides if _without_best(side)])
        elif isinstance(node, ast.Assign) and any(_BEST.search(_last_name(each).lower()) for each in node.targets):
            found |= dict.fromkeys(_extremes(node.value))
    return tuple(dict.fromkeys(_without_best(name) for name in found))


def _extremes(value: ast.expr) -> Iterator[str]:
    """Yield what ``min``, ``max``, ``argmin`` and the like are taken of."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and re.fullmatch(r"(nan)?(arg)?(min|max)|idx(min|max)", _last_name(node.func)):
            # The object is what `losses.argmin()` is of; in `np.argmin(losses)` it is a module.
            own = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            sides = node.args or own
            yield from (name for side in sides if (name := _last_name(side)) and _without_best(name))


def _without_best(name: str) -> str:
    """Return what a name says of the metric, beside that it is the best: ``loss`` of ``best_loss``."""
    words = [word for word in name.lower().split("_") if word and not _BEST.fullmatch(word)]
    return "_".join(words)


def _nodes(sources: Iterable[str]) -> Iterator[tuple[int, ast.AST]]:
    """Yield the nodes of all cells."""
    for cell, source in enumerate(sources):
        tree = parse_cell(source)
        if tree is not None:
            yield from ((cell, node) for node in ast.walk(tree))


def dotted(node: ast.expr) -> str:
    """Return a dotted name as written; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else node.attr
    return ""


def _last_name(node: ast.expr) -> str:
    """Return the name that an expression ends in: ``loss`` of ``self.loss``, ``val_loss`` of ``row["val_loss"]``."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    if isinstance(node, ast.Subscript):
        return _last_name(node.value)
    return dotted(node).rpartition(".")[2]


def _call(node: ast.Call, name: str, cell: int, parameters: Mapping[str, Any]) -> Call:
    options: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            continue
        if isinstance(keyword.value, ast.Constant):
            options[keyword.arg] = keyword.value.value
        elif isinstance(keyword.value, ast.Name) and keyword.value.id in parameters:
            options[keyword.arg] = parameters[keyword.value.id]
    return Call(name, cell, options, frozenset(each.arg for each in node.keywords if each.arg))
