"""Compare two traces, cell by cell: pure, from evidence to differences.

A difference is looked for where it arises: a cell that read what already differed only passes it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from reprobook.trace import CellTrace, Sink, Trace, ValueDigest
from reprobook.verify import evidence
from reprobook.verify.model import Divergence
from reprobook.verify.pair import Pair


@dataclass(frozen=True)
class Comparison:
    """What two traces have and have not in common.

    Attributes:
        first: The first cell that went another way by itself; None if the traces agree.
        all: Every cell that differs, in cell order.
        opaque: Names that could not be compared as a whole: equal digests of them prove nothing.
        cells: Every code cell that ran in either.
        paired: How many of them ran in both.
    """

    first: Divergence | None
    all: tuple[Divergence, ...]
    opaque: tuple[str, ...]
    cells: tuple[int, ...]
    paired: int


def compare(original: Trace, replay: Trace, cell_ids: Sequence[str | None] = ()) -> Comparison:
    """Compare what two runs of one notebook did; cells are paired by code index, of repeated ones the last counts.

    ``cell_ids`` are those of the notebook's code cells, where the traces may not have them.
    """
    left, right = _last_executions(original), _last_executions(replay)
    results = _differing_sinks(original, replay)
    found: list[Divergence] = []
    first: Divergence | None = None
    tainted: set[str] = set()
    for index in sorted(left.keys() | right.keys()):
        if index in left and index in right:
            pair = Pair(left[index], right[index])
            strange = pair.reads - tainted
            divergence = _divergence(pair, strange, results.pop(index, ()))
            tainted |= pair.reads | pair.writes
            # What it read was equal, or differed though no cell before it made it so (it changed through an alias).
            by_itself = bool(strange) or not pair.reads
        else:
            # A cell that only the replay ran was skipped in the live session: it shows where its names are read.
            divergence = evidence.missing_cell(left[index]) if index in left else None
            by_itself = True
        if divergence:
            found.append(divergence)
            first = first or (divergence if by_itself else None)
    # Logged outside of any cell that was compared.
    found += [evidence.of_sinks(None, None, sinks) for sinks in results.values()]
    found = [_named(each, cell_ids) for each in found]
    return Comparison(
        first=_named(first, cell_ids) if first else next(iter(found), None),
        all=tuple(found),
        opaque=_opaque(left, right),
        cells=tuple(sorted(left.keys() | right.keys())),
        paired=len(left.keys() & right.keys()),
    )


def _named(divergence: Divergence, cell_ids: Sequence[str | None]) -> Divergence:
    """Return a divergence with the id of its cell."""
    cell = divergence.cell
    if divergence.cell_id or cell is None or cell >= len(cell_ids):
        return divergence
    return divergence.model_copy(update={"cell_id": cell_ids[cell]})


def _last_executions(trace: Trace) -> dict[int, CellTrace]:
    """Return the last execution of each cell of the notebook."""
    return {cell.index: cell for cell in trace.cells if cell.index is not None}


def _divergence(pair: Pair, strange: set[str], sinks: tuple[str, ...]) -> Divergence | None:
    """Describe how a cell differs, None if it does not."""
    if pair.writes or strange or pair.rng or pair.outputs or pair.ended:
        return Divergence(
            cell=pair.original.index,
            cell_id=pair.replay.cell_id or pair.original.cell_id,
            names=tuple(sorted(strange or pair.writes)) or sinks,
            evidence=evidence.of_cell(pair, strange, sinks),
            values=evidence.changes(strange, pair.original.reads, pair.replay.reads)
            or evidence.changes(pair.writes, pair.original.writes, pair.replay.writes),
        )
    return evidence.of_sinks(pair.original.index, pair.replay.cell_id, sinks) if sinks else None


def _differing_sinks(original: Trace, replay: Trace) -> dict[int | None, tuple[str, ...]]:
    """Return the names of metrics and artifacts whose entries differ, by the cell that logged them."""
    found: dict[int | None, tuple[str, ...]] = {}
    if original.result_digest == replay.result_digest:
        return found
    for a, b in zip_longest(_results(original), _results(replay)):
        one = a or b
        if one and (a is None or b is None or _entry(a) != _entry(b)) and one.name not in found.get(one.cell, ()):
            found[one.cell] = (*found.get(one.cell, ()), one.name)
    return found


def _results(trace: Trace) -> Iterator[Sink]:
    """Yield the sinks that count: the explicit ones if there are any."""
    explicit = [sink for sink in trace.sinks if sink.explicit]
    yield from explicit or trace.sinks


def _entry(sink: Sink) -> tuple[str, str, int | None, str]:
    """Return what of a sink is a result."""
    return (sink.kind, sink.name, sink.step, sink.digest)


def _opaque(left: Mapping[int, CellTrace], right: Mapping[int, CellTrace]) -> tuple[str, ...]:
    """Return the names of which some content was not covered although what was covered is equal."""
    names = set()
    for index in left.keys() & right.keys():
        a, b = left[index].writes, right[index].writes
        names |= {name for name in a.keys() & b.keys() if a[name].digest == b[name].digest and _is_partial(a[name])}
    return tuple(sorted(names))


def _is_partial(value: ValueDigest) -> bool:
    """Tell whether a digest covers only part of a value."""
    return value.opaque or value.kind.startswith("sampled:")
