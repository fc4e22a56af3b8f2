"""The data flow of a notebook's statements: what the code says, sharpened by what a run saw."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from reprobook.promote.effect import Effects
from reprobook.promote.effects import effects_of
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.meaning import Names, aliases, later_reads
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


class CellFlow:
    """Flow and effects of every statement, computed once.

    Args:
        sources: The cells.
        names: What the names of the notebook stand for.
        observed: What a run saw of each cell, by code index.
    """

    def __init__(self, sources: Sequence[Source], names: Names, observed: Mapping[int, Observed]) -> None:
        self.names = names
        self._observed = observed
        self._later = later_reads(sources, names)
        self._aliases = aliases(sources, names)
        self._effects = {id(s): effects_of(s.tree, names) for source in sources for s in source.statements}

    def effects(self, source: Source) -> Effects:
        """Return the effects of a cell."""
        result = Effects()
        for statement in source.statements:
            result |= self.effects_of(statement)
        return result

    def effects_of(self, statement: Statement) -> Effects:
        """Return the effects of a statement of the notebook, or of what is left of one."""
        known = self._effects.get(id(statement))
        return known if known is not None else effects_of(statement.tree, self.names)

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
        plain, effects = flow_of(statement.tree), self.effects_of(statement)
        touched = effects.changes
        changes = touched | self.aliases_of(touched)
        draws = effects.draws
        if (observed := self._observed.get(source.index)) is not None:
            surely = effects.surely | self.aliases_of(effects.surely)
            changes = surely | self._seen_changes(source, statement, changes, observed)
            touched = touched & changes
            draws = self._seen_draws(source, statement, draws, observed)
        # That an alias changes too makes nobody need it: it is written, not read.
        reads = self._closure(plain.reads | touched | draws | effects.needs) - self.names.imported
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
        self, source: Source, statement: Statement, draws: frozenset[str], observed: Observed
    ) -> frozenset[str]:
        """Prefer the generators that were seen to move; a move that nothing explains is put down to every call.

        A generator that was not there before the cell came with the import of its library.
        """
        effects = [self.effects_of(other) for other in source.statements]
        explained = _NONE.union(*(each.draws | each.seeds for each in effects))
        calling = any(isinstance(node, ast.Call) for node in ast.walk(statement.tree))
        unexplained = _streams(_moved(observed) & set(observed.rng_before)) - explained
        return (draws & _streams(_moved(observed))) | (unexplained if calling else _NONE)

    def _may_change(self, statement: Statement) -> frozenset[str]:
        touched = self.effects_of(statement).changes
        return touched | self.aliases_of(touched) | flow_of(statement.tree).writes

    def aliases_of(self, names: frozenset[str]) -> frozenset[str]:
        """Return the variables that may share an object with one of these."""
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


def _moved(observed: Observed) -> frozenset[str]:
    """Return the generators that a cell moved."""
    before, after = observed.rng_before, observed.rng_after
    return frozenset(name for name in after if before.get(name) != after[name])


def _streams(generators: Collection[str]) -> frozenset[str]:
    """Return the pseudo-names of generators; devices count as torch's."""
    return frozenset(f"rng:{name}" if name in {"python", "numpy"} else "rng:torch" for name in generators)
