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

    def sinks(self) -> frozenset[int]:
        """Return the cells that produce results; in a notebook without any, those that do more than show."""
        explicit = {source.index for source in self._sources if self.effects(source).sinks}
        found = explicit | self._wishes.sinks
        return frozenset(found or {source.index for source in self._sources if _works(self.effects(source), source)})

    def trimmed(self, source: Source, needed: frozenset[str], *, is_sink: bool) -> tuple[Source, frozenset[str]]:
        """Remove what is dead in a kept cell, and return what it needs from the cells above."""
        kept: list[Statement] = []
        shown = source.statements[-1] if source.statements and source.shows and is_sink else None
        for statement in reversed(source.statements):
            flow = self.statement_flow(source, statement)
            effects = self._effects[id(statement)]
            if statement is not shown and _is_dead(statement.tree, flow, effects, needed):
                continue
            kept.append(_without_target(statement, flow, needed))
            needed = (needed - flow.binds) | flow.reads
        shows = source.shows and bool(kept) and kept[0] is source.statements[-1]
        return replace(source, statements=tuple(reversed(kept)), shows=shows), needed

    def reason(self, source: Source) -> str:
        """Say why a cell is left out."""
        effects = self.effects(source)
        if "skip" in source.tags:
            return "tagged skip"
        if source.error:
            return source.error
        if not source.statements:
            return source.notes[0] if source.notes else "empty"
        trees = [statement.tree for statement in source.statements]
        if all(isinstance(tree, (ast.Import, ast.ImportFrom)) for tree in trees):
            return "nothing imported here is used"
        return self._reason_of_work(source, trees, effects)

    def _reason_of_work(self, source: Source, trees: Sequence[ast.stmt], effects: Effects) -> str:
        """Say so for a cell with code other than imports."""
        flow = self.flow(source)
        used = [name for name in _in_order(trees, flow.reads) if not name.startswith("rng:")]
        written = _in_order(trees, flow_of(trees).writes) or _in_order(trees, flow.writes)
        texts = [name.removeprefix("file:") for name in flow.writes if name.startswith("file:")]
        files = sorted(text for text in texts if text.isprintable() and ("." in text or "/" in text))
        written = [name for name in written if name not in self._names.imports]
        if not written and files:
            return f"no result reads {_quoted(files[:1])}"
        if not written and effects.plots:
            return f"only plots {_quoted(used)}" if used else "only plots"
        if not written and effects.prints:
            return f"only prints {_quoted(used)}" if used else "only prints"
        if not written:
            return f"only shows `{ast.unparse(trees[-1])}`"
        if effects.plots:
            return f"only plots {_quoted([name for name in used if name not in written] or written)}"
        return f"no result depends on {_quoted(written)}"


def _is_dead(tree: ast.stmt, flow: Flow, effects: Effects, needed: Collection[str]) -> bool:
    """Tell whether leaving a statement out changes nothing: it shows a value, or sets a name nobody reads."""
    if not isinstance(tree, (ast.Expr, ast.Assign, ast.AnnAssign)) or effects.sinks or effects.plots or effects.prints:
        return False
    if effects.unknown or effects.seeds or isinstance(getattr(tree, "value", None), (ast.Await, ast.Yield)):
        return False
    return not (flow.writes & (set(needed) | {SETTING})) and not any(name.startswith("file:") for name in flow.writes)


def _without_target(statement: Statement, flow: Flow, needed: Collection[str]) -> Statement:
    """Keep only the value of ``noise = np.random.randn(3)`` where nobody reads the name."""
    tree = statement.tree
    if not isinstance(tree, ast.Assign) or len(tree.targets) != 1 or not isinstance(tree.targets[0], ast.Name):
        return statement
    if not calls(tree.value) or flow_of(tree).writes & set(needed):
        return statement
    comment = "  # for the random numbers it draws" if any(name.startswith("rng:") for name in flow.writes) else ""
    node = without_target(statement.node, comment)
    return replace(statement, node=node, tree=tree_of(node))


def _works(effects: Effects, source: Source) -> bool:
    idle = (ast.Expr, ast.Import, ast.ImportFrom)
    shows_only = effects.plots or all(isinstance(statement.tree, idle) for statement in source.statements)
    return bool(source.statements) and (not shows_only or bool(effects.changes))


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
