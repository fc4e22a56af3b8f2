"""Which cells decide the results: the notebook's data flow, followed back from what it logs and saves.

After Weiser, *Program slicing* (1984), on cells instead of statements, with generators, files and settings as names.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reprobook.errors import NotPromotableError
from reprobook.promote.dead import is_dead, without_unread_target
from reprobook.promote.effects import SETTING, Effects, effects_of
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.meaning import Names, aliases, later_reads, names_in
from reprobook.promote.reasons import quoted, reason
from reprobook.promote.results import printed_results
from reprobook.promote.source import Source, Statement

_NONE: frozenset[str] = frozenset()


class Observed(Protocol):
    """What a run saw of a cell: ``reprobook.trace.CellTrace`` is one."""

    @property
    def writes(self) -> Collection[str]:
        """Names bound or changed."""

    @property
    def rng_before(self) -> Mapping[str, str]:
        """Digests of the generators before the cell."""

    @property
    def rng_after(self) -> Mapping[str, str]:
        """The same, after it."""


@dataclass(frozen=True)
class Dropped:
    """A code cell that is left out, and why, in plain words."""

    cell: int
    reason: str


@dataclass(frozen=True)
class Slice:
    """The kept cells, with what is dead in them removed, and the dropped ones."""

    kept: tuple[Source, ...]
    dropped: tuple[Dropped, ...]
    names: Names


@dataclass(frozen=True)
class Wishes:
    """What decides beyond the code.

    Attributes:
        observed: What a run saw of each cell, by code index.
        sinks: Code indices of cells that show a metric.
        keep: Code indices to keep in any case.
        parameters: The names that become fields of the configuration, which no cell needs to provide.
    """

    observed: Mapping[int, Observed]
    sinks: frozenset[int] = frozenset()
    keep: frozenset[int] = frozenset()
    parameters: frozenset[str] = frozenset()


def slice_notebook(sources: Sequence[Source], wishes: Wishes) -> Slice:
    """Keep the cells that the results depend on.

    Raises:
        NotPromotableError: If a result depends on a cell tagged ``skip``.
    """
    names = names_in(sources)
    facts = _Facts(sources, names, wishes)
    kept: dict[int, Source] = {}
    needed: frozenset[str] = _NONE
    sinks = facts.sinks()
    if not any(facts.gives_result(source) for source in sources):
        needed = facts.variables()  # where nothing is logged or shown, the variables are the result
    for source in reversed(sources):
        if source.index not in wishes.keep and "skip" in source.tags:
            _check_skipped(source, facts.flow(source), needed, is_sink=facts.gives_result(source))
        elif source.index in wishes.keep or _is_wanted(source, facts, sinks, needed, later=bool(kept)):
            trimmed, needed = facts.trimmed(source, needed)
            kept[source.index] = trimmed
    left_out = [s for s in sources if s.index not in kept]
    dropped = [Dropped(s.index, reason(s, facts.flow(s), facts.effects(s), names.imports)) for s in left_out]
    return Slice(tuple(kept[index] for index in sorted(kept)), tuple(dropped), names)


def _is_wanted(source: Source, facts: _Facts, sinks: Collection[int], needed: Collection[str], *, later: bool) -> bool:
    if "keep" in source.tags or source.index in sinks:
        return True
    flow = facts.flow(source)
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
    """Flow and effects of every statement, computed once."""

    def __init__(self, sources: Sequence[Source], names: Names, wishes: Wishes) -> None:
        self._sources = sources
        self._names = names
        self._wishes = wishes
        self._later = later_reads(sources, names)
        self._aliases = aliases(sources, names)
        self._effects = {id(s): effects_of(s.tree, names) for source in sources for s in source.statements}

    def effects(self, source: Source) -> Effects:
        result = Effects()
        for statement in source.statements:
            result |= self._effects[id(statement)]
        return result

    def flow(self, source: Source) -> Flow:
        """Return the flow of a cell, pseudo-names included."""
        result = Flow()
        for statement in source.statements:
            result = result.then(self.statement_flow(source, statement))
        return result

    def statement_flow(self, source: Source, statement: Statement) -> Flow:
        """Return the flow of a statement: what it changes it also reads, what it draws it also advances."""
        if isinstance(statement.tree, (ast.Import, ast.ImportFrom)):
            return Flow()
        plain, effects = flow_of(statement.tree), self._effects[id(statement)]
        touched = effects.changes
        changes = touched | self._aliases_of(touched)
        draws = effects.draws
        if (observed := self._wishes.observed.get(source.index)) is not None:
            changes = self._seen_changes(source, statement, changes, observed)
            touched = touched & changes
            draws = self._seen_draws(source, statement, draws, _moved(observed))
        # That an alias changes too makes nobody need it: it is written, not read.
        reads = self._closure(plain.reads | touched | draws | effects.needs) - self._names.imported
        return Flow(reads, plain.writes | changes | draws | effects.seeds, plain.binds | effects.seeds)

    def _seen_changes(
        self, source: Source, statement: Statement, changes: frozenset[str], observed: Observed
    ) -> frozenset[str]:
        """Prefer what was seen to change; settings and files are known from the code only.

        A change that no statement of the cell explains is put down to every statement that calls with that name.
        """
        pseudo = frozenset(name for name in changes if ":" in name)
        explained = _NONE.union(*(self._may_change(other) for other in source.statements))
        unexplained = frozenset(observed.writes) - explained
        calling = any(isinstance(node, ast.Call) for node in ast.walk(statement.tree))
        used = flow_of(statement.tree).reads if calling else _NONE
        return pseudo | (changes & frozenset(observed.writes)) | (unexplained & used)

    def _seen_draws(
        self, source: Source, statement: Statement, draws: frozenset[str], moved: frozenset[str]
    ) -> frozenset[str]:
        """Prefer the generators that were seen to move; a move that nothing explains is put down to every call."""
        effects = [self._effects[id(other)] for other in source.statements]
        explained = _NONE.union(*(each.draws | each.seeds for each in effects))
        calling = any(isinstance(node, ast.Call) for node in ast.walk(statement.tree))
        return (draws & moved) | (moved - explained if calling else _NONE)

    def _may_change(self, statement: Statement) -> frozenset[str]:
        touched = self._effects[id(statement)].changes
        return touched | self._aliases_of(touched) | flow_of(statement.tree).writes

    def _aliases_of(self, names: frozenset[str]) -> frozenset[str]:
        return _NONE.union(*(self._aliases.get(name, _NONE) for name in names))

    def _closure(self, names: frozenset[str]) -> frozenset[str]:
        """Add what the functions among these names read when they are called."""
        seen: set[str] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in seen:
                seen.add(name)
                stack += self._later.get(name, ())
        return frozenset(seen)

    def gives_result(self, source: Source) -> bool:
        """Tell whether a cell logs, saves or shows a result."""
        return self.effects(source).sinks or source.index in self._wishes.sinks

    def variables(self) -> frozenset[str]:
        """Return every variable that the notebook sets; what begins with an underscore is not meant to be read."""
        trees = [statement.tree for source in self._sources for statement in source.statements]
        return frozenset(name for tree in trees for name in flow_of(tree).writes if not name.startswith("_"))

    def sinks(self) -> frozenset[int]:
        """Return the cells that produce results; in a notebook without any, those that do more than show."""
        found = {source.index for source in self._sources if self.gives_result(source)}
        if found:
            return frozenset(found) | printed_results(self._sources)
        return frozenset({source.index for source in self._sources if _works(self.effects(source), source)})

    def trimmed(self, source: Source, needed: frozenset[str]) -> tuple[Source, frozenset[str]]:
        """Remove what is dead in a kept cell, and return what it needs from the cells above.

        A cell that was asked for stays as it is.
        """
        kept: list[Statement] = []
        whole = source.index in self._wishes.keep or "keep" in source.tags
        is_sink = source.index in self._wishes.sinks
        shown = source.statements[-1] if source.statements and source.shows and is_sink else None
        for statement in reversed(source.statements):
            flow = self.statement_flow(source, statement)
            effects = self._effects[id(statement)]
            if not whole and statement is not shown and is_dead(statement.tree, flow, effects, needed):
                continue
            kept.append(statement if whole else without_unread_target(statement, flow, needed))
            needed = (needed - flow.binds) | flow.reads
        shows = source.shows and bool(kept) and kept[0] is source.statements[-1]
        return replace(source, statements=tuple(reversed(kept)), shows=shows), needed


def _works(effects: Effects, source: Source) -> bool:
    idle = (ast.Expr, ast.Import, ast.ImportFrom)
    only_shows = not effects.prints and all(isinstance(statement.tree, idle) for statement in source.statements)
    return bool(source.statements) and (not (effects.plots or only_shows) or bool(effects.changes))


def _moved(observed: Observed) -> frozenset[str]:
    """Return the generators that a cell really moved; devices count as torch's."""
    before, after = observed.rng_before, observed.rng_after
    moved = {name for name in after if before.get(name) != after[name]}
    return frozenset(f"rng:{name}" if name in {"python", "numpy"} else "rng:torch" for name in moved)
