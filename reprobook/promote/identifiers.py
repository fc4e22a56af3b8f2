"""The identifiers of code: which names stand in it, which it imports, which it declares global."""

from __future__ import annotations

import ast
from collections.abc import Iterable

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def names_in_order(code: ast.AST | Iterable[ast.AST]) -> list[str]:
    """Return every name that stands in code, once each, in the order of the text."""
    trees = [code] if isinstance(code, ast.AST) else list(code)
    found: dict[str, None] = {}
    for tree in trees:
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        found |= dict.fromkeys(node.id for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)))
    return list(found)


def names_used(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Return every name that code reads anywhere."""
    return frozenset(node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name))


def identifiers(trees: Iterable[ast.AST]) -> frozenset[str]:
    """Return every identifier of code: variables, arguments, definitions, and what it imports."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    words = {node.id for node in nodes if isinstance(node, ast.Name)}
    words |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    words |= {node.name for node in nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            words |= {imported_name(alias, node) for alias in node.names}
    return frozenset(words)


def imported_name(alias: ast.alias, node: ast.Import | ast.ImportFrom) -> str:
    """Return the name that an import binds."""
    plain = alias.name.partition(".")[0] if isinstance(node, ast.Import) else alias.name
    return alias.asname or plain


def declared_global(body: Iterable[ast.stmt]) -> frozenset[str]:
    """Return the names that a function declares ``global``, its inner functions apart."""
    found: set[str] = set()
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Global):
            found |= set(node.names)
        if not isinstance(node, _SCOPES):
            stack += ast.iter_child_nodes(node)
    return frozenset(found)
