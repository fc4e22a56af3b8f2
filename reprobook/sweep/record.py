"""What is known of a sweep, put together from its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from reprobook.statistics import bootstrap_interval, tied_with_best
from reprobook.sweep.folder import SweepFolder
from reprobook.sweep.model import Direction, SweepRecord, Trial


def read_record(folder: SweepFolder) -> SweepRecord:
    """Return the record of a sweep; cheap, and safe while another process drives it.

    Raises:
        IntegrityError: If its plan is damaged.
    """
    plan, state = folder.read_plan(), folder.state()
    trials = tuple(told.trial for told in folder.journal.read().values())
    if not state.alive:
        trials = tuple(trial if trial.finished else replace(trial, state="interrupted") for trial in trials)
    best = best_of(trials, plan.options.direction)
    tied, interval = _statistics(_values(trials), plan.options.direction, None if best is None else best.number)
    return SweepRecord(
        sweep_id=plan.sweep_id,
        status=state.status,
        notebook=plan.notebook,
        options=plan.options,
        trials=trials,
        best=best,
        tied=tied,
        interval=interval,
        created=plan.created,
        error=state.error,
    )


def best_of(trials: Sequence[Trial], direction: Direction) -> Trial | None:
    """Return the best complete trial; of equal ones the first."""
    sign = 1 if direction == "max" else -1
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    return max(complete, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)


def _values(trials: Sequence[Trial]) -> tuple[tuple[int, tuple[float, ...]], ...]:
    """Return the values of the complete trials, where seeds were repeated."""
    return tuple((each.number, each.values) for each in trials if each.state == "complete" and len(each.values) > 1)


@lru_cache(maxsize=8)  # a panel asks again and again while nothing has changed
def _statistics(
    values: tuple[tuple[int, tuple[float, ...]], ...], direction: Direction, best: int | None
) -> tuple[tuple[int, ...], tuple[float, float] | None]:
    """Return the trials tied with the best one, and the interval of its mean."""
    by_number = dict(values)
    if best is None or best not in by_number:
        return (), None
    interval = bootstrap_interval(by_number[best])
    return tied_with_best(by_number, direction), (interval.low, interval.high)
