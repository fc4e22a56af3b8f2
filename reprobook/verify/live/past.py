"""What lies before a cell in a live session, beside what lies before it in a clean run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from reprobook.execute.history import LoadedModule
from reprobook.notebook.syntax import imported
from reprobook.trace import CellTrace
from reprobook.verify.live.events import Event
from reprobook.verify.live.parameters import LiveParameters
from reprobook.verify.live.source import same_code
from reprobook.verify.pair import Pair

_CODE = frozenset({"function", "class", "type", "method", "builtin", "property", "module"})


@dataclass(frozen=True, kw_only=True)
class Past:
    """A live session and the clean run of the saved notebook.

    Attributes:
        events: What the session executed, in order.
        clean: The clean run's cells, by code index.
        sources: Sources of the saved notebook's code cells.
        parameters: What the clean run was given of the session's parameters.
        edited: Local modules whose file is no longer what the kernel loaded.
        benign: Names that hold timings or labels of the run.
    """

    events: Sequence[Event]
    clean: Mapping[int, CellTrace]
    sources: Sequence[str]
    parameters: LiveParameters = field(default_factory=LiveParameters)
    edited: Sequence[LoadedModule] = ()
    benign: Collection[str] = frozenset()

    @cached_property
    def last(self) -> dict[int, Event]:
        """The last traced execution of each cell: the state of what is on the screen."""
        return {event.index: event for event in self.events if event.index is not None and event.trace}

    @cached_property
    def latest(self) -> dict[int, Event]:
        """The last execution of each cell, traced or not."""
        return {event.index: event for event in self.events if event.index is not None}

    def pair(self, cell: int) -> Pair | None:
        """Return both sides of a cell, if it ran on both."""
        event, clean = self.last.get(cell), self.clean.get(cell)
        return Pair(event.trace, clean, self.benign) if event and event.trace and clean else None

    def before(self, event: Event) -> Sequence[Event]:
        """Return what was executed before an event, reprobook's own magics left out."""
        return [each for each in self.events[: event.number] if not each.is_own]

    def live_writer(self, name: str, event: Event) -> Event | None:
        """Return the execution that last wrote a name before an event."""
        return next((each for each in reversed(self.before(event)) if each.writes(name)), None)

    def clean_writer(self, name: str, cell: int) -> int | None:
        """Return the cell that last writes a name before a cell of the clean run."""
        written = (index for index, trace in self.clean.items() if index < cell and name in trace.writes)
        return max(written, default=None)

    def executions(self, cell: int, event: Event | None = None) -> list[Event]:
        """Return every execution of a cell, up to and without an event."""
        end = len(self.events) if event is None else event.number
        return [each for each in self.events[:end] if each.index == cell]

    def is_edited(self, event: Event) -> bool:
        """Tell whether what was executed is another program than the saved cell."""
        if event.index is None or event.index >= len(self.sources):
            return False
        if event.index == self.parameters.cell:
            return False  # it differs by values that the clean run was given
        return not same_code(self.sources[event.index], event.source)


@dataclass(frozen=True)
class Place:
    """One cell that differs: its last execution, its clean counterpart, and in what they differ.

    Attributes:
        cell: Code index.
        event: The last live execution.
        clean: The same cell in the clean run.
        strange: Names that it read otherwise although no earlier cell that differs made them so.
        written: Names that it wrote otherwise.
    """

    cell: int
    event: Event
    clean: CellTrace
    strange: tuple[str, ...]
    written: tuple[str, ...]

    @property
    def live(self) -> CellTrace:
        """What the last live execution did."""
        if self.event.trace is None:
            msg = "a place has a trace"
            raise ValueError(msg)
        return self.event.trace

    @property
    def names(self) -> tuple[str, ...]:
        """The names to report: data before functions, what it read before what it wrote."""
        both = dict.fromkeys((*self.strange, *self.written))
        return tuple(sorted(both, key=lambda name: (self.is_code(name), name.startswith("_"))))

    def kind(self, name: str) -> str:
        """Return the kind of a name's value."""
        sides = (self.live.reads, self.clean.reads, self.live.writes, self.clean.writes)
        return next((side[name].kind.removeprefix("sampled:") for side in sides if name in side), "")

    def is_code(self, name: str) -> bool:
        """Tell whether a name holds a function or class rather than data."""
        return self.kind(name) in _CODE or "lru_cache" in self.kind(name)


def places(past: Past) -> Iterator[Place]:
    """Yield the cells that differ by themselves, in notebook order; what only passes a difference on is left out."""
    differing: set[int] = set()
    for cell in sorted(past.last.keys() & past.clean.keys()):
        pair = past.pair(cell)
        event = past.last[cell]
        if pair is None or event.trace is None or event.is_own:
            continue
        foreign = imported_code(past, pair)
        written = {name for name in pair.writes - foreign if not _is_cache_alone(pair, name)}
        if not (written or pair.outputs or pair.ended):
            continue
        read = pair.reads - foreign
        strange = {name for name in read if not _passed_on(past, event, cell, name, differing)}
        differing.add(cell)
        if not read or strange or past.is_edited(event):
            yield Place(cell, event, pair.replay, tuple(sorted(strange)), tuple(sorted(written)))


def imported_code(past: Past, pair: Pair) -> set[str]:
    """Return the names that hold functions and classes which an edited module beside the notebook defines.

    They differ where they are imported, but what differs for the user is what they compute.
    """
    if not past.edited:
        return set()
    edited = {module.name for module in past.edited}
    texts = [*past.sources, *(event.source for event in past.events)]
    names = {name for text in texts for name, module in imported(text).items() if module in edited}
    star = any(imported(text).get("*") in edited for text in texts)
    sides = (pair.original.reads, pair.replay.reads, pair.original.writes, pair.replay.writes)
    code = {name for side in sides for name, value in side.items() if value.kind in _CODE}
    return code if star else code & names


def _passed_on(past: Past, event: Event, cell: int, name: str, differing: Collection[int]) -> bool:
    """Tell whether a name differs because an earlier cell that differs wrote it."""
    writer = past.live_writer(name, event)
    if writer is None or writer.index is None or writer.index not in differing or writer.index >= cell:
        return False
    return past.last.get(writer.index) is writer


def _is_cache_alone(pair: Pair, name: str) -> bool:
    """Tell whether a name is a cached function that the cell did not define: what is in its cache is no result."""
    sides = [side for side in (pair.original.reads.get(name), pair.replay.reads.get(name)) if side]
    return bool(sides) and all("lru_cache" in side.kind for side in sides)
