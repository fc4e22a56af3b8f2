"""A trial while it goes on: its runs, one a seed, and what they came to."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from reprobook.runs.metric_tail import Logged
from reprobook.sweep.model import Trial
from reprobook.sweep.outcome import Outcome
from reprobook.sweep.study import Judge, Study, Told


@dataclass
class RunningTrial:
    """One trial in progress.

    Attributes:
        trial: As it is known.
        study: Gives the judge of the trial; None where nothing is pruned.
        judge: Follows the curve of the first seed.
        waiting: Seeds whose run has not begun, by their place.
        active: Seeds whose run goes on.
        outcomes: Of the runs that have ended, by the place of their seed.
        tries: How often the run of a seed was begun.
        cancelled: Its runs were told to end, because it is pruned.
    """

    trial: Trial
    study: Study | None
    waiting: deque[int]
    judge: Judge | None = None
    active: set[int] = field(default_factory=set)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    cancelled: bool = False

    def __post_init__(self) -> None:
        if self.study is not None:
            self.judge = self.study.judge()

    @property
    def next_seed(self) -> int | None:
        """The seed to run next: what may be pruned is first tried with one seed; what has failed needs no more."""
        failed = any(outcome.error for outcome in self.outcomes.values())
        if not self.waiting or self.pruned or failed:
            return None
        waits_for_first = self.judge is not None and self.waiting[0] > 0 and 0 not in self.outcomes
        return None if waits_for_first else self.waiting[0]

    @property
    def pruned(self) -> bool:
        """Whether it is to be stopped."""
        return self.judge is not None and self.judge.stopped

    @property
    def ended(self) -> bool:
        """Whether all of it is done."""
        return not self.active and self.next_seed is None

    def begin(self, seed_index: int) -> None:
        """Note that the run of a seed begins."""
        self.waiting.remove(seed_index)
        self.active.add(seed_index)
        self.tries[seed_index] = self.tries.get(seed_index, 0) + 1

    def again(self, seed_index: int) -> None:
        """Put a seed back, whose run was lost."""
        self.active.discard(seed_index)
        self.waiting.appendleft(seed_index)
        self.forget(seed_index)

    def forget(self, seed_index: int) -> None:
        """Forget what a run logged that is made once more."""
        if seed_index == 0 and self.study is not None:
            self.judge = self.study.judge()

    def take(self, seed_index: int, outcome: Outcome) -> None:
        """Note the result of a run; the judge sees the whole curve, whatever was seen of it live."""
        self.active.discard(seed_index)
        if seed_index in self.waiting:
            self.waiting.remove(seed_index)
        self.outcomes[seed_index] = outcome
        if seed_index == 0:
            self.see(outcome.curve)

    def see(self, curve: Sequence[Logged]) -> None:
        """Show the judge what the run of the first seed logged; what it saw already does not count twice."""
        if self.judge is not None:
            for each in curve:
                self.judge.see(each.step, each.value)

    def told(self) -> Told:
        """Return the finished trial, as the journal keeps it."""
        outcomes = [outcome for _, outcome in sorted(self.outcomes.items())]
        trial = replace(
            self.trial,
            run_id=next((each.run_id for each in outcomes if each.run_id), None),
            run_ids=tuple(each.run_id for each in outcomes if each.run_id),
            cached=all(each.cached for each in outcomes),
            duration_s=sum(each.duration_s for each in outcomes),
        )
        if self.judge is None:
            return Told(_concluded(trial, outcomes))
        curve = tuple(self.judge.curve)
        if self.pruned:
            step, value = curve[-1]
            trial = replace(trial, state="pruned", step=step, value=value if math.isfinite(value) else None)
        else:
            trial = _concluded(trial, outcomes)
        return Told(trial, curve, self.judge.rungs)


def _concluded(trial: Trial, outcomes: Sequence[Outcome]) -> Trial:
    """Return a trial whose runs have all ended, or one of which has failed."""
    error = next((each.error for each in outcomes if each.error), None)
    if error is not None:
        return replace(trial, state="failed", error=error)
    values = tuple(each.value for each in outcomes if each.value is not None)
    return replace(trial, state="complete", values=values, value=math.fsum(values) / len(values))
