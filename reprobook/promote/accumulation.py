"""Lists that nobody reads: what only a plot wanted is still collected in a loop, and need not be."""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: ARG002

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import libcst as cst
from libcst import matchers

from reprobook.promote.comments import with_comments
from reprobook.promote.effects import effects_of
from reprobook.promote.meaning import Names, base_name
from reprobook.promote.python import code_of, tree_of
from reprobook.promote.source import Statement

_COMPOUND = (ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.If)
_FILLING = frozenset({"add", "append", "appendleft", "extend", "insert"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_SILENT = frozenset({"torch.no_grad", "torch.inference_mode"})


def filled_only(tree: ast.stmt, names: Names) -> frozenset[str]:
    """Return the variables that a loop or block only adds to, by expressions without any effect of their own."""
    if not isinstance(tree, _COMPOUND):
        return frozenset()
    filled = [name for node in _simple(tree) if (name := _filled(node, names))]
    standing = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return frozenset(name for name in filled if standing.count(name) == filled.count(name))


def without_filling(statement: Statement, dead: Collection[str], names: Names) -> Statement:
    """Return a loop or block without what adds to these variables; as it is where a part would be left empty."""
    node = statement.node.visit(_Remover(lambda tree: _filled(tree, names) in dead, names))
    if not isinstance(node, cst.BaseStatement) or matchers.findall(node, matchers.IndentedBlock(body=[])):
        return statement
    return replace(statement, node=node, tree=tree_of(node))


def fillings(statement: Statement, dead: Collection[str], names: Names) -> list[Statement]:
    """Return what ``without_filling`` takes out, the last first."""
    trees = [tree for tree in _simple(statement.tree) if _filled(tree, names) in dead]
    return [Statement(cst.parse_statement(ast.unparse(tree)), tree, statement.line) for tree in reversed(trees)]


def _simple(tree: ast.AST) -> Iterator[ast.stmt]:
    """Yield the simple statements in a block, those of functions apart."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, (ast.Expr, ast.Assign, ast.AugAssign)):
            yield child
        elif not isinstance(child, _SCOPES):
            yield from _simple(child)


def _filled(tree: ast.stmt, names: Names) -> str:
    """Return the variable that a statement adds to, if it does nothing else; empty if not."""
    target, values = _filling(tree)
    name = base_name(target) if isinstance(target, (ast.Name, ast.Subscript)) else None
    inner = [target.slice] if isinstance(target, ast.Subscript) else []
    plain = name is not None and all(effects_of(value, names).none for value in [*values, *inner])
    return name or "" if plain else ""


def _filling(tree: ast.stmt) -> tuple[ast.expr | None, list[ast.expr]]:
    """Return what a statement adds to, and what it adds: ``a.append(x)``, ``a["k"].append(x)``, ``a += [x]``."""
    call = tree.value if isinstance(tree, ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _FILLING:
        return call.func.value, [] if call.keywords else list(call.args)
    if isinstance(tree, ast.AugAssign) and isinstance(tree.op, ast.Add) and isinstance(tree.value, ast.List):
        return tree.target, [tree.value]
    return None, []


class _Remover(cst.CSTTransformer):
    def __init__(self, is_dead: Callable[[ast.stmt], bool], names: Names) -> None:
        super().__init__()
        self._is_dead = is_dead
        self._names = names

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        kept: list[cst.BaseStatement] = []
        waiting: list[cst.EmptyLine] = []
        for node in updated_node.body:
            if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and self._is_dead(tree_of(node)):
                waiting += node.leading_lines
                continue
            follows = waiting and not getattr(node, "leading_lines", ())
            kept.append(with_comments(node, waiting) if follows else node)
            waiting = []
        return updated_node.with_changes(body=kept)

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If | cst.RemovalSentinel:
        test = _tree(original_node.test)
        silent = updated_node.orelse is None and effects_of(test, self._names).none
        return cst.RemoveFromParent() if silent and _is_empty(updated_node.body) else updated_node

    def leave_With(self, original_node: cst.With, updated_node: cst.With) -> cst.With | cst.RemovalSentinel:
        calls = [_tree(item.item) for item in original_node.items]
        silent = all(isinstance(call, ast.Call) and self._names.dotted(call.func) in _SILENT for call in calls)
        return cst.RemoveFromParent() if silent and _is_empty(updated_node.body) else updated_node


def _tree(node: cst.BaseExpression) -> ast.expr:
    return ast.parse(code_of(node), mode="eval").body


def _is_empty(block: cst.CSTNode) -> bool:
    return isinstance(block, cst.IndentedBlock) and not block.body
