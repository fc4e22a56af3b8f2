"""What the seed of a run still decides in code that seeds generators itself, or draws no random number."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reprobook.promote import libraries
from reprobook.promote.cell_flow import CellFlow
from reprobook.promote.effect import Effects
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.passage import once_run
from reprobook.promote.prose import listed
from reprobook.promote.source import Source, Statement

_NONE: frozenset[str] = frozenset()
_MOST = 4


@dataclass(frozen=True)
class Reseeding:
    """What the seed of a run decides.

    Attributes:
        meaning: In words, for the help of an option; empty where it decides nothing.
        passing: The values that it decides, by name and code cell, where that is all and others follow under the same
            names from code that is seeded: nobody would want an option for these. None if it decides more.
    """

    meaning: str
    passing: tuple[tuple[str, int], ...] | None = None


@dataclass(frozen=True)
class _Result:
    """A metric, or what else a cell gives, in words; and whether the seed of the run decides it."""

    text: str
    cell: int
    is_metric: bool
    free: bool


def reseeding_of(kept: Sequence[Source], cells: CellFlow, shown: Mapping[int, Collection[str]] | None) -> Reseeding:
    """Say what the seed of a run does: to a generator that the code seeds itself, nothing from there on.

    Nothing at all where no number is drawn before: then the script needs no such option. ``shown`` are the names of
    the metrics that cells show without logging them.
    """
    seeded, drawn = _NONE, _NONE
    for source in kept:
        for statement in source.statements:
            reads = cells.statement_flow(source, statement).reads
            drawn |= {name for name in reads if name in libraries.STREAM_WORDS} - seeded
            seeded |= _seeds(statement.tree, cells.names)
    if not drawn or not seeded:
        return Reseeding("seeds every generator" if drawn else "")
    results = list(_results(kept, cells, shown or {}))
    free = [each for each in results if each.free]
    last = {each.text: each for each in results}
    if results and all(each.is_metric and not last[each.text].free for each in free):
        return Reseeding("decides no result", tuple((each.text, each.cell) for each in free))
    if len(free) < len(results):
        return Reseeding(f"decides {_listed(dict.fromkeys(each.text for each in free))}")
    return Reseeding(_of_generators(drawn, seeded))


def _of_generators(drawn: Collection[str], seeded: Collection[str]) -> str:
    bound = [word for stream, word in libraries.STREAM_WORDS.items() if stream in drawn and stream in seeded]
    free = [word for stream, word in libraries.STREAM_WORDS.items() if stream in drawn and stream not in seeded]
    until = f"{listed(bound)} only until the code seeds {'it' if len(bound) == 1 else 'them'}" if bound else ""
    return f"affects {'; '.join(part for part in (listed(free) if free else '', until) if part)}"


def _listed(texts: Collection[str]) -> str:
    first, more = list(texts)[:_MOST], len(texts) - _MOST
    return listed([*first, *([f"{more} more"] if more > 0 else [])])


def _results(kept: Sequence[Source], cells: CellFlow, shown: Mapping[int, Collection[str]]) -> Iterator[_Result]:
    """Yield what the cells give, in order, by following what the generators of the run's seed gave."""
    free = frozenset(libraries.STREAM_WORDS)
    for source in kept:
        for statement in source.statements:
            flow = cells.statement_flow(source, statement)
            once = flow_of(once_run(statement.tree))
            depends = bool((flow.reads - (once.binds - once.uses)) & free)  # what it makes itself, it does not take
            free = free | flow.writes if depends else free - flow.binds - once.binds
            free -= _seeds(statement.tree, cells.names)
            effects = cells.effects_of(statement)
            for text, is_metric in _given(source, statement, effects, shown):
                yield _Result(text, source.index, is_metric, depends)


def _given(
    source: Source, statement: Statement, effects: Effects, shown: Mapping[int, Collection[str]]
) -> Iterator[tuple[str, bool]]:
    """Yield what a statement gives: metrics by their names, other things in words."""
    where = f"code cell {source.index}"
    shows = effects.prints or (source.shows and statement is source.statements[-1])
    if effects.sinks:
        names = _logged(statement.tree)
        yield from ((name, True) for name in names)
        if not names:
            yield f"what {where} logs or saves", False
    elif source.index in shown and shows:
        yield from ((name, True) for name in dict.fromkeys(shown[source.index]))
    elif effects.prints:
        yield f"what {where} prints", False
    if effects.figures:
        yield f"the figure of {where}", False
    if any(name.startswith("file:") for name in effects.changes):
        yield f"the files of {where}", False


def _logged(tree: ast.AST) -> list[str]:
    """Return the metrics that a statement logs by name, where it does no more than that."""
    call = tree.value if isinstance(tree, ast.Expr) else None
    if not isinstance(call, ast.Call) or getattr(call.func, "attr", "") != "log":
        return []
    names = [word.arg for word in call.keywords if word.arg != "step"]
    return [name for name in names if name] if all(names) and not call.args else []


def _seeds(tree: ast.stmt, names: Names, seen: Sequence[str] = ()) -> frozenset[str]:
    """Return the generators that a statement surely sets: by a library, or by a function of the notebook."""
    call = tree.value if isinstance(tree, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return _NONE
    dotted = names.dotted(call.func)
    if dotted is not None:
        return frozenset(libraries.SEEDING.get(dotted, ()))  # without an argument it seeds from entropy
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    function = names.definitions.get(name)
    if not isinstance(function, ast.FunctionDef) or name in seen:
        return _NONE
    return _NONE.union(*(_seeds(statement, names, [*seen, name]) for statement in function.body))
