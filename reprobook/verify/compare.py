"""Compare two traces, cell by cell: pure, from evidence to differences.

A difference is looked for where it arises: a cell that read what already differed, or drew from a generator that an
earlier cell already drew from otherwise, only passes it on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from reprobook.hazards.timing import Timings, timings_of
from reprobook.trace import CellTrace, Sink, Trace, ValueDigest, is_timing_name
from reprobook.trace.sinks import counted
from reprobook.verify import evidence
from reprobook.verify.model import Divergence
from reprobook.verify.order import in_source_order
from reprobook.verify.pair import Pair
from reprobook.verify.resume import Resumption, resumption


@dataclass(frozen=True)
class Source:
    """What of the notebook a comparison needs: source and id of each code cell."""

    sources: Sequence[str] = ()
    cell_ids: Sequence[str | None] = ()

    def text(self, cell: int) -> str:
        """Return the source of a cell, empty if it is not known."""
        return self.sources[cell] if cell < len(self.sources) else ""

    def id(self, cell: int) -> str | None:
        """Return the id of a cell."""
        return self.cell_ids[cell] if cell < len(self.cell_ids) else None


@dataclass(frozen=True)
class Comparison:
    """What two traces have and have not in common.

    Attributes:
        first: The first cell that went another way by itself; None if the traces agree.
        origins: Every cell that did, in cell order; results that no cell explains last.
        differing: Every cell that differs, consequences included.
        benign: Names that differ and hold nothing but timings.
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
    left, right = last_executions(original), last_executions(replay)
    walk = _Walk(source or Source(), _differing_sinks(original, replay))
    for index in sorted(left.keys() | right.keys()):
        if index in left and index in right:
            walk.pair(left[index], right[index])
        elif index in left:
            walk.missing(left[index])
        # A cell that only the replay ran was skipped in the live session: it shows where its names are read.
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


def last_executions(trace: Trace) -> dict[int, CellTrace]:
    """Return the last execution of each cell of the notebook."""
    return {cell.index: cell for cell in trace.cells if cell.index is not None}


@dataclass
class _Walk:
    """Goes through the cells in order, and keeps what already differs."""

    source: Source
    results: dict[int | None, tuple[str, ...]]
    origins: list[Divergence] = field(default_factory=list)
    passed_on: list[Divergence] = field(default_factory=list)
    differing: set[int] = field(default_factory=set)
    benign: set[str] = field(default_factory=set)
    pairs: dict[int, Pair] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _generators: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._timings = timings_of(self.source.sources)

    def pair(self, original: CellTrace, replay: CellTrace) -> None:
        """Compare a cell that ran in both."""
        index = original.index or 0
        pair = self._without_timings(index, Pair(original, replay))
        self.pairs[index] = pair
        drawn = pair.unlike_draws
        strange = pair.reads - self._names
        sinks = self.results.pop(index, ())
        found = self._divergence(index, pair, strange, sinks)
        # What it read was equal, or differed though no cell before it made it so.
        by_itself = bool(strange) or not (pair.reads or (drawn and drawn <= self._generators))
        self._names = (self._names | pair.reads | pair.writes) - _equal_again(pair)
        if found is None:
            return
        # Only draws that showed count: a library may move a generator that nobody looks at.
        self._generators |= drawn
        self.differing.add(index)
        (self.origins if by_itself else self.passed_on).append(found)

    def missing(self, cell: CellTrace) -> None:
        """Take a cell that the replay did not come to."""
        self.origins.append(evidence.missing_cell(cell))
        self.differing.add(cell.index or 0)

    def loose_results(self) -> Iterator[Divergence]:
        """Yield results that differ outside of any cell that was compared."""
        for sinks in self.results.values():
            yield evidence.of_sinks(None, None, sinks)

    def _without_timings(self, index: int, pair: Pair) -> Pair:
        """Leave out the names that hold timings, unless something else depends on them."""
        if index >= len(self._timings):
            return pair
        used = {name for each in self._timings[index:] for name in each.used}
        known = self._timings[: index + 1]
        pure = {name for each in known for name in each.pure} - used
        differing = pair.writes | pair.reads
        carried = {
            name
            for each in known
            for name, others in each.carriers.items()
            if name not in used and not (others & (differing | self._names) - pure - each.carriers.keys())
        }
        benign = differing & (pure | carried)
        self.benign |= benign
        return Pair(pair.original, pair.replay, frozenset(pure | carried))

    def _divergence(self, index: int, pair: Pair, strange: set[str], sinks: tuple[str, ...]) -> Divergence | None:
        """Describe how a cell differs, None if it does not."""
        timing = self._timings[index] if index < len(self._timings) else Timings()
        outputs = pair.outputs and not (timing.clocks or self.benign)
        # A generator that stands elsewhere afterwards is no result: it shows in whoever draws from it next. Nor is
        # what was read otherwise, if nothing came of it.
        if not (pair.writes or outputs or pair.ended or sinks):
            return None
        source = self.source.text(index)
        timed = timing.pure | timing.carriers.keys()
        names = in_source_order(strange or pair.writes, source, timed)
        return Divergence(
            cell=index,
            cell_id=pair.replay.cell_id or pair.original.cell_id or self.source.id(index),
            names=names or sinks,
            evidence=evidence.of_cell(pair, strange, sinks),
            values=evidence.changes(names, pair.original.reads, pair.replay.reads)
            if strange
            else evidence.changes(names, pair.original.writes, pair.replay.writes),
        )


def _equal_again(pair: Pair) -> set[str]:
    """Return the names that the cell wrote with equal content: it made them anew."""
    a, b = pair.original.writes, pair.replay.writes
    return {name for name in a.keys() & b.keys() if a[name].digest == b[name].digest}


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
