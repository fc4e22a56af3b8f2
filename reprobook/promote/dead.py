"""What of a needed cell is dead: statements that change nothing, and names that nobody reads."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import replace

from reprobook.promote.cell_flow import CellFlow
from reprobook.promote.effect import SETTING, Effects
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.python import calls, tree_of, without_target
from reprobook.promote.source import Source, Statement

_DRAWING = (ast.Expr, ast.Assign, ast.AugAssign, ast.For, ast.If, ast.With)


def is_dead(tree: ast.stmt, flow: Flow, effects: Effects, needed: Collection[str]) -> bool:
    """Tell whether leaving a statement out changes nothing: it shows a value, or sets a name nobody reads."""
    if not isinstance(tree, (ast.Expr, ast.Assign, ast.AnnAssign)) or effects.sinks or effects.plots or effects.prints:
        return False
    if effects.unknown or effects.seeds or isinstance(getattr(tree, "value", None), (ast.Await, ast.Yield)):
        return False
    return not (flow.writes & (set(needed) | {SETTING})) and not any(
        name.startswith(("file:", "path:")) for name in flow.writes
    )


def mere_drawing(source: Source, needed: frozenset[str], cells: CellFlow) -> list[Statement]:
    """Return the statements of a cell that draw its figures, if nobody needs anything else of them: all, or none."""
    drawing = [each for each in source.statements if cells.effects_of(each).figures]
    used = needed | {SETTING}
    used = used.union(*(cells.statement_flow(source, each).reads for each in source.statements if each not in drawing))
    return drawing if all(_only_draws(each, source, used, cells) for each in drawing) else []


def _only_draws(statement: Statement, source: Source, used: frozenset[str], cells: CellFlow) -> bool:
    effects, writes = cells.effects_of(statement), cells.statement_flow(source, statement).writes
    acts = effects.sinks or effects.prints or effects.unknown or effects.seeds
    files = any(name.startswith(("file:", "path:")) for name in writes)
    return isinstance(statement.tree, _DRAWING) and not acts and not files and not writes & used


def without_unread_target(statement: Statement, flow: Flow, needed: Collection[str]) -> Statement:
    """Keep only the value of ``noise = np.random.randn(3)`` where nobody reads the name."""
    tree = statement.tree
    if not isinstance(tree, ast.Assign) or len(tree.targets) != 1 or not isinstance(tree.targets[0], ast.Name):
        return statement
    if not calls(tree.value) or flow_of(tree).writes & set(needed):
        return statement
    comment = "  # for the random numbers it draws" if any(name.startswith("rng:") for name in flow.writes) else ""
    node = without_target(statement.node, comment)
    return replace(statement, node=node, tree=tree_of(node))
