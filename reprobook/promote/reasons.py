"""Why a cell is left out, in plain words."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from reprobook.promote import libraries
from reprobook.promote.effect import Effects
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.identifiers import names_in_order
from reprobook.promote.source import Source

_MOST_NAMES = 3
_SHELL = ("!", "%")
_QUOTE = "'"  # a backtick would end the code
_CHANGING = (ast.Expr, ast.AugAssign)  # they bind no new name


def reason(source: Source, flow: Flow, effects: Effects, imported: Collection[str]) -> str:
    """Say why a cell is left out; ``imported`` are the names that imports bind."""
    if "skip" in source.tags:
        return "tagged skip"
    if source.error:
        return source.error
    if not source.statements:
        return source.notes[0] if source.notes else "only comments" if source.text.strip() else "empty"
    trees = [statement.tree for statement in source.statements]
    if all(isinstance(tree, (ast.Import, ast.ImportFrom)) for tree in trees):
        return "nothing imported here is used"
    used = [name for name in _in_order(trees, flow.reads) if not name.startswith("rng:")]
    bound = flow_of(trees).writes if any(not isinstance(tree, _CHANGING) for tree in trees) else frozenset()
    written = _in_order(trees, bound) or _in_order(trees, flow.writes)
    written = [name for name in written if name not in imported]
    if written:
        plotted = _given(trees, {*used, *written}) or [name for name in used if name not in written] or written
        return f"only plots {quoted(plotted)}" if effects.plots else f"no result depends on {quoted(written)}"
    return _of_display(source, flow, effects, used)


def _given(trees: Sequence[ast.stmt], names: Collection[str]) -> list[str]:
    """Return those of the names that calls in a row of their own are given: ``plt.plot(x, y)``."""
    calls = [tree.value for tree in trees if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call)]
    return [name for name in names_in_order([value for call in calls for value in call.args]) if name in names]


def _of_display(source: Source, flow: Flow, effects: Effects, used: Sequence[str]) -> str:
    """Say so for a cell that sets no variable."""
    texts = [name.removeprefix("file:") for name in flow.writes if name.startswith("file:")]
    files = sorted(text for text in texts if text.isprintable() and ("." in text or "/" in text))
    if files:
        return f"no result reads {quoted(files[:1])}"
    if effects.plots:
        return f"only plots {quoted(used)}" if used else "only plots"
    if effects.prints:
        return f"only prints {quoted(used)}" if used else "only prints"
    last = source.statements[-1]
    if effects.seeds:
        return f"no result draws from what `{ast.unparse(last.tree)}` seeds"
    if (line := source.written(last)).startswith(_SHELL):
        return f"no result reads what `{line.replace('`', _QUOTE)}` does"
    return f"only shows `{ast.unparse(last.tree)}`"


def quoted(names: Sequence[str]) -> str:
    """Return names as code, the first few of them."""
    return ", ".join(f"`{name}`" for name in names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")


def _in_order(trees: Sequence[ast.stmt], names: Collection[str]) -> list[str]:
    """Return those of the names that stand in the code, in source order."""
    defined = [tree.name for tree in trees if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    found = dict.fromkeys([*defined, *names_in_order(trees)])
    return [name for name in found if name in names and name not in libraries.PURE_BUILTINS]
