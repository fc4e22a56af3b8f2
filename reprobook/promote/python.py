"""Small pieces of Python source, made safely: values go in as literals, never as text."""

from __future__ import annotations

import ast
from typing import Any

import libcst as cst


def literal(value: Any) -> str:
    """Return source that evaluates to the value; texts in double quotes, as Black writes them.

    NaN and infinities become ``float("nan")`` and the like, which ``repr`` does not give.
    """
    if isinstance(value, str):
        quoted = repr(value)
        if quoted[0] == "'" and '"' not in quoted and "\\'" not in quoted:
            quoted = f'"{quoted[1:-1]}"'
        return quoted
    if isinstance(value, float) and repr(value) in {"nan", "inf", "-inf"}:
        return f'float("{value!r}")'
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, set) and value:
        return "{" + ", ".join(sorted(map(literal, value))) + "}"
    return repr(value)


def statements(code: str) -> tuple[cst.BaseStatement, ...]:
    """Parse source into statements."""
    return tuple(cst.parse_module(code).body)


def code_of(node: cst.CSTNode) -> str:
    """Return the source of a node."""
    return cst.Module([]).code_for_node(node)


def tree_of(statement: cst.BaseStatement) -> ast.stmt:
    """Return the ``ast`` of a statement, without its leading comments."""
    return ast.parse(code_of(statement.with_changes(leading_lines=()))).body[0]


def calls(value: ast.expr) -> bool:
    """Tell a call, or a part of its result: ``next(batches)[0]``."""
    while isinstance(value, (ast.Attribute, ast.Subscript)):
        value = value.value
    return isinstance(value, ast.Call)


def without_target(statement: cst.BaseStatement, comment: str) -> cst.BaseStatement:
    """Turn ``name = call(...)[0]`` into ``call(...)``, with a comment unless the line has one."""
    if not isinstance(statement, cst.SimpleStatementLine) or not isinstance(statement.body[0], cst.Assign):
        return statement
    value = statement.body[0].value
    while isinstance(value, (cst.Attribute, cst.Subscript)):
        value = value.value
    bare = statement.with_changes(body=[cst.Expr(value)])
    if not comment or statement.trailing_whitespace.comment:
        return bare
    trailing = cst.TrailingWhitespace(cst.SimpleWhitespace("  "), cst.Comment(comment.strip()))
    return bare.with_changes(trailing_whitespace=trailing)
