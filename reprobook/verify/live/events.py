"""The executions of a live session, each with its cell of the notebook as it is saved now and with its trace."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from reprobook.execute.history import Execution, History
from reprobook.notebook import Notebook
from reprobook.notebook.syntax import cell_body
from reprobook.trace import CellNames, CellTrace, Trace, names_of
from reprobook.verify.live.source import may_change
from reprobook.verify.placing import next_place

_SIMILAR = 0.6
_OWN_LINES = ("%load_ext reprobook", "%reload_ext reprobook", "%unload_ext reprobook", "%reprotrain")


@dataclass(frozen=True)
class Event:
    """One execution.

    Attributes:
        number: Position in the history.
        source: What was executed.
        count: The number in ``In[ ]``.
        index: Code index in the saved notebook; None for a deleted cell, or code that never was one.
        trace: What it did; None for what ran before ``%reprotrain init``, or killed the kernel.
        recorded: Whether it ran after ``%reprotrain init``.
    """

    number: int
    source: str
    count: int
    index: int | None
    trace: CellTrace | None = None
    recorded: bool = True

    @cached_property
    def is_own(self) -> bool:
        """Whether it holds nothing but reprobook's magics."""
        return is_own_code(self.source)

    @cached_property
    def names(self) -> CellNames:
        """The names that its source uses."""
        return names_of(cell_body(self.source))

    def writes(self, name: str) -> bool:
        """Tell whether it bound, changed or removed a name."""
        if self.trace is None:
            # Nobody looked: what its text says must do.
            return name in self.names.stores | self.names.deletes | may_change(self.source)
        return name in self.trace.writes or name in self.trace.deletes

    def reads(self, name: str) -> bool:
        """Tell whether it took a value of a name from before."""
        return name in (self.names.inputs if self.trace is None else self.trace.reads)

    def draws(self, generator: str) -> bool:
        """Tell whether it moved a generator."""
        trace = self.trace
        return trace is not None and trace.rng_before.get(generator) != trace.rng_after.get(generator)

    @property
    def label(self) -> str:
        """How a sentence calls it."""
        place = f"cell [{self.index}]" if self.index is not None else "a cell that is no longer in the notebook"
        return f"{place}, run as In [{self.count}]"


def is_own_code(source: str) -> bool:
    """Tell whether a source holds nothing but reprobook's magics."""
    lines = [line.strip() for line in source.splitlines()]
    return all(line.startswith(_OWN_LINES) for line in lines if line and line[0] != "#")


def live_events(history: History | None, trace: Trace, notebook: Notebook) -> tuple[Event, ...]:
    """Return what a live session executed, in order; without a history, what its trace knows."""
    executions = history.executions if history else tuple(_executions(trace, notebook))
    traces = list(trace.cells)
    places = placed_executions(executions, notebook)
    taken = set(places)
    events = []
    for number, (execution, place) in enumerate(zip(executions, places, strict=True)):
        index, found = place, None
        if execution.recorded and traces and traces[0].execution_count in (execution.count, None):
            found = traces.pop(0)
            if index is None and found.index not in taken and (found.index or 0) < len(notebook.code_cells):
                # Edited beyond recognition: it stands where it stood, as nothing else that ran does.
                index = found.index
            found = found.model_copy(update={"index": index})
        events.append(Event(number, execution.source, execution.count, index, found, execution.recorded))
    return tuple(events)


def _executions(trace: Trace, notebook: Notebook) -> Iterator[Execution]:
    """Yield the executions of a trace that has no history: the source is the saved one."""
    cells = notebook.code_cells
    for cell in trace.cells:
        known = cell.index is not None and cell.index < len(cells)
        source = cells[cell.index or 0].source if known else ""
        yield Execution(source, cell.execution_count or 0, cell.cell_id)


def placed_executions(executions: Sequence[Execution], notebook: Notebook) -> list[int | None]:
    """Return the code index of each execution: by the id that the front end sent, else by its source.

    A source that is like one of the notebook's cells without being equal is an older text of it, unless ids say
    otherwise.
    """
    by_id = {cell.id: index for index, cell in enumerate(notebook.code_cells) if cell.id}
    by_source: dict[str, list[int]] = {}
    for index, cell in enumerate(notebook.code_cells):
        by_source.setdefault(cell.source.strip(), []).append(index)
    # Where no id that was sent is in the file, the file keeps none.
    ids_hold = any(each.cell_id in by_id for each in executions)
    found: list[int | None] = []
    last = -1
    for each in executions:
        place = by_id.get(each.cell_id) if each.cell_id else None
        if place is None:
            place = next_place(by_source.get(each.source.strip(), ()), last)
        if place is None and not (ids_hold and each.cell_id) and each.source.strip():
            place = _most_similar(each.source, notebook)
        last = last if place is None else place
        found.append(place)
    return found


def _most_similar(source: str, notebook: Notebook) -> int | None:
    """Return the cell whose source is most like a text, None if none is."""
    best, chosen = _SIMILAR, -1
    matcher = SequenceMatcher(a="", b=source, autojunk=False)
    for index, cell in enumerate(notebook.code_cells):
        matcher.set_seq1(cell.source)
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and (ratio := matcher.ratio()) > best:
            best, chosen = ratio, index
    return None if chosen < 0 else chosen
