"""The process that trackers run in: ``python -m reprobook.track.worker HOME SECONDS``.

Standard input has a JSON line for each run that begins (``{"begin": subject, "trackers": [...]}``) or has ended
(``{"end": run id, "outcome": ...}``), standard output one for each report. At the end of input, which is also what the
death of the driver looks like, runs that go on count as interrupted, and the process ends within so many seconds.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from reprobook.track.feed import Feed
from reprobook.track.model import Outcome, Report, Subject


class Worker:
    """Keeps the feeds of all runs.

    Args:
        output: Descriptor to which reports are written.
    """

    def __init__(self, output: int) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._feeds: list[Feed] = []

    def take(self, line: str) -> None:
        """Follow one line of input."""
        message = json.loads(line)
        if "begin" in message:
            subject = Subject.model_validate(message["begin"])
            for name in message["trackers"]:
                feed = Feed(subject, name, self._report)
                self._feeds.append(feed)
                feed.start()
        else:
            outcome = Outcome.model_validate(message["outcome"])
            for feed in self._feeds:
                if feed.subject.run_id == message["end"]:
                    feed.end(outcome)
            self._feeds = [feed for feed in self._feeds if feed.is_alive()]

    def close(self) -> None:
        """End the runs that go on, and wait for all feeds."""
        for feed in self._feeds:
            feed.end(Outcome(status="interrupted", ended=time.time()))
        for feed in self._feeds:
            feed.join()

    def _report(self, report: Report) -> None:
        with self._lock:
            try:
                os.write(self._output, report.model_dump_json().encode() + b"\n")
            except OSError:
                return  # the driver is gone; what was handed over is handed over


def main(home: Path, seconds: float) -> None:
    """Serve a driver until it closes standard input."""
    # Ctrl-C of a terminal means the driver; it tells us when the run has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if "MLFLOW_TRACKING_URI" not in os.environ:
        os.chdir(home)  # where else MLflow would put an empty folder beside the notebook
    output = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not be taken for reports
    worker = Worker(output)
    for line in sys.stdin:
        worker.take(line)
    # A thread of C that needs no lock of the interpreter: nothing that hangs keeps this process.
    faulthandler.dump_traceback_later(seconds, exit=True)
    worker.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
