"""Parameters that are ipywidgets controls: in a script they are plain values, and ``lr.value`` is ``lr``."""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: ARG002

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import libcst as cst

from reprobook.promote.python import tree_of
from reprobook.promote.source import Source, Statement
from reprobook.space.model import Parameter
from reprobook.space.widgets import control

_SHOWING = frozenset({"display", "VBox", "HBox", "Box", "GridBox", "Accordion", "Tab", "AppLayout", "TwoByTwoLayout"})


def without_controls(
    sources: Sequence[Source], parameters: Sequence[Parameter]
) -> tuple[tuple[Source, ...], tuple[Parameter, ...]]:
    """Read the values of controls in place of the controls, and leave out what only shows them.

    A control that is used in another way, observed or linked, stays what it is, and is no parameter of the script.
    """
    names = {p.name for p in parameters for source in sources for s in source.statements if _declares(s, p, source)}
    if not names:
        return tuple(sources), tuple(parameters)
    trees = [statement.tree for source in sources for statement in source.statements]
    plain = names - _used_otherwise(trees, names)
    kept = tuple(parameter for parameter in parameters if parameter.name not in names - plain)
    return tuple(_rewritten(source, plain) for source in sources), kept


def _declares(statement: Statement, parameter: Parameter, source: Source) -> bool:
    tree = statement.tree
    if source.index != parameter.cell or not isinstance(tree, ast.Assign) or control(tree.value) is None:
        return False
    return any(isinstance(target, ast.Name) and target.id == parameter.name for target in tree.targets)


def _used_otherwise(trees: Iterable[ast.stmt], names: Collection[str]) -> set[str]:
    """Return the controls that are used in another way than to be shown, or read by their value."""
    found: set[str] = set()
    for tree in trees:
        if _only_shows(tree, names):
            continue
        values = {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and node.attr == "value" and isinstance(node.ctx, ast.Load)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in values:
                found.add(node.id)
    return found & set(names)


def _only_shows(tree: ast.stmt, names: Collection[str]) -> bool:
    """Tell ``display(lr, epochs)``, ``widgets.VBox([lr])`` and a bare ``lr``."""
    if not isinstance(tree, ast.Expr):
        return False
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in calls}
    inner = {id(node) for function in calls for node in ast.walk(function)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in inner}
    others = (ast.Attribute, ast.BinOp, ast.Compare)
    plain = not any(isinstance(node, others) and id(node) not in inner for node in ast.walk(tree))
    return bool(used) and used <= set(names) and called <= _SHOWING and plain


def _rewritten(source: Source, names: Collection[str]) -> Source:
    found = [_plain(each, names) for each in source.statements if not _only_shows(each.tree, names)]
    last_shown = bool(source.statements) and _only_shows(source.statements[-1].tree, names)
    return replace(source, statements=tuple(found), shows=source.shows and not last_shown)


def _plain(statement: Statement, names: Collection[str]) -> Statement:
    node = statement.node.visit(_Values(names))
    if not isinstance(node, cst.BaseStatement) or node.deep_equals(statement.node):
        return statement
    return replace(statement, node=node, tree=tree_of(node))


class _Values(cst.CSTTransformer):
    """Replace ``lr.value`` by ``lr``, and the control itself by its value."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__()
        self._names = names

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.BaseExpression:
        owner = updated_node.value
        is_control = isinstance(owner, cst.Name) and owner.value in self._names
        return owner if is_control and updated_node.attr.value == "value" else updated_node

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        target, call = updated_node.targets[0].target, updated_node.value
        if not isinstance(target, cst.Name) or target.value not in self._names or not isinstance(call, cst.Call):
            return updated_node
        named = [argument.value for argument in call.args if argument.keyword and argument.keyword.value == "value"]
        return updated_node.with_changes(value=named[0] if named else call.args[0].value)
