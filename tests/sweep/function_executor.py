"""An executor without notebooks: runs that are computed, which end in any order and are lost now and then.

What a driver makes of its executor's events must not depend on their order; here a seed decides it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reprobook.runs import NewRun, RunError, RunFolder, Store
from reprobook.sweep.executor.port import TaskKey, TrialEvent, TrialTask

STEPS = 6


class KilledError(BaseException):
    """The driver is killed here: nothing of it runs any more."""


def curve(parameters: dict[str, Any], seed: int) -> list[float]:
    """Return what a training would log."""
    lr, width, kind = parameters["lr"], parameters["width"], parameters["kind"]
    noise = random.Random(seed).random() * 0.01  # noqa: S311  # no secret
    level = abs(math.log10(lr) + 2) + 0.05 * width + 0.3 * (kind == "b") + noise
    return [level + 1 / (step + 1) for step in range(STEPS)]


def fails(parameters: dict[str, Any]) -> bool:
    return bool(parameters["width"] == 7)


@dataclass
class _Running:
    task: TrialTask
    run: RunFolder
    values: list[float]
    cancelled: bool = False


@dataclass
class FunctionExecutor:
    """Computes trials; ``order`` seeds the order of events, ``lose`` is the share of first tries that are lost.

    The disk is full in trials of ``full_disk``.
    """

    order: int = 0
    lose: float = 0.0
    die_after: int | None = None
    most: int = 0
    full_disk: frozenset[int] = frozenset()
    submitted: list[TaskKey] = field(default_factory=list)
    _running: dict[TaskKey, _Running] = field(default_factory=dict)
    _events: list[TrialEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.order)  # noqa: S311  # no secret
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not KilledError:
            for running in self._running.values():
                running.run.seal(status="interrupted")

    def submit(self, task: TrialTask) -> None:
        store = Store(Path(task.store))
        parameters = {"lr": 0.01, "width": 4, "kind": "a", "offset": 0.5, **task.options.values}
        run = store.create(
            NewRun(parent=task.options.parent, trial=task.options.trial, parameters=parameters, seed=task.options.seed)
        )
        run.update(status="running")
        assert task.options.seed is not None
        self._running[task.key] = _Running(task, run, curve(parameters, task.options.seed))
        self.submitted.append(task.key)
        self.most = max(self.most, len(self._running))
        self._events.append(TrialEvent(kind="started", key=task.key, run_id=run.run_id))

    def cancel(self, key: TaskKey) -> None:
        if key in self._running:
            self._running[key].cancelled = True

    def events(self, timeout: float) -> Sequence[TrialEvent]:
        del timeout
        self._count += 1
        if self._count == self.die_after:
            # Runs of a killed driver end as interrupted, by themselves, some time later.
            for running in self._running.values():
                running.run.seal(status="interrupted")
            raise KilledError
        found, self._events = self._events, []
        if self._running:
            found += self._advance(self._running[self._random.choice(sorted(self._running))])
        return found

    def _advance(self, running: _Running) -> list[TrialEvent]:
        task, run = running.task, running.run
        logged = len(run.read_metrics().records)
        lost = self._random.random() < self.lose and self.submitted.count(task.key) == 1
        if lost:
            run.seal(status="interrupted")
            return self._end(running, "lost")
        if task.key.number in self.full_disk and logged == 2:
            run.seal(status="failed", error=RunError(cell=1, ename="StorageError", evalue="No space left on device"))
            return self._end(running, "failed")
        if fails(run.read_record().parameters) and logged == 2:
            run.seal(status="failed", error=RunError(cell=1, ename="ValueError", evalue="seven"))
            return self._end(running, "failed")
        if logged < len(running.values) and not (running.cancelled and self._random.random() < 0.5):
            run.log_metric("loss", running.values[logged], logged)
            return [
                TrialEvent(
                    kind="metric",
                    key=task.key,
                    run_id=run.run_id,
                    name="loss",
                    value=running.values[logged],
                    step=logged,
                )
            ]
        status = "succeeded" if logged == len(running.values) else "interrupted"
        run.seal(status=status)
        return self._end(running, status)

    def _end(self, running: _Running, status: Any) -> list[TrialEvent]:
        del self._running[running.task.key]
        return [TrialEvent(kind="ended", key=running.task.key, run_id=running.run.run_id, status=status)]
