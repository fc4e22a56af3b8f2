"""One run handed over to one tracker, as its files grow, from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.track.model import Outcome, Report, Subject, Tracker, public_header
from reprobook.track.points import Points
from reprobook.track.registry import open_tracker, target
from reprobook.track.sent import note_sent

_SECONDS = 0.5


class Feed(threading.Thread):
    """Follows a run until it has ended, hands over what is left, and reports; a failure ends this feed only."""

    def __init__(self, subject: Subject, tracker: str, report: Callable[[Report], None]) -> None:
        super().__init__(name=f"{tracker} {subject.run_id}", daemon=True)
        self.subject = subject
        self.tracker = tracker
        self._report = report
        self._ended = threading.Event()
        self._outcome: Outcome | None = None

    def end(self, outcome: Outcome) -> None:
        """Say that the run has ended: all its files are written."""
        if not self._ended.is_set():
            self._outcome = outcome
            self._ended.set()

    def run(self) -> None:
        """Do it."""
        report = Report(run_id=self.subject.run_id, tracker=self.tracker)
        try:
            place = self._hand_over()
        except Exception as error:  # noqa: BLE001  # the boundary to a foreign library: whatever it raises is reported
            message = str(error) if isinstance(error, ReprobookError) else f"{type(error).__name__}: {error}"
            self._report(report.model_copy(update={"problem": " ".join(message.split())}))
        else:
            self._report(report.model_copy(update={"place": place}))

    def _hand_over(self) -> str:
        points = Points(self.subject.folder / "metrics.jsonl")
        tracker = open_tracker(self.tracker, self.subject)
        while not self._ended.wait(_SECONDS):
            _log_new(tracker, points)
        _log_new(tracker, points)
        for path in _artifacts(self.subject.folder / "artifacts"):
            tracker.save(path, path.relative_to(self.subject.folder / "artifacts").as_posix())
        if self._outcome is not None:
            tracker.end(self._outcome, public_header(self.subject.folder))
        note_sent(self.subject, self.tracker, target(self.tracker, self.subject), tracker.place)
        return tracker.place


def _log_new(tracker: Tracker, points: Points) -> None:
    if new := points.read():
        tracker.log(new)


def _artifacts(folder: Path) -> list[Path]:
    """Return the files of a folder; links may lead anywhere and are left out."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
