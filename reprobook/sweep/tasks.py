"""The runs of a sweep, as tasks for its executor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobook.ambient import Pins
from reprobook.execute import RunOptions
from reprobook.sweep.executor.port import TaskKey, TrialTask
from reprobook.sweep.plan import Plan

if TYPE_CHECKING:
    from reprobook.runs import Store  # whoever only asks for options does not wait for it

# Where OpenMP, MKL and OpenBLAS, and with them torch, NumPy and scikit-learn, begin.
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Tasks:
    """Makes the tasks of one plan."""

    def __init__(self, plan: Plan, source: bytes, store: Store) -> None:
        self._plan = plan
        self._source = source
        self._store = store

    def task(self, key: TaskKey, parameters: Mapping[str, Any]) -> TrialTask:
        """Return one run of a trial as a task."""
        return TrialTask(
            key=key,
            notebook=self._source,
            path=self._plan.notebook,
            store=str(self._store.root),
            options=run_options(self._plan, key, parameters),
        )


def run_options(plan: Plan, key: TaskKey, parameters: Mapping[str, Any]) -> RunOptions:
    """Return the options of one run of a trial."""
    options = plan.options
    return RunOptions(
        values={**options.values, **parameters},
        texts=options.texts,
        seed=options.seed + key.seed_index,
        lite=options.lite,
        device=options.device,
        timeout=options.timeout,
        cwd=options.cwd,
        name=options.name,
        parent=plan.sweep_id,
        trial=key.number,
        pins=thread_pins(plan.threads),
        kernel=options.kernel,
        track=options.track,
        group=plan.sweep_id,
        spec=plan.spec.encode(),
    )


def thread_pins(threads: int) -> Pins:
    """Return what gives every trial the same number of threads, however many run at a time."""
    return Pins(environment=dict.fromkeys(THREAD_VARIABLES, str(threads))) if threads else Pins()
