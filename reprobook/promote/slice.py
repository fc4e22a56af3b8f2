"""Which cells decide the results: the notebook's data flow, followed back from what it logs and saves.

After Weiser, *Program slicing* (1984), on cells instead of statements, with generators, files and settings as names.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from reprobook.errors import NotPromotableError
from reprobook.promote import refusal
from reprobook.promote.cell_flow import CellFlow, Observed
from reprobook.promote.effect import SETTING, Effects
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.meaning import Names, bound_names, names_in
from reprobook.promote.reasons import quoted, reason
from reprobook.promote.results import nameless_results, only_looks
from reprobook.promote.source import Source, Statement
from reprobook.promote.training import shown_of_training, trains
from reprobook.promote.trim import Care, trimmed

_NONE: frozenset[str] = frozenset()
_NO_CELLS: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Dropped:
    """A code cell that is left out, or a part of one, which begins with ``line``; and why, in plain words."""

    cell: int
    reason: str
    line: str = ""


@dataclass(frozen=True)
class Slice:
    """The kept cells, with what is dead in them removed; the dropped ones; and what was removed of the kept."""

    kept: tuple[Source, ...]
    dropped: tuple[Dropped, ...]
    names: Names
    trimmed: tuple[Dropped, ...] = ()


@dataclass(frozen=True)
class Wishes:
    """What decides beyond the code.

    Attributes:
        observed: What a run saw of each cell, by code index.
        sinks: Code indices of cells that show a metric.
        keep: Code indices to keep in any case.
        parameters: The parameters that nothing changes: a cell that only sets them keeps nothing else.
        figures: Whether to keep figures of what training made.
    """

    observed: Mapping[int, Observed]
    sinks: frozenset[int] = frozenset()
    keep: frozenset[int] = frozenset()
    parameters: frozenset[str] = frozenset()
    figures: bool = False


def slice_notebook(sources: Sequence[Source], wishes: Wishes) -> Slice:
    """Keep the cells that the results depend on, and the figures that show them.

    Raises:
        NotPromotableError: If a result depends on a cell tagged ``skip``.
    """
    facts = _Facts(sources, names_in(sources), wishes)
    found = _sliced(facts, frozenset())
    figures = frozenset(facts.shown.figures) - {source.index for source in found.kept} if facts.draws else _NO_CELLS
    for cells in ([figures] if figures else []) + [frozenset({cell}) for cell in sorted(figures)]:
        missing = cells - {source.index for source in found.kept}
        if missing and (more := _with_figures(facts, found, missing)):
            found = more
    return found


def _with_figures(facts: _Facts, found: Slice, figures: frozenset[int]) -> Slice | None:
    """Return the slice with figures in it, too; None if they take more than drawing.

    A figure shows a result. It is worth neither another training nor other random numbers.
    """
    drawn = figures | {source.index for source in found.kept if source.index in facts.shown.figures}
    known = {(source.index, statement.line) for source in found.kept for statement in source.statements}
    try:
        more = _sliced(facts, drawn)
        added = [
            (source, statement)
            for source in more.kept
            for statement in source.statements
            if (source.index, statement.line) not in known
        ]
        refusal.check((source for source, _ in added), found.names, bound_names(facts.sources))
    except NotPromotableError:
        return None
    return None if any(facts.is_costly(source, statement) for source, statement in added) else more


def _sliced(facts: _Facts, figures: frozenset[int]) -> Slice:
    """Go through the cells from the last to the first; ``figures`` are cells to keep for what they draw."""
    kept: dict[int, Source] = {}
    left_out: list[Dropped] = []
    needed: frozenset[str] = _NONE
    wishes, sinks = facts.wishes, facts.sinks() | figures
    if not any(facts.gives_result(source) for source in facts.sources):
        needed = facts.variables()  # where nothing is logged or shown, the variables are the result
    for source in reversed(facts.sources):
        if source.index not in wishes.keep and "skip" in source.tags:
            _check_skipped(source, facts.cells.flow(source), needed, is_sink=facts.gives_result(source))
        elif source.index in wishes.keep or _is_wanted(source, facts, sinks, needed, later=bool(kept)):
            rest = trimmed(source, needed, facts.cells, facts.care(source, needed, sinks))
            kept[source.index], needed = rest.source, rest.needed
            left_out = [*(facts.left_out_of(source, part) for part in rest.removed), *left_out]
    again = _NONE.union(*(flow_of(each.tree).binds for source in kept.values() for each in source.statements))
    dropped = [Dropped(s.index, facts.why(s, again)) for s in facts.sources if s.index not in kept]
    return Slice(tuple(kept[index] for index in sorted(kept)), tuple(dropped), facts.cells.names, tuple(left_out))


def _is_wanted(source: Source, facts: _Facts, sinks: Collection[int], needed: Collection[str], *, later: bool) -> bool:
    if "keep" in source.tags or source.index in sinks:
        return True
    flow = facts.cells.flow(source)
    settings = later and (SETTING in flow.writes or bool(source.refusals))
    return settings or bool(flow.writes & set(needed))


def _check_skipped(source: Source, flow: Flow, needed: Collection[str], *, is_sink: bool) -> None:
    """See that the tag ``skip`` takes nothing from a result; draws of random numbers are left to the proof."""
    taken = sorted(name for name in flow.writes & set(needed) if ":" not in name)
    if taken or is_sink:
        why = f"a result needs {quoted(taken)} from it" if taken else "it gives a result itself"
        msg = f"code cell [{source.index}] is tagged 'skip', but {why}"
        raise NotPromotableError(msg, hint="Remove the tag, or tag 'skip' what uses it, too.")


class _Facts:
    """What the cells do, and what is asked for."""

    def __init__(self, sources: Sequence[Source], names: Names, wishes: Wishes) -> None:
        self.cells = CellFlow(sources, names, wishes.observed)
        self.sources = sources
        self.wishes = wishes
        self.shown = shown_of_training(sources, self.cells)
        # Only pyplot's figures are saved.
        self.draws = wishes.figures and "matplotlib.pyplot" in names.imports.values()

    def gives_result(self, source: Source) -> bool:
        """Tell whether a cell logs, saves or shows a result."""
        return self.cells.effects(source).sinks or source.index in self.wishes.sinks

    def variables(self) -> frozenset[str]:
        """Return every variable that the notebook sets, figures apart; one with an underscore is not to be read."""
        trees = [statement.tree for source in self.sources for statement in source.statements]
        found = frozenset(name for tree in trees for name in flow_of(tree).writes if not name.startswith("_"))
        return found - self.cells.names.figures

    @cache  # noqa: B019 - the facts live as long as one slicing
    def sinks(self) -> frozenset[int]:
        """Return the cells that produce results; in a notebook without any, those that do more than show."""
        found = {source.index for source in self.sources if self.gives_result(source)}
        if found:
            return frozenset(found) | nameless_results(self.sources, self.cells.names) | self.shown.prints
        return frozenset({source.index for source in self.sources if _works(self.cells.effects(source), source)})

    def is_costly(self, source: Source, statement: Statement) -> bool:
        """Tell a statement that trains or draws random numbers."""
        flow = self.cells.statement_flow(source, statement)
        draws = any(name.startswith("rng:") for name in flow.writes)
        return draws or trains(statement.tree, self.cells.names)

    def why(self, source: Source, again: frozenset[str] = _NONE) -> str:
        """Say why a cell, or a part of one, is left out; ``again`` are variables that the script sets elsewhere."""
        why = reason(source, self.cells.flow(source), self.cells.effects(source), self.cells.names.imports)
        trees = [statement.tree for statement in source.statements]
        elsewhere = why.startswith("no result depends on") and bool(flow_of(trees).binds & again)
        return f"{why} as set here" if elsewhere else why

    def left_out_of(self, source: Source, part: Source) -> Dropped:
        """Describe a part of a cell that is left out."""
        return Dropped(source.index, self.why(part), part.written(part.statements[0]))

    def care(self, source: Source, needed: frozenset[str], sinks: Collection[int]) -> Care:
        """Say what stays in a kept cell: all of one that was asked for, no more than that of one for a parameter."""
        whole = source.index in self.wishes.keep or "keep" in source.tags
        shows = source.index in self.wishes.sinks and source.shows and bool(source.statements)
        writes = self.cells.flow(source).writes
        wanted = writes & needed
        acts = SETTING in writes or bool(source.refusals) or source.index in sinks
        only = self.wishes.parameters if wanted and wanted <= self.wishes.parameters and not acts else None
        figures = (source.index in self.shown.figures and self.draws) or self.gives_result(source)
        return Care(whole, source.statements[-1] if shows else None, only, figures)


def _works(effects: Effects, source: Source) -> bool:
    idle = (ast.Expr, ast.Import, ast.ImportFrom)
    only_shows = all(
        isinstance(statement.tree, idle) and (not effects.prints or only_looks(statement.tree))
        for statement in source.statements
    )
    return bool(source.statements) and (not (effects.plots or only_shows) or bool(effects.changes))
