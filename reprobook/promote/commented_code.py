"""Code that was commented out: a trace of trying things out, which says nothing of the code that is there."""

# libcst finds a visitor by its name, and hands it the old node and the new one:

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from typing import cast

import libcst as cst

from reprobook.promote.model import Statements

_CALL = re.compile(r"[\w.\[\]]+\(")  # prose puts a space before a parenthesis
_COMPOUND = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.With, ast.If, ast.Try)


def without_commented_code(body: Sequence[cst.BaseStatement]) -> Statements:
    """Remove comments that are code, on lines of their own; what stands behind code on its line explains it."""
    module = cst.Module(body).visit(_Remover())  # type: ignore[arg-type]  # every statement is one of the two kinds
    return tuple(module.body)


class _Remover(cst.CSTTransformer):
    def on_leave(
        self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT
    ) -> cst.CSTNodeT | cst.RemovalSentinel | cst.FlattenSentinel[cst.CSTNodeT]:
        node = cast("cst.CSTNodeT", super().on_leave(original_node, updated_node))
        for part in ("leading_lines", "footer"):
            lines = getattr(node, part, ())
            if isinstance(node, cst.CSTNode) and any(line.comment for line in lines):
                node = node.with_changes(**{part: _prose(lines)})
        return node


def _prose(lines: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    """Return the lines that are no code; comments in a row may be one piece of code."""
    result: list[cst.EmptyLine] = []
    row: list[cst.EmptyLine] = []
    for line in lines:
        if line.comment:
            row.append(line)
            continue
        result += [*_prose_of(row), line]
        row = []
    return result + _prose_of(row)


def _prose_of(row: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    """Return what is no code among comments in a row; code that one of them announces with a colon is an example."""
    if _is_code("\n".join(map(_text, row))):
        return []
    kept: list[cst.EmptyLine] = []
    for line in row:
        if not _is_code(_text(line).strip()) or (kept and _text(kept[-1]).rstrip().endswith(":")):
            kept.append(line)
    return kept


def _text(line: cst.EmptyLine) -> str:
    return line.comment.value[1:] if line.comment else ""


def _is_code(text: str) -> bool:
    source = textwrap.dedent(text)
    try:
        trees = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    return bool(trees) and all(_acts(tree, ast.get_source_segment(source, tree) or "") for tree in trees)


def _acts(tree: ast.stmt, text: str) -> bool:
    """Tell a statement that computes something from prose and formulas that parse as one."""
    if isinstance(tree, (ast.Import, ast.ImportFrom, ast.AugAssign, *_COMPOUND)):
        return True
    if isinstance(tree, ast.Expr):
        return isinstance(tree.value, ast.Call) and _CALL.match(text) is not None
    return isinstance(tree, ast.Assign) and isinstance(tree.value, (ast.Call, ast.Subscript, ast.List, ast.Dict))
