"""The way through two traces, cell by cell: which cells differ by themselves, and which only pass it on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reprobook.hazards.timing import Timings, timings_of
from reprobook.trace import CellTrace
from reprobook.verify import evidence
from reprobook.verify.labels import Labels
from reprobook.verify.model import Divergence
from reprobook.verify.order import in_source_order
from reprobook.verify.pair import Pair

Cells = Mapping[int, CellTrace]
Results = Mapping[int | None, tuple[str, ...]]


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


@dataclass
class Walk:
    """Goes through the cells in order, and keeps what already differs."""

    source: Source
    results: dict[int | None, tuple[str, ...]]
    aside: frozenset[str] = frozenset()  # names of labels that decide nothing
    labels: Sequence[Labels] = ()
    origins: list[Divergence] = field(default_factory=list)
    passed_on: list[Divergence] = field(default_factory=list)
    differing: set[int] = field(default_factory=set)
    benign: set[str] = field(default_factory=set)
    pairs: dict[int, Pair] = field(default_factory=dict)
    _names: set[str] = field(default_factory=set)
    _generators: set[str] = field(default_factory=set)
    _timed: bool = False

    def __post_init__(self) -> None:
        self._timings = timings_of(self.source.sources)

    def over(self, left: Cells, right: Cells) -> Walk:
        """Go through all cells, in order."""
        for index in sorted(left.keys() | right.keys()):
            if index in left and index in right:
                self.pair(left[index], right[index])
            elif index in left:
                self.missing(left[index])
            # A cell that only the replay ran was skipped in the live session: it shows where its names are read.
        return self

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

    def decided(self) -> Iterator[Pair]:
        """Yield the cells that a label may have decided: no draw explains how they differ."""
        origins = {each.cell for each in self.origins}
        for index, pair in self.pairs.items():
            seeds = any(call.kind == "seed" for call in pair.original.calls)
            if pair.rng or seeds or (index in origins and not pair.unlike_draws):
                yield pair

    def _shows_label(self, index: int, pair: Pair) -> bool:
        """Tell whether a cell has a label to show that decides nothing."""
        made = index < len(self.labels) and self.labels[index].makes
        return made or not self.aside.isdisjoint(pair.original.reads.keys() | pair.original.writes.keys())

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
        self._timed = self._timed or bool(benign)
        self.benign |= differing & self.aside
        return Pair(pair.original, pair.replay, pure | carried | self.aside)

    def _divergence(self, index: int, pair: Pair, strange: set[str], sinks: tuple[str, ...]) -> Divergence | None:
        """Describe how a cell differs, None if it does not."""
        timing = self._timings[index] if index < len(self._timings) else Timings()
        outputs = pair.outputs and not (timing.clocks or self._timed or self._shows_label(index, pair))
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
