"""How a sweep goes, on standard error: a bar with the time left on a terminal, one line a trial elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reprobook.cli.console import number_text
from reprobook.cli.messages import Interruption, plain
from reprobook.runs import Store
from reprobook.sweep.folder import find_folder
from reprobook.sweep.model import SweepEvent, SweepOptions, Trial
from reprobook.sweep.record import best_of, read_record


class SweepProgress:
    """Shows the events of a sweep; a context manager, so that the bar is cleared however it ends.

    A Ctrl-C leaves it as one that says how to go on.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._console = Console(stderr=True, markup=False, highlight=False, emoji=False)
        self._bar = Progress(
            TextColumn("sweep {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID | None = None
        self._trials: dict[int, Trial] = {}
        self._values: dict[int, str] = {}
        self._options: SweepOptions | None = None
        self._sweep_id = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if isinstance(error, KeyboardInterrupt) and self._sweep_id:
            hint = f"reprobook sweep --resume {self._sweep_id} goes on; trials that have ended are kept."
            raise Interruption(hint) from error

    def __call__(self, event: SweepEvent) -> None:
        """Show one event."""
        if event.kind == "started":
            self._begin(event.text)
        elif event.kind == "trial" and event.trial is not None:
            self._trials[event.trial.number] = event.trial
            self._update(event.trial)
        elif event.kind == "metric" and event.trial is not None:
            self._values[event.trial.number] = event.text
            self._update(None)
        elif event.kind == "status":
            self._print(f"sweep is {event.text}")
        elif event.kind == "note":
            self._print(event.text)

    def _begin(self, sweep_id: str) -> None:
        """Say which sweep it is; of one that is resumed, the trials that have ended count."""
        self._sweep_id = sweep_id
        record = read_record(find_folder(self._store, sweep_id))
        self._options = record.options
        self._trials = {trial.number: trial for trial in record.trials if trial.finished}
        self._task = self._bar.add_task(sweep_id, total=record.options.trials, completed=len(self._trials), text="")
        # Ranges that the notebook declares are varied without being asked for.
        over = ", ".join(record.options.spaces)
        self._print(f"sweep {sweep_id}: {record.options.trials} trials over {over}; {len(self._trials)} done")

    def _update(self, ended: Trial | None) -> None:
        """Move the bar, and say which trials run and which is the best."""
        if ended is not None and ended.finished and not self._console.is_terminal:
            self._print(self._line(ended))
        if self._task is not None and self._options is not None:
            finished = sum(trial.finished for trial in self._trials.values())
            self._bar.update(self._task, completed=finished, text=f"{self._running()}  {self._best()}")

    def _line(self, trial: Trial) -> str:
        """Say what became of a trial."""
        parameters = " ".join(f"{name}={_short(value)}" for name, value in trial.parameters.items())
        outcome = trial.error or number_text(trial.value)
        state = f"{trial.state}, cached" if trial.cached else trial.state
        return f"trial {trial.number}: {state}  {outcome}  {parameters}  [{self._best()}]"

    def _running(self) -> str:
        """Name the trials that run, each with the value that it has by now."""
        running = sorted(number for number, trial in self._trials.items() if not trial.finished)
        return "running " + " ".join(f"{number}:{self._values.get(number, '…')}" for number in running)

    def _best(self) -> str:
        """Name the best trial so far."""
        direction = self._options.direction if self._options else "max"
        best = best_of(list(self._trials.values()), direction)
        return "no value yet" if best is None else f"best {number_text(best.value)} (trial {best.number})"

    def _print(self, text: str) -> None:
        self._console.print(plain(text), soft_wrap=True)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
