"""Does *Restart and run all* give what a live session has on the screen, and if not, which execution is to blame?

The session's own history is evidence: each cell that differs by itself is looked at with what ran before it, live and
in a clean run (``history_rules``). The proof is an experiment: the history is executed again with one event changed,
and the difference is gone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reprobook.ambient import NO_PINS, Pins
from reprobook.execute import OnEvent, ReplayOptions, ignore, replay_run
from reprobook.execute.history import LoadedModule, read_history
from reprobook.execute.history_replay import replay_history
from reprobook.execute.journal import trace_of
from reprobook.header import sha256_hex
from reprobook.notebook import Notebook
from reprobook.runs import RunFolder, Store
from reprobook.trace import CellTrace, Trace, ValueDigest
from reprobook.verify.history_rules import Clue, clues
from reprobook.verify.live_edit import NO_EDIT, Edit, steps_of
from reprobook.verify.live_events import Event, live_events
from reprobook.verify.live_parameters import LiveParameters, live_parameters, with_parameters
from reprobook.verify.live_past import Past, Place, clean_cells, places
from reprobook.verify.suspect import Suspect

_MOST_TRIALS = 6


@dataclass(frozen=True)
class Live:
    """A live session beside the notebook as it is saved now.

    Attributes:
        run: The recorded run.
        notebook: The saved notebook.
        events: What was executed, placed in the notebook.
        trace: The session's trace, with the code indices of the saved notebook.
        parameters: The session's parameters that the file does not have.
        edited: Local modules whose file has changed since the kernel loaded it.
        modules: All local modules that it loaded.
    """

    run: RunFolder
    notebook: Notebook
    events: tuple[Event, ...]
    trace: Trace
    parameters: LiveParameters
    edited: tuple[LoadedModule, ...]
    modules: tuple[LoadedModule, ...]

    def clean_notebook(self, *, in_place: bool = False) -> bytes | None:
        """Return the bytes of the notebook with the session's parameters; None if the file has them itself."""
        return with_parameters(self.notebook, self.parameters, in_place=in_place) if self.parameters.values else None


@dataclass(frozen=True)
class HistoryFinding:
    """A cell that differs because of what the session had executed, and who is suspected.

    Attributes:
        cell: Code index of the cell to report.
        names: Names whose content differs there, the most telling first.
        suspects: Possible causes, the likeliest first; the confirmed one alone where there is one.
        cells: Every cell whose difference this explains: the cell itself, and others of the same cause.
        confirmed: Whether a changed history made the difference vanish.
    """

    cell: int
    names: tuple[str, ...]
    suspects: tuple[Suspect, ...]
    cells: frozenset[int] = frozenset()
    confirmed: bool = False


@dataclass(frozen=True)
class HistoryDiagnosis:
    """What the history of a live session explains.

    Attributes:
        findings: Independent causes, in notebook order.
        faithful: Whether the unchanged history, executed again, gave what was recorded; None if that was not tried.
        refuted: Cells that history alone might explain, and that agree with the clean run when the unchanged history is
            executed again: something else (a file, the environment) has changed since the session.
        notes: What could not be tried, in sentences.
    """

    findings: tuple[HistoryFinding, ...] = ()
    faithful: bool | None = None
    refuted: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Case:
    """A place that differs, with its clues."""

    place: Place
    clues: tuple[Clue, ...]


def live_session(run: RunFolder, notebook: Notebook) -> Live:
    """Read what is known of a live run, also while it goes on, and place it in the saved notebook."""
    history = read_history(run)
    recorded = trace_of(run)
    events = live_events(history, recorded, notebook)
    cells = tuple(event.trace for event in events if event.trace)
    modules = history.modules if history else ()
    return Live(
        run=run,
        notebook=notebook,
        events=events,
        trace=recorded.model_copy(update={"cells": cells}),
        parameters=live_parameters(events, notebook),
        edited=_edited_modules(modules),
        modules=modules,
    )


def history_findings(live: Live, clean: Trace, benign: Collection[str] = ()) -> tuple[HistoryFinding, ...]:
    """Return what the evidence alone says: which cells differ because of the history, and why.

    Args:
        live: The session.
        clean: Trace of the saved notebook, run from top to bottom.
        benign: Names that hold timings.
    """
    cases = _cases(live, clean, benign)
    kept: list[_Case] = []
    for case in cases:
        if not _follows(case, kept):
            kept.append(case)
    return tuple(_finding(case, [each for each in cases if _follows(each, [case])]) for case in kept)


def diagnose_history(  # noqa: PLR0913  # what is known, and how to replay, by keyword
    live: Live,
    clean: Trace,
    *,
    benign: Collection[str] = (),
    cwd: Path | None = None,
    pins: Pins = NO_PINS,
    on_event: OnEvent = ignore,
) -> HistoryDiagnosis:
    """Prove by experiment what in the history makes the session differ from a clean run."""
    cases = _cases(live, clean, benign)
    if not cases:
        return HistoryDiagnosis()
    until = max(case.place.event.number for case in cases)
    with tempfile.TemporaryDirectory(prefix="reprobook-") as scratch:
        trials = _Trials(live, Store(Path(scratch) / "store"), until, cwd, pins, on_event)
        return _diagnosis(live, cases, trials)


def _diagnosis(live: Live, cases: Sequence[_Case], trials: _Trials) -> HistoryDiagnosis:
    """Try the clues of one cell after the other; what was proven stays changed."""
    base = trials.run(NO_EDIT)
    faithful = all(_repeats(base, case.place) for case in cases)
    refuted = [case for case in cases if _vanished(base, case.place)]
    pending = [case for case in cases if case not in refuted]
    findings: list[HistoryFinding] = []
    joined = NO_EDIT
    while pending:
        case = pending.pop(0)
        proof = _proof(case, trials, joined)
        if proof is None:
            findings.append(_finding(case))
            continue
        joined = joined.joined(proof.edit)
        proven = _Case(case.place, (proof,))
        after = trials.run(joined)
        gone = [each for each in pending if _follows(each, [proven]) or _vanished(after, each.place)]
        pending = [each for each in pending if each not in gone]
        findings.append(replace(_finding(proven, gone), confirmed=True))
    cells = frozenset(case.place.cell for case in refuted)
    return HistoryDiagnosis(tuple(findings), faithful, cells, _notes(live, trials.until))


class _Trials:
    """Executes changed histories, each once."""

    def __init__(  # noqa: PLR0913, PLR0917
        self, live: Live, store: Store, until: int, cwd: Path | None, pins: Pins, on_event: OnEvent
    ) -> None:
        self._live, self._store, self.until = live, store, until
        self._cwd, self._pins, self._on_event = cwd, pins, on_event
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
        by_step = self._known[key]
        return {step.event: by_step[at] for at, step in enumerate(steps) if step.event is not None and at in by_step}

    def in_place(self, cell: int) -> Mapping[int, CellTrace]:
        """Run the saved notebook with the session's parameters where they stand, and return what a cell did."""
        notebook = self._live.clean_notebook(in_place=True)
        if notebook is None:
            return {}
        how = ReplayOptions(cwd=self._cwd, notebook=notebook, pins=self._pins, stop_after=cell)
        replay = replay_run(self._live.run, self._store, how)
        return clean_cells(trace_of(replay))

    def _older_modules(self) -> tuple[LoadedModule, ...]:
        return self._live.modules if self._live.edited else ()


def _proof(case: _Case, trials: _Trials, joined: Edit) -> Clue | None:
    """Return the first clue whose change to the history makes the difference vanish."""
    for clue in case.clues:
        if clue.suspect.cause == "derived_parameter_stale":
            ran = trials.in_place(case.place.cell).get(case.place.cell)
            if ran and _equal(ran, case.place.live, case.place.written):
                return clue
        elif clue.edit != NO_EDIT and not trials.spent and _vanished(trials.run(joined.joined(clue.edit)), case.place):
            return clue
    return None


def _cases(live: Live, clean: Trace, benign: Collection[str]) -> list[_Case]:
    """Return the cells that differ by themselves and for which the history gives a clue."""
    past = Past(
        events=live.events,
        clean=clean_cells(clean),
        sources=[cell.source for cell in live.notebook.code_cells],
        parameters=live.parameters,
        edited=live.edited,
        benign=benign,
    )
    return [_Case(place, tuple(found)) for place in places(past) if (found := clues(past, place))]


def _follows(case: _Case, earlier: Sequence[_Case]) -> bool:
    """Tell whether a case has the same cause as one before it."""
    best = case.clues[0]
    firsts = [each.clues[0] for each in earlier]
    return any(each.suspect.cause == best.suspect.cause and best.blamed <= each.blamed for each in firsts)


def _finding(case: _Case, others: Sequence[_Case] = ()) -> HistoryFinding:
    """Return a case as it is reported, with those that have the same cause."""
    best = case.clues[0]
    return HistoryFinding(
        cell=case.place.cell if best.cell is None else best.cell,
        names=best.names or case.place.names,
        suspects=tuple(clue.suspect for clue in case.clues),
        cells=frozenset({case.place.cell, *(each.place.cell for each in others)}),
    )


def _vanished(replayed: Mapping[int, CellTrace], place: Place) -> bool:
    """Tell whether a cell now does what it does in a clean run."""
    cell = replayed.get(place.event.number)
    return cell is not None and _equal(cell, place.clean, place.written)


def _repeats(replayed: Mapping[int, CellTrace], place: Place) -> bool:
    """Tell whether a cell did again what it did live."""
    cell = replayed.get(place.event.number)
    return cell is not None and _equal(cell, place.live, place.written)


def _equal(one: CellTrace, other: CellTrace, names: Sequence[str]) -> bool:
    """Compare two executions of a cell by some names, or by what they showed."""
    if one.status != other.status:
        return False
    if not names:
        return one.outputs == other.outputs
    return all(_digest(one.writes.get(name)) == _digest(other.writes.get(name)) for name in names)


def _digest(value: ValueDigest | None) -> str:
    return value.digest if value else ""


def _edited_modules(modules: Sequence[LoadedModule]) -> tuple[LoadedModule, ...]:
    """Return the modules whose file is no longer what was loaded last."""
    last = {module.name: module for module in modules}
    return tuple(module for module in last.values() if _file_digest(module.path) != module.digest)


def _file_digest(path: str) -> str:
    """Return the digest of a file as it is now, empty if it is gone."""
    try:
        return sha256_hex(Path(path).read_bytes())
    except OSError:
        return ""


def _notes(live: Live, until: int) -> tuple[str, ...]:
    """Say what a replay of the history cannot repeat."""
    events = [event for event in live.events if event.number <= until]
    killed = [event for event in events if event.recorded and event.trace is None and not event.is_own]
    stopped = [e for e in events if e.trace and e.trace.error and e.trace.error.ename == "KeyboardInterrupt"]
    notes = [f"{event.label} was interrupted: how far it came is not known" for event in stopped]
    notes += [f"{event.label} did not come to its end" for event in killed]
    return tuple(notes)
