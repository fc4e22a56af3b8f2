"""Report the metrics of a run while its cells go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from reprobook.execute.options import OnEvent, RunEvent
from reprobook.runs import RunFolder
from reprobook.runs.metric_tail import MetricTail

_SECONDS = 1.0


@contextmanager
def reported_metrics(run: RunFolder, on_event: OnEvent, total: int) -> Iterator[None]:
    """Send the last value of each metric as an event, at most once a second, from a thread of its own.

    The kernel writes metrics to a file, so that one cell that trains for hours is seen to move.
    """
    ended = threading.Event()

    def watch() -> None:
        tail, last = MetricTail(run.metrics), dict[str, float]()
        while not ended.wait(_SECONDS):
            if new := tail.new():
                last.update((each.name, each.value) for each in new)
                text = "  ".join(f"{name} {value:.4g}" for name, value in last.items())
                on_event(RunEvent("metric", None, total, text))

    thread = threading.Thread(target=watch, name="reprobook-metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
