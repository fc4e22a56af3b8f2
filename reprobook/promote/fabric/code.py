"""The kept cells as Fabric wants them: torch objects set up, backward passes handed over, files written once."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import libcst as cst

from reprobook.errors import NotPromotableError
from reprobook.promote.fabric.calls import Calls
from reprobook.promote.fabric.demand import Demand
from reprobook.promote.fabric.setups import Setups
from reprobook.promote.fabric.torch_code import TorchCode
from reprobook.promote.fabric.words import SET_UP, WHOLE, WRITE_ONCE
from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import identifiers
from reprobook.promote.python import statements, tree_of
from reprobook.promote.slice import Slice
from reprobook.promote.source import Source, Statement

_PLAIN = "Promote it with --style plain."


def adapted(sliced: Slice, fabric: str, kinds: Mapping[int, Mapping[str, str]]) -> Slice:
    """Return the kept cells with what Fabric does in its own way; ``fabric`` is the name of the object.

    Raises:
        NotPromotableError: If there is no training loop of torch whose model can be found; names the cell.
    """
    code = TorchCode(sliced.names, kinds)
    trees = [statement.tree for source in sliced.kept for statement in source.statements]
    _check(sliced, code, trees)
    setups = Setups(Demand(code, trees), fabric)
    placed = [(source, _set_up(source, setups)) for source in sliced.kept]
    if not setups.modules:
        msg = "no module is found whose weights an optimizer is given"
        raise NotPromotableError(msg, hint=f"Give it model.parameters() of a module in a variable. {_PLAIN}")
    calls = Calls(code, fabric, modules=setups.modules, iterated=_iterated(trees))
    return replace(sliced, kept=tuple(_rewritten(source, found, calls) for source, found in placed))


def _check(sliced: Slice, code: TorchCode, trees: Sequence[ast.stmt]) -> None:
    """See that there is something to set up.

    Raises:
        NotPromotableError: If there is not, or if a name of the notebook is that of a helper.
    """
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    if not any(getattr(call.func, "attr", "") == "backward" for call in calls):
        msg = "--style fabric is for training loops of PyTorch, and no cell that a result needs calls .backward()"
        raise NotPromotableError(msg, hint=_PLAIN)
    if clash := sorted(identifiers(trees) & {SET_UP, WHOLE, WRITE_ONCE}):
        msg = f"the notebook has a name {clash[0]!r}, which is that of a helper in scripts of this style"
        raise NotPromotableError(msg, hint=f"Rename it. {_PLAIN}")
    for source in sliced.kept:
        for statement in source.statements:
            for call in ast.walk(statement.tree):
                if isinstance(call, ast.Call) and code.makes_optimizer(call) and "self" in code.weights_of(call):
                    line = statement.line + call.lineno - 1
                    msg = f"code cell [{source.index}], line {line}: a module makes its own optimizer"
                    raise NotPromotableError(msg, hint=f"Make the optimizer outside of the module. {_PLAIN}")


def _set_up(source: Source, setups: Setups) -> list[tuple[Statement, list[cst.BaseStatement]]]:
    """Return the statements of a cell, each with itself and, before it, the setups of modules that it needs."""
    return [(each, setups.at_top_level(each.node)) for each in source.statements]


def _rewritten(source: Source, found: Sequence[tuple[Statement, list[cst.BaseStatement]]], calls: Calls) -> Source:
    made: list[Statement] = []
    for statement, placed in found:
        seen = calls.code.set_up_by(source.index, statement.tree)
        after = statements("".join(f"{name} = {calls.fabric}.{method}({name})\n" for name, method in seen.items()))
        nodes: list[Any] = [*(node.visit(calls) for node in placed), *after]
        made += [Statement(node, tree_of(node), statement.line) for node in nodes]
    return replace(source, statements=tuple(made))


def _iterated(trees: Collection[ast.stmt]) -> frozenset[str]:
    """Return the variables that loops go through."""
    loops = [node for tree in trees for node in ast.walk(tree) if isinstance(node, (ast.For, ast.comprehension))]
    return frozenset(name for loop in loops for name in flow_of(loop.iter).reads)
