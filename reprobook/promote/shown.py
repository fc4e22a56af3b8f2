"""Metrics that a notebook shows without logging them: its results where it logs nothing."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from reprobook.promote.effects import effects_of
from reprobook.promote.figures import is_plotting
from reprobook.promote.meaning import Names
from reprobook.promote.metric_names import names_told_apart
from reprobook.promote.source import Source
from reprobook.trace.shown import is_telling


@dataclass(frozen=True)
class ShownMetrics:
    """Which cells show metrics, and how.

    Attributes:
        cells: Code indices of the cells.
        expressions: Those whose last expression does: the names it gave, each with that under which the script logs
            it, where it is one variable and every shown metric of the notebook comes from such a variable; else None,
            and the script asks as it runs.
        printed: Whether the script must read metrics from what it shows.
    """

    cells: frozenset[int] = frozenset()
    expressions: Mapping[int, Mapping[str, str] | None] = field(default_factory=dict)
    printed: bool = False

    @property
    def renamed(self) -> dict[tuple[int, str], str]:
        """The metrics that the script gives another name, by cell and name."""
        shown = [(cell, name, new) for cell, names in self.expressions.items() for name, new in (names or {}).items()]
        return {(cell, name): new for cell, name, new in shown if new != name}


def shown_metrics(sources: Sequence[Source], names: Names, shown: Mapping[int, Collection[str]] | None) -> ShownMetrics:
    """Find the shown metrics, in what a run saw (``shown``), else by the look of the code."""
    effects = {source.index: [effects_of(s.tree, names) for s in source.statements] for source in sources}
    if any(one.sinks for found in effects.values() for one in found):
        return ShownMetrics()
    if shown is None:
        shown = {source.index: () for source in sources if _looks_like_metric(source, names)}
    last = {source.index: source.statements[-1].tree for source in sources if source.statements and source.shows}
    values = {
        cell: tree.value
        for cell, tree in last.items()
        if cell in shown and isinstance(tree, ast.Expr) and not effects[cell][-1].prints
        if not is_plotting(tree.value, names)
    }
    prints = {cell for cell in shown if any(one.prints for one in effects.get(cell, ()))}
    plain = all(isinstance(value, ast.Name) and shown[cell] for cell, value in values.items())
    if plain and not prints and set(values) == set(shown):
        return ShownMetrics(frozenset(shown), _called(values, shown, sources, names), printed=False)
    return ShownMetrics(frozenset(shown), dict.fromkeys(values), printed=bool(shown))


def _called(
    values: Mapping[int, ast.expr], shown: Mapping[int, Collection[str]], sources: Sequence[Source], names: Names
) -> dict[int, Mapping[str, str] | None]:
    """Return what each cell shows, with what the script calls it; what a dict holds keeps its names."""
    variables = {cell: ast.unparse(value) for cell, value in values.items()}
    alone = {cell: name for cell, name in variables.items() if name in shown[cell]}
    called = names_told_apart(alone, sources, {*names.imports, *names.definitions})
    return {cell: {name: called.get(cell, name) for name in shown[cell]} for cell in values}


def is_expression(name: str) -> bool:
    """Tell a metric that is called by the code that gave it, such as ``len(words)``, from one with a name."""
    try:
        tree = ast.parse(name, mode="eval").body
    except (SyntaxError, ValueError):
        return False
    # A name that an author wrote may look like code too: ``mean-length``, ``steps (all)``.
    return " (" not in name and any(isinstance(node, (ast.Call, ast.Subscript)) for node in ast.walk(tree))


def _looks_like_metric(source: Source, names: Names) -> bool:
    """Guess whether a cell shows a metric: a telling name at its end, or printed text with ``:`` or ``=``."""
    if not source.statements:
        return False
    last = source.statements[-1].tree
    if source.shows and isinstance(last, ast.Expr):
        if isinstance(last.value, ast.Dict):
            return True
        words = [word for node in ast.walk(last) for word in (getattr(node, "id", ""), getattr(node, "attr", ""))]
        if any(map(is_telling, words)):
            return not effects_of(last, names).plots
    return any(_prints_number(statement.tree) for statement in source.statements)


def _prints_number(tree: ast.stmt) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
            marked = any(isinstance(text, str) and (":" in text or "=" in text) for text in texts)
            values = any(isinstance(part, ast.Name) and part.id != "print" for part in ast.walk(node))
            if marked and values:
                return True
    return False
