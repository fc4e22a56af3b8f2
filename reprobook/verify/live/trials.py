"""Histories executed again with one thing changed, in a store that is thrown away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reprobook.ambient import Pins
from reprobook.execute import OnEvent, ReplayOptions, replay_run
from reprobook.execute.history import LoadedModule
from reprobook.execute.history_replay import replay_history
from reprobook.execute.journal import trace_of
from reprobook.runs import Store
from reprobook.trace import CellTrace, ValueDigest
from reprobook.verify.live.edit import Edit, steps_of
from reprobook.verify.live.session import Live
from reprobook.verify.untouched import OnCells

_MOST_TRIALS = 6


class Trials:
    """Executes changed histories, each once."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, live: Live, store: Store, until: int, cwd: Path | None, pins: Pins, on_event: OnEvent, on_cells: OnCells
    ) -> None:
        self._live, self._store, self.until = live, store, until
        self._cwd, self._pins, self._on_event, self._on_cells = cwd, pins, on_event, on_cells
        self._folder = (cwd or Path(live.run.read_header().origin.folder or live.run.path)).resolve()
        self._known: dict[tuple[tuple[str, ...], bool], dict[int, CellTrace]] = {}

    @property
    def spent(self) -> bool:
        """Whether enough was tried."""
        return len(self._known) >= _MOST_TRIALS

    def run(self, edit: Edit) -> Mapping[int, CellTrace]:
        """Execute the history with a change, and return what each execution did, by its number."""
        steps = steps_of(self._live.events, edit, self.until)
        sources = tuple(step.source for step in steps)
        key = (sources, edit.modules_now)
        if key not in self._known:
            self._known[key] = replay_history(
                self._live.run,
                sources,
                self._store,
                modules=() if edit.modules_now else self._older_modules(),
                cwd=self._cwd,
                pins=self._pins,
                on_event=self._on_event,
            )
            self._on_cells(self._folder, self._known[key].values())
        by_step = self._known[key]
        return {step.event: by_step[at] for at, step in enumerate(steps) if step.event is not None and at in by_step}

    def in_place(self, cell: int) -> Mapping[int, CellTrace]:
        """Run the saved notebook with the session's parameters where they stand, and return what a cell did."""
        notebook = self._live.clean_notebook(in_place=True)
        if notebook is None:
            return {}
        how = ReplayOptions(cwd=self._cwd, notebook=notebook, pins=self._pins, stop_after=cell)
        trace = trace_of(replay_run(self._live.run, self._store, how))
        self._on_cells(self._folder, trace.cells)
        return trace.by_cell()

    def _older_modules(self) -> tuple[LoadedModule, ...]:
        return self._live.modules if self._live.edited else ()


def same_effect(one: CellTrace, other: CellTrace, names: Sequence[str]) -> bool:
    """Compare two executions of a cell by some names, or by what they showed."""
    if one.status != other.status:
        return False
    if not names:
        return one.outputs == other.outputs
    return all(_digest(one.writes.get(name)) == _digest(other.writes.get(name)) for name in names)


def _digest(value: ValueDigest | None) -> str:
    return value.digest if value else ""
