"""Annotate empty containers: a type checker learns from their first use, and that is now the checkpoint's."""

from __future__ import annotations

import ast
from collections.abc import Collection

import libcst as cst

from reprobook.promote.python import tree_of

_LITERALS = {"[]": "list[Any]", "{}": "dict[Any, Any]", "None": "Any"}
_CALLS = {"list": "[Any]", "set": "[Any]", "deque": "[Any]", "dict": "[Any, Any]", "OrderedDict": "[Any, Any]"}
_CALLS |= {"defaultdict": "[Any, Any]"}


def annotated(statement: cst.BaseStatement, names: Collection[str]) -> cst.BaseStatement:
    """Return ``losses: list[Any] = []`` for ``losses = []``, if it is one of these names; else the statement itself."""
    tree = tree_of(statement)
    if not isinstance(tree, ast.Assign) or len(tree.targets) != 1 or not isinstance(statement, cst.SimpleStatementLine):
        return statement
    target, hint = tree.targets[0], _hint(tree.value)
    if not isinstance(target, ast.Name) or target.id not in names or not hint:
        return statement
    value = cst.ensure_type(statement.body[0], cst.Assign).value
    made = cst.AnnAssign(cst.Name(target.id), cst.Annotation(cst.parse_expression(hint)), value)
    return statement.with_changes(body=[made])


def uses_any(statement: cst.BaseStatement) -> bool:
    """Tell a statement that needs ``Any`` for its annotation."""
    hints = [node.annotation for node in ast.walk(tree_of(statement)) if isinstance(node, ast.AnnAssign)]
    return any(isinstance(node, ast.Name) and node.id == "Any" for hint in hints for node in ast.walk(hint))


def _hint(value: ast.expr) -> str:
    """Return the annotation of an empty value; empty if it needs none."""
    if isinstance(value, ast.Call):
        word = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return f"{ast.unparse(value.func)}{_CALLS[word]}" if word in _CALLS else ""
    return _LITERALS.get(ast.unparse(value), "")
