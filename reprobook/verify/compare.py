"""Compare two traces, cell by cell: pure, from evidence to differences.

A difference is looked for where it arises: a cell that read what already differed, or drew from a generator that an
earlier cell already drew from otherwise, only passes it on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest

from reprobook.trace import CellTrace, Sink, Trace, ValueDigest, is_timing_name
from reprobook.trace.sinks import counted
from reprobook.verify.labels import labels_of
from reprobook.verify.model import Divergence
from reprobook.verify.pair import Pair
from reprobook.verify.resume import Resumption, resumption
from reprobook.verify.walk import Cells, Results, Source, Walk


@dataclass(frozen=True)
class Comparison:
    """What two traces have and have not in common.

    Attributes:
        first: The first cell that went another way by itself; None if the traces agree.
        origins: Every cell that did, in cell order; results that no cell explains last.
        differing: Every cell that differs, consequences included.
        benign: Names that differ and hold nothing but timings and labels of the run.
        opaque: Names that could not be compared as a whole: equal digests of them prove nothing.
        cells: Every code cell that ran in either.
        pairs: Both sides of each cell that ran in both.
        resumed: How the replay went on from an earlier run's checkpoint and came to the same end, if it did.
    """

    first: Divergence | None
    origins: tuple[Divergence, ...]
    differing: tuple[int, ...]
    benign: tuple[str, ...]
    opaque: tuple[str, ...]
    cells: tuple[int, ...]
    pairs: Mapping[int, Pair]
    resumed: Resumption | None = None


def compare(original: Trace, replay: Trace, source: Source | None = None) -> Comparison:
    """Compare what two runs of one notebook did; cells are paired by code index, of repeated ones the last counts."""
    left, right = original.by_cell(), replay.by_cell()
    source, results = source or Source(), _differing_sinks(original, replay)
    walk = _without_idle_labels(source, results, left, right)
    origins = [*walk.origins, *walk.loose_results()]
    # Of a chain of consequences whose origin is out of sight, the first link is the best that can be said.
    if walk.passed_on and not walk.origins:
        origins.insert(0, walk.passed_on[0])
    if resumed := resumption(walk.pairs, walk.differing):
        origins = []
        walk.benign |= resumed.names
    return Comparison(
        first=next(iter(origins), None),
        origins=tuple(origins),
        differing=tuple(sorted(walk.differing)),
        benign=tuple(sorted(walk.benign)),
        opaque=_opaque(left, right),
        cells=tuple(sorted(left.keys() | right.keys())),
        pairs=walk.pairs,
        resumed=resumed,
    )


def _without_idle_labels(source: Source, results: Results, left: Cells, right: Cells) -> Walk:
    """Go through the cells with those labels left out of which nothing but labels came."""
    labels = labels_of(source.sources)
    names = frozenset[str]().union(*(each.names for each in labels))
    while True:
        walk = Walk(source, dict(results), names, labels).over(left, right)
        busy = frozenset[str]().union(*(_deciding(pair) for pair in walk.decided())) & names
        if not busy:
            return walk
        names -= busy


def _deciding(pair: Pair) -> frozenset[str]:
    """Return the labels that a cell which went another way by itself had to do with."""
    whole = Pair(pair.original, pair.replay)
    return frozenset(whole.reads | whole.writes)


def _differing_sinks(original: Trace, replay: Trace) -> dict[int | None, tuple[str, ...]]:
    """Return the names of metrics and artifacts whose entries differ, by the cell that logged them."""
    if original.result_digest == replay.result_digest:
        return {}
    found: dict[int | None, tuple[str, ...]] = {}
    left, right = _results(original), _results(replay)
    repeated = Counter(cell.index for cell in original.cells)
    for cell in left | right:
        a, b = left.get(cell, []), right.get(cell, [])
        if repeated[cell] > 1 and len(a) > len(b):
            a = a[len(a) - len(b) :]  # of a cell that ran again, what it logged last
        names = dict.fromkeys(one.name for x, y in zip_longest(a, b) for one in _unlike(x, y))
        if names:
            found[cell] = tuple(names)
    return found


def _results(trace: Trace) -> dict[int | None, list[Sink]]:
    """Return the sinks that count, by cell: the explicit ones if there are any, and no timings."""
    found: dict[int | None, list[Sink]] = {}
    for sink in counted(trace.sinks):
        # What a deleted cell of a live session showed is no result of the notebook.
        is_stray = sink.cell is None and not sink.explicit
        if not is_timing_name(sink.name) and not is_stray:
            found.setdefault(sink.cell, []).append(sink)
    return found


def _unlike(a: Sink | None, b: Sink | None) -> tuple[Sink, ...]:
    """Return a sink whose entries differ, as one of the two sides has it."""
    one = a or b
    return (one,) if one and (a is None or b is None or _entry(a) != _entry(b)) else ()


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
