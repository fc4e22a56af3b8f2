"""The parts of a definition that are evaluated where it stands, and the names that it binds for itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def defaults(arguments: ast.arguments) -> list[ast.expr]:
    """Return the default values, evaluated where the function is defined."""
    return [*arguments.defaults, *(each for each in arguments.kw_defaults if each)]


def hints(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    """Return the annotations of a function."""
    found = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
    return [each for each in (*found, node.returns) if each]


def arguments(arguments: ast.arguments) -> set[str]:
    """Return the names of a function's parameters."""
    return {each.arg for each in ast.walk(arguments) if isinstance(each, ast.arg)}


def targets(comprehension: ast.AST) -> set[str]:
    """Return the names that the ``for`` clauses of a comprehension bind."""
    found: set[str] = set()
    for generator in getattr(comprehension, "generators", []):
        found |= {each.id for each in ast.walk(generator.target) if isinstance(each, ast.Name)}
    return found


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """Walk the body of a function, functions in it left out."""
    pending = list(ast.iter_child_nodes(function))
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, _FUNCTIONS):
            pending.extend(ast.iter_child_nodes(node))
