"""Does *Restart and run all* give what a live session has on the screen, and if not, which execution is to blame?

The session's own history is evidence: each cell that differs by itself is looked at with what ran before it, live and
in a clean run (``rules``). The proof is an experiment: the history is executed again with one event changed,
and the difference is gone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reprobook.ambient import NO_PINS, Pins
from reprobook.execute import OnEvent, ignore
from reprobook.runs import Store
from reprobook.trace import CellTrace, Trace
from reprobook.verify.live.clue import Clue
from reprobook.verify.live.edit import NO_EDIT, Edit
from reprobook.verify.live.past import Past, Place, places
from reprobook.verify.live.rules import clues
from reprobook.verify.live.session import Live, live_session
from reprobook.verify.live.trials import Trials, same_effect
from reprobook.verify.suspect import Suspect
from reprobook.verify.untouched import OnCells, ignore_cells

__all__ = ["HistoryDiagnosis", "HistoryFinding", "Live", "diagnose_history", "history_findings", "live_session"]


@dataclass(frozen=True)
class HistoryFinding:
    """A cell that differs because of what the session had executed, and who is suspected.

    Attributes:
        cell: Code index of the cell to report.
        names: Names whose content differs there, the most telling first.
        suspects: Possible causes, the likeliest first; the confirmed one alone where there is one.
        cells: Every cell whose difference this explains: the cell itself, and others of the same cause.
        confirmed: Whether a changed history made the difference vanish.
        unproven: Why none did, where that was tried.
    """

    cell: int
    names: tuple[str, ...]
    suspects: tuple[Suspect, ...]
    cells: frozenset[int] = frozenset()
    confirmed: bool = False
    unproven: str = ""


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
    on_cells: OnCells = ignore_cells,
) -> HistoryDiagnosis:
    """Prove by experiment what in the history makes the session differ from a clean run."""
    cases = _cases(live, clean, benign)
    if not cases:
        return HistoryDiagnosis()
    until = max(case.place.event.number for case in cases)
    with tempfile.TemporaryDirectory(prefix="reprobook-") as scratch:
        trials = Trials(live, Store(Path(scratch) / "store"), until, cwd, pins, on_event, on_cells)
        return _diagnosis(live, cases, trials)


def _diagnosis(live: Live, cases: Sequence[_Case], trials: Trials) -> HistoryDiagnosis:
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
            findings.append(replace(_finding(case), unproven=_unproven(case, trials)))
            continue
        joined = joined.joined(proof.edit)
        proven = _Case(case.place, (proof,))
        after = trials.run(joined)
        gone = [each for each in pending if _follows(each, [proven]) or _vanished(after, each.place)]
        pending = [each for each in pending if each not in gone]
        findings.append(replace(_finding(proven, gone), confirmed=True))
    cells = frozenset(case.place.cell for case in refuted)
    return HistoryDiagnosis(tuple(findings), faithful, cells, _notes(live, trials.until))


def _proof(case: _Case, trials: Trials, joined: Edit) -> Clue | None:
    """Return the first clue whose change to the history makes the difference vanish."""
    for clue in case.clues:
        if clue.suspect.cause == "derived_parameter_stale":
            ran = trials.in_place(case.place.cell).get(case.place.cell)
            if ran and same_effect(ran, case.place.live, case.place.written):
                return clue
        elif clue.edit != NO_EDIT:
            # With all that was proven; or alone, since without what that took away the cell may not run.
            for edit in (joined.joined(clue.edit), *([clue.edit] if joined != NO_EDIT else [])):
                if not trials.spent and _vanished(trials.run(edit), case.place):
                    return clue
    return None


def _unproven(case: _Case, trials: Trials) -> str:
    """Say why no clue of a case was proven."""
    if all(clue.edit == NO_EDIT for clue in case.clues):
        return "there is no experiment for it"
    if trials.spent:
        return "as many histories were executed as a diagnosis tries; mend the others first"
    return "with that event of the history changed, the difference stayed"


def _cases(live: Live, clean: Trace, benign: Collection[str]) -> list[_Case]:
    """Return the cells that differ by themselves and for which the history gives a clue."""
    past = Past(
        events=live.events,
        clean=clean.by_cell(),
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
    return cell is not None and same_effect(cell, place.clean, place.written)


def _repeats(replayed: Mapping[int, CellTrace], place: Place) -> bool:
    """Tell whether a cell did again what it did live."""
    cell = replayed.get(place.event.number)
    return cell is not None and same_effect(cell, place.live, place.written)


def _notes(live: Live, until: int) -> tuple[str, ...]:
    """Say what a replay of the history cannot repeat."""
    events = [event for event in live.events if event.number <= until]
    killed = [event for event in events if event.recorded and event.trace is None and not event.is_own]
    stopped = [e for e in events if e.trace and e.trace.error and e.trace.error.ename == "KeyboardInterrupt"]
    notes = [f"{event.label} was interrupted: how far it came is not known" for event in stopped]
    notes += [f"{event.label} did not come to its end" for event in killed]
    return tuple(notes)
