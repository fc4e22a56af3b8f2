"""Which cells decide the results: the notebook's data flow, followed back from what it logs and saves.

After Weiser, *Program slicing* (1984), on cells instead of statements, with generators, files and settings as names.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from reprobook.promote import libraries
from reprobook.promote.effects import SETTING, Effects, effects_of
from reprobook.promote.flow import Flow, flow_of, names_in_order
from reprobook.promote.meaning import Names, aliases, later_reads, names_in
from reprobook.promote.python import calls, tree_of, without_target
from reprobook.promote.source import Source, Statement

_NONE: frozenset[str] = frozenset()
_MOST_NAMES = 3  # in a reason


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
    """Keep the cells that the results depend on."""
    names = names_in(sources)
    facts = _Facts(sources, names, wishes)
    kept: dict[int, Source] = {}
    needed: frozenset[str] = _NONE
    sinks = facts.sinks()
    for source in reversed(sources):
        if source.index in wishes.keep or _is_wanted(source, facts, sinks, needed, later=bool(kept)):
            trimmed, needed = facts.trimmed(source, needed, is_sink=source.index in wishes.sinks)
            kept[source.index] = trimmed
    dropped = [Dropped(s.index, facts.reason(s)) for s in sources if s.index not in kept]
    return Slice(tuple(kept[index] for index in sorted(kept)), tuple(dropped), names)


def _is_wanted(source: Source, facts: _Facts, sinks: Collection[int], needed: Collection[str], *, later: bool) -> bool:
    if "skip" in source.tags:
        return False
    if "keep" in source.tags or source.index in sinks:
        return True
    flow = facts.flow(source)
    settings = later and (SETTING in flow.writes or bool(source.refusals))
    return settings or bool(flow.writes & set(needed))


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
            draws = draws & _moved(observed)
        # That an alias changes too makes nobody need it: it is written, not read.
        reads = self._closure(plain.reads | touched | draws | effects.needs) - self._names.imported
        return Flow(reads, plain.writes | changes | draws | effects.seeds, plain.binds | effects.seeds)

    def _moved(observed: Observed) -> frozenset[str]:
    """Return the generators that a cell really moved; devices count as torch's."""
    before, after = observed.rng_before, observed.rng_after
    moved = {name for name in after if before.get(name) != after[name]}
    return frozenset(f"rng:{name}" if name in {"python", "numpy"} else "rng:torch" for name in moved)


def _in_order(trees: Sequence[ast.stmt], names: Collection[str]) -> list[str]:
    """Return those of the names that stand in the code, in source order."""
    defined = [tree.name for tree in trees if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    found = dict.fromkeys([*defined, *names_in_order(trees)])
    return [name for name in found if name in names and name not in libraries.PURE_BUILTINS]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")
