"""Tell trackers of a run: what they are told, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from reprobook.capture import strip_credentials
from reprobook.execute.options import OnEvent, RunEvent, RunOptions
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.track import Outcome, Subject, TrackerLink, check_trackers, tracker_link

_PROJECT = "reprobook"


@contextmanager
def tracked(store: Store, options: RunOptions, on_event: OnEvent) -> Iterator[tuple[RunOptions, OnEvent]]:
    """Track the run that is made in this context, from its ``started`` event on.

    Gives the options and the receiver of events to make it with. Whoever runs the cells need not know of trackers then:
    in a fork that runs them, a tracker would have to be started for each run.

    Raises:
        InputError: If a tracker is not known or not installed: nothing ran.
    """
    check_trackers(options.track)
    begun: list[Tracking] = []

    def told(event: RunEvent) -> None:
        on_event(event)
        if event.kind == "started" and not begun:
            begun.append(Tracking(store.folder(event.text), options, on_event))

    try:
        yield replace(options, track=()), told if options.track else on_event
    finally:
        for tracking in begun:
            tracking.end()


class Tracking:
    """The trackers of one run while it goes on; nothing of theirs ever raises here.

    Args:
        run: The run, its record in place.
        options: Names the trackers, and the group.
        on_event: Told of what went wrong, and where the run is to be found.
    """

    def __init__(self, run: RunFolder, options: RunOptions, on_event: OnEvent) -> None:
        self._run = run
        self._on_event = on_event
        self._group = options.group
        self._names: Sequence[str] = ()
        self._link: TrackerLink | None = None
        if options.track:
            self._begin(tuple(dict.fromkeys(options.track)))

    def _begin(self, names: Sequence[str]) -> None:
        subject = run_subject(self._run, self._group)
        try:
            self._link = tracker_link(subject.home)
        except OSError as error:
            for name in names:
                self._problem(name, f"its process cannot be started ({error.strerror or error})")
            return
        for name in self._link.hung.intersection(names):
            self._problem(name, "it hung before, and is left out")
        self._names = [name for name in names if name not in self._link.hung]
        self._link.begin(subject, self._names)

    def end(self) -> None:
        """Hand over what is left, and wait for it, at most for the bound of the link."""
        if self._link is None or not self._names:
            return
        self._link.end(self._run.run_id, run_outcome(self._run.read_record()))
        for report in self._link.reports(self._run.run_id, self._names):
            if report.problem:
                self._problem(report.tracker, report.problem)
            elif self._group is None:  # of a sweep, one line a trial would be too many
                self._note(f"{report.tracker}: {report.place}")

    def _problem(self, tracker: str, what: str) -> None:
        """Say what went wrong, and what to do."""
        later = f"reprobook track sync {self._run.run_id} --to {tracker}"
        self._note(f"{tracker}: {what.rstrip('.')}. Send the run later: {later}")

    def _note(self, text: str) -> None:
        self._on_event(RunEvent("note", None, 0, strip_credentials(text)))


def run_subject(run: RunFolder, group: str | None) -> Subject:
    """Return what trackers are told when a run begins."""
    record = run.read_record()
    notebook = Path(record.source or record.notebook or run.run_id).stem
    return Subject(
        run_id=run.run_id,
        name=f"{record.name or notebook} {run.run_id}",
        project=record.name or _PROJECT,
        group=group,
        folder=run.path,
        home=run.path.parent.parent / "trackers",
        config=_config(record),
        started=_seconds(record.created),
    )


def run_outcome(record: RunRecord) -> Outcome:
    """Return how a run ended. Of an error the type and the cell: its text may hold anything."""
    where = f" in cell {record.error.cell}" if record.error and record.error.cell is not None else ""
    return Outcome(
        status=record.status if record.ended else "interrupted",  # type: ignore[arg-type]  # one of the three
        ended=_seconds(record.created) + record.duration_s,
        error=f"{record.error.ename}{where}" if record.error else "",
    )


def _config(record: RunRecord) -> dict[str, Any]:
    """Return parameters and seed as JSON."""
    parameters: dict[str, Any] = record.model_dump(mode="json")["parameters"]
    return parameters if record.seed is None else {**parameters, "seed": record.seed}


def _seconds(created: str) -> float:
    return datetime.fromisoformat(created).timestamp() if created else time.time()
