"""The driver of a sweep: proposes trials, has them run, and writes down what they came to, until all are done.

Whatever happens to it, the journal and the runs in the store say all that a later driver needs to go on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from reprobook.errors import ExecutionError
from reprobook.runs import Store
from reprobook.runs.metric_tail import Logged
from reprobook.sweep.executor.port import Executor, TaskKey, TrialEvent
from reprobook.sweep.folder import SweepFolder
from reprobook.sweep.model import OnSweepEvent, SweepEvent, SweepStatus, Trial
from reprobook.sweep.outcome import Outcome, died, lacked_disk, may_be_made, outcome_of
from reprobook.sweep.proposals import Proposals
from reprobook.sweep.reuse import Reuse
from reprobook.sweep.running import RunningTrial
from reprobook.sweep.study import Told
from reprobook.sweep.tasks import Tasks

_WAIT = 0.25  # seconds
_MOST_TRIES = 2


class Driver:
    """Drives one sweep in this process.

    Args:
        folder: Of the sweep; this process holds its lock.
        store: The store that the runs go into.
        executor: Runs the trials; entered.
        on_event: Told of what happens.

    Raises:
        InputError: If runs of an earlier driver still go on.
    """

    def __init__(self, folder: SweepFolder, store: Store, executor: Executor, on_event: OnSweepEvent) -> None:
        self._folder = folder
        self._store = store
        self._executor = executor
        self._on_event = on_event
        self._plan = folder.read_plan()
        self._told = {
            number: Told(replace(told.trial, state="waiting")) if may_be_made(told.trial) else told
            for number, told in folder.journal.read().items()
        }
        self._running: dict[int, RunningTrial] = {}
        source = folder.source.read_bytes()
        self._tasks = Tasks(self._plan, source, store)
        self._proposals = Proposals(self._plan)
        self._reuse = Reuse(self._plan, source, store)
        self._reuse.settle()
        self._status: SweepStatus = "running"

    def drive(self) -> SweepStatus:
        """Go on until all trials are done or the sweep is told to stop, and return how it ended.

        Raises:
            InputError: If it makes no sense to go on: the constraints leave no point.
            ExecutionError: If the first run that ended well logs no such metric.
            KeyboardInterrupt: On Ctrl-C or SIGTERM.
        """
        while True:
            control = self._folder.control()
            if control == "stop":
                return "stopped"  # the executor ends what runs
            self._set_status("paused" if control == "pause" else "running")
            if control == "run":
                self._fill()
            if not self._running and self._next() is None:
                return "succeeded" if any(told.trial.value is not None for told in self._told.values()) else "failed"
            for event in self._executor.events(_WAIT):
                self._take(event)

    def _set_status(self, status: SweepStatus) -> None:
        """Write down a change of status."""
        if status != self._status:
            self._status = status
            self._folder.set_state(status)
            self._on_event(SweepEvent(kind="status", text=status))

    def _fill(self) -> None:
        """Begin runs as long as there is room."""
        while sum(len(running.active) for running in self._running.values()) < self._plan.options.jobs:
            begun = next((each for each in self._running.values() if each.next_seed is not None), None)
            number = None if begun else self._next()
            if begun is None and number is not None:
                begun = self._begin(number)
            if begun is None:
                return
            if begun.next_seed is not None:
                self._submit(begun, begun.next_seed)
            else:
                self._conclude(begun)

    def _next(self) -> int | None:
        """Return the number of the next trial to begin; None if there is none, or it must wait for others."""
        for number in range(self._plan.trials):
            if number in self._running or (number in self._told and self._told[number].trial.finished):
                continue
            return number if self._proposals.may_begin(number, self._told) else None
        return None

    def _begin(self, number: int) -> RunningTrial:
        """Begin a trial: propose it, unless it was, and take over the runs that it has already."""
        if number not in self._told:
            parameters = self._proposals.propose(number, self._told)
            self._folder.journal.proposed(number, parameters)
            self._told[number] = Told(Trial(number=number, parameters=parameters))
        trial = replace(self._told[number].trial, state="running", run_id=None, run_ids=())
        seeds = range(self._plan.options.seeds)
        study = self._proposals.study(number, self._told) if self._plan.options.pruner else None
        running = RunningTrial(trial, study, deque(seeds))
        self._running[number] = running
        for seed_index in seeds:
            self._take_over(running, seed_index)
        self._show(trial)
        return running

    def _take_over(self, running: RunningTrial, seed_index: int) -> None:
        """Use what an earlier driver of this sweep, or another run of the same recipe, has left in the store."""
        number, metric = running.trial.number, self._plan.options.metric
        for run in self._reuse.own(number, seed_index):
            record, outcome = run.read_record(), outcome_of(run, metric)
            if died(record):
                running.tries[seed_index] = running.tries.get(seed_index, 0) + 1
            again = lacked_disk(outcome) or (died(record) and self._may_repeat(running, seed_index))
            final = record.status in {"succeeded", "failed"} and not again
            if seed_index == 0:
                running.see(outcome.curve)
            if running.pruned or final:
                running.take(seed_index, outcome)
                return
            running.forget(seed_index)
        cached = self._reuse.cached(number, running.trial.parameters, seed_index)
        if cached is not None:
            running.take(seed_index, outcome_of(cached, metric, cached=True))

    def _may_repeat(self, running: RunningTrial, seed_index: int) -> bool:
        """Tell whether a run that was lost may be made once more."""
        return running.tries.get(seed_index, 0) < _MOST_TRIES

    def _submit(self, running: RunningTrial, seed_index: int) -> None:
        """Have one run made."""
        running.begin(seed_index)
        key = TaskKey(running.trial.number, seed_index)
        self._executor.submit(self._tasks.task(key, running.trial.parameters))

    def _take(self, event: TrialEvent) -> None:
        """Take one event of the executor."""
        running = self._running.get(event.key.number)
        if running is None or event.key.seed_index not in running.active:
            return
        if event.kind == "started":
            self._folder.journal.run(*event.key, event.run_id)
            running.trial = replace(running.trial, run_ids=(*running.trial.run_ids, event.run_id))
            running.trial = replace(running.trial, run_id=running.trial.run_ids[0])
            self._show(running.trial)
        elif event.kind == "metric":
            self._metric(running, event)
        elif event.kind == "note":
            self._on_event(SweepEvent(kind="note", trial=running.trial, text=event.text))
        else:
            self._ended(running, event)

    def _metric(self, running: RunningTrial, event: TrialEvent) -> None:
        """Show the metric of a trial to its judge, and end the trial if that says so."""
        if event.name != self._plan.options.metric:
            return
        self._on_event(SweepEvent(kind="metric", trial=running.trial, text=f"{event.value:.6g}"))
        if event.key.seed_index == 0:
            running.see([Logged(event.name, event.value, event.step)])
        if running.pruned and not running.cancelled:
            running.cancelled = True
            for seed_index in running.active:
                self._executor.cancel(TaskKey(event.key.number, seed_index))

    def _ended(self, running: RunningTrial, event: TrialEvent) -> None:
        """Take the end of a run."""
        number, seed_index = event.key
        run = self._store.folder(event.run_id) if event.run_id else None
        outcome = outcome_of(run, self._plan.options.metric) if run else Outcome("", error=event.text)
        if seed_index == 0:
            running.see(outcome.curve)
        lost = event.status in {"lost", "interrupted"} or (run is not None and died(run.read_record()))
        if lost and not running.pruned:
            reason = event.text or "its run was interrupted"
            if self._may_repeat(running, seed_index):
                self._on_event(SweepEvent(kind="note", trial=running.trial, text=f"trial {number} again: {reason}"))
                running.again(seed_index)
                return
            outcome = replace(outcome, error=f"{reason} (twice)")
        running.take(seed_index, outcome)
        self._conclude(running)

    def _conclude(self, running: RunningTrial) -> None:
        """Write down what became of a trial, once all of it is done.

        Raises:
            ExecutionError: If no trial has a value, and the run of this one has ended well without such a metric.
        """
        if not running.ended:
            return
        told = running.told()
        number = told.trial.number
        self._folder.journal.ended(told)
        self._told[number] = told
        del self._running[number]
        self._show(told.trial)
        lacks_metric = any(outcome.lacks_metric for outcome in running.outcomes.values())
        if lacks_metric and not any(each.trial.state == "complete" for each in self._told.values()):
            msg = f"trial {number}: {told.trial.error}"
            hint = "Begin anew with a metric that the notebook logs with rb.log, shows or prints: runs are reused."
            raise ExecutionError(msg, hint=hint)

    def _show(self, trial: Trial) -> None:
        self._on_event(SweepEvent(kind="trial", trial=trial))
