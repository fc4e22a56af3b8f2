"""The driver's end: one process for all trackers of a store, started when first needed.

Trackers are other people's code that talks to networks, hooks into exit and signals, and takes seconds to import. In a
process of their own they can neither delay nor break a run: whatever they do, the driver waits for a bounded time, and
says what did not come.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from reprobook.errors import InputError
from reprobook.track.model import Outcome, Report, Subject

_VARIABLE = "REPROBOOK_TRACK_SECONDS"
_SECONDS = 60.0
_CLOSE_SECONDS = 5.0


class TrackerLink:
    """A process of trackers, and what it has reported.

    Args:
        home: Where trackers keep their files.
        seconds: How long the driver waits at the end of a run, and the process lives after its driver.
    """

    def __init__(self, home: Path, seconds: float) -> None:
        self.pid = os.getpid()
        self.seconds = seconds
        # Trackers that did not answer in time: never waited for again.
        self.hung: set[str] = set()
        self._changed = threading.Condition()
        self._reports: dict[tuple[str, str], Report] = {}
        self._dead = False
        # -P: a folder `wandb` or `mlruns` beside the notebook must not be imported. A session of its own: Ctrl-C.
        command = [sys.executable, "-P", "-m", "reprobook.track.worker", str(home), str(seconds)]
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, name="reprobook-trackers", daemon=True).start()

    @property
    def usable(self) -> bool:
        """Whether the process lives, and is of this process (not of one that forked it)."""
        return not self._dead and self.pid == os.getpid()

    def begin(self, subject: Subject, trackers: Sequence[str]) -> None:
        """Say that a run begins."""
        self._send({"begin": subject.model_dump(mode="json"), "trackers": list(trackers)})

    def end(self, run_id: str, outcome: Outcome) -> None:
        """Say that a run has ended."""
        self._send({"end": run_id, "outcome": outcome.model_dump(mode="json")})

    def reports(self, run_id: str, trackers: Sequence[str], seconds: float | None = None) -> list[Report]:
        """Wait for the reports on a run that has ended, at most so long (default: the bound of this link)."""
        keys = [(run_id, name) for name in trackers]
        limit = self.seconds if seconds is None else seconds

        def all_known() -> bool:
            return self._dead or all(key in self._reports for key in keys)

        with self._changed:
            self._changed.wait_for(all_known, timeout=limit)
            return [self._reports.pop(key) if key in self._reports else self._missing(*key, limit) for key in keys]

    def _missing(self, run_id: str, tracker: str, limit: float) -> Report:
        """Say why there is no report."""
        if self._dead:
            return Report(run_id=run_id, tracker=tracker, problem="its process has died")
        self.hung.add(tracker)
        return Report(run_id=run_id, tracker=tracker, problem=f"it has not finished within {limit:g} s")

    def close(self) -> None:
        """Let the process end; wait for it only where nothing hangs."""
        if self.pid != os.getpid():
            return
        if self._process.stdin:
            self._process.stdin.close()
        if self.hung:
            return
        try:
            self._process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            return  # it ends itself: see the worker

    def _send(self, message: object) -> None:
        """Send a line; a process that has died shows as missing reports."""
        if self._process.stdin is None or self._dead:
            return
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            self._mark_dead()

    def _listen(self) -> None:
        """Collect reports until the process ends."""
        for line in self._process.stdout or ():
            try:
                report = Report.model_validate_json(line)
            except ValueError:
                continue  # torn by its death
            with self._changed:
                self._reports[report.run_id, report.tracker] = report
                self._changed.notify_all()
        self._mark_dead()

    def _mark_dead(self) -> None:
        with self._changed:
            self._dead = True
            self._changed.notify_all()


_links: dict[Path, TrackerLink] = {}
_lock = threading.Lock()


def tracker_link(home: Path) -> TrackerLink:
    """Return the process for a store, started if need be; it ends with this one.

    ``REPROBOOK_TRACK_SECONDS`` is how long a run waits for its trackers at the end.

    Raises:
        InputError: If that is no positive number.
    """
    with _lock:
        link = _links.get(home)
        if link is None or not link.usable:
            if not _links:
                atexit.register(close_links)
            link = _links[home] = TrackerLink(home, _bound())
        return link


def close_links() -> None:
    """End all processes of trackers."""
    with _lock:
        for link in _links.values():
            link.close()
        _links.clear()


def _bound() -> float:
    text = os.environ.get(_VARIABLE, "") or str(_SECONDS)
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < threading.TIMEOUT_MAX:
        msg = f"{_VARIABLE}={text!r} is no positive number of seconds"
        raise InputError(msg, hint=f"Leave it out for {_SECONDS:g} seconds.")
    return seconds
