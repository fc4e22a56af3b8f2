"""Send a recorded run to trackers: all that they are told is in its folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from reprobook.capture import strip_credentials
from reprobook.errors import InputError
from reprobook.execute.tracking import run_outcome, run_subject
from reprobook.runs import RunFolder, RunRecord
from reprobook.track import Report, check_trackers, sent_place, target, tracker_link


def send_run(run: RunFolder, names: Sequence[str], *, again: bool = False) -> list[Report]:
    """Send a run that has ended, and wait however long that takes; where a tracker has it already, nothing is sent.

    Args:
        run: The run.
        names: The trackers.
        again: Send it even so.

    Raises:
        InputError: If a tracker is not known or not installed, or the run goes on.
        IntegrityError: If a file of the run was edited.
    """
    check_trackers(names)
    record = run.check_integrity()
    if not record.ended:
        msg = f"run {run.run_id} is still {record.status}"
        raise InputError(msg, hint="Send it when it has ended.")
    subject = run_subject(run, _group(record))
    places = {name: None if again else sent_place(subject, name, target(name, subject)) for name in names}
    missing = [name for name, place in places.items() if place is None]
    found = {name: _already(run, name, place) for name, place in places.items() if place is not None}
    if missing:
        link = tracker_link(subject.home)
        link.begin(subject, missing)
        link.end(run.run_id, run_outcome(record))
        reports = link.reports(run.run_id, missing, threading.TIMEOUT_MAX)
        found |= {
            each.tracker: each.model_copy(update={"problem": strip_credentials(each.problem)}) for each in reports
        }
    return [found[name] for name in places]


def _already(run: RunFolder, name: str, place: str) -> Report:
    return Report(run_id=run.run_id, tracker=name, place=place, already=True)


def _group(record: RunRecord) -> str | None:
    """Return the sweep of a run; the parent of a replay is the run that it repeats."""
    return record.parent if record.kind == "run" else None
