"""What a run says of its trial: the metric, its curve, or why there is none."""

from __future__ import annotations

import difflib
import errno
import math
from dataclasses import dataclass

from reprobook.runs import RunFolder, RunRecord
from reprobook.runs.metric_tail import Logged, logged
from reprobook.sweep.model import Trial

# What ends a run and may not be the notebook's fault: tried once more.
KERNEL_DIED = "DeadKernelError"
# How the errors of a disk that takes no more begin: they are no result of the notebook.
_DISK = ("StorageError: ", "Unrecorded: ", f"OSError: [Errno {errno.ENOSPC}]")


@dataclass(frozen=True)
class Outcome:
    """The result of one run of a trial.

    Attributes:
        run_id: The run; empty where it did not get as far as to have one.
        value: Last value of the metric; None if there is no finite one.
        error: Why not.
        duration_s: Seconds that it took.
        curve: All values of the metric, in order.
        cached: The run was in the store before.
        lacks_metric: It succeeded, and has logged no such metric.
    """

    run_id: str
    value: float | None = None
    error: str | None = None
    duration_s: float = 0.0
    curve: tuple[Logged, ...] = ()
    cached: bool = False
    lacks_metric: bool = False


def outcome_of(run: RunFolder, metric: str, *, cached: bool = False) -> Outcome:
    """Read a run that has ended."""
    record = run.read_record()
    value = record.metrics.get(metric)
    error = _error(record, metric)
    lines = run.metrics.read_bytes().splitlines() if run.metrics.exists() else []
    found = (logged(line) for line in lines)
    return Outcome(
        run_id=run.run_id,
        value=value if error is None else None,
        error=error,
        duration_s=0.0 if cached else record.duration_s,
        curve=tuple(each for each in found if each is not None and each.name == metric),
        cached=cached,
        lacks_metric=record.status == "succeeded" and value is None,
    )


def _error(record: RunRecord, metric: str) -> str | None:
    """Say why a run gives no value; None if it does."""
    if record.status != "succeeded":
        error = record.error
        return f"{error.ename}: {error.evalue}" if error else f"the run was {record.status}"
    if metric not in record.metrics:
        near = difflib.get_close_matches(metric, record.metrics, n=1)
        known = ", ".join(sorted(record.metrics)) or "none at all"
        hint = f"did you mean {near[0]}?" if near else f"metrics: {known}"
        return f"it logged no metric {metric!r} ({hint})"
    value = record.metrics[metric]
    return None if math.isfinite(value) else f"{metric} is {value}"


def died(record: RunRecord) -> bool:
    """Tell whether the kernel of a run ended before its cells did."""
    return record.error is not None and record.error.ename == KERNEL_DIED


def lacked_disk(outcome: Outcome) -> bool:
    """Tell whether a run failed because the disk took no more."""
    return (outcome.error or "").startswith(_DISK)


def may_be_made(trial: Trial) -> bool:
    """Tell whether a resumed sweep makes a failed trial again: the disk took no more, or nothing has run."""
    return trial.state == "failed" and (not trial.run_ids or (trial.error or "").startswith(_DISK))
