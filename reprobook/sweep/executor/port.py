"""The port of executors: what the driver of a sweep asks of whatever runs its trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self

from reprobook.execute import RunOptions
from reprobook.execute.warm import WarmServer
from reprobook.sweep.model import SweepKernel


class TaskKey(NamedTuple):
    """Which run a task is: trial, and place among the seeds of the trial."""

    number: int
    seed_index: int


@dataclass(frozen=True, kw_only=True)
class TrialTask:
    """One run to make; picklable.

    Attributes:
        key: Which one.
        notebook: Bytes of the notebook, as frozen in the plan of the sweep.
        path: Where the notebook is: names the run, and its folder is the working folder.
        store: Root of the store that the run goes into.
        options: Options of the run; ``parent``, ``trial`` and ``group`` name the sweep.
    """

    key: TaskKey
    notebook: bytes
    path: str
    store: str
    options: RunOptions


@dataclass(frozen=True, kw_only=True)
class TrialEvent:
    """What happened to a task.

    Attributes:
        kind: ``started``: its run exists; ``metric``: it logged a value; ``note``: text for people; ``ended``: nothing
            more comes of this task, and its run is sealed in the store.
        key: Which task.
        run_id: Its run; empty where it ended before there was one.
        name: Of the metric.
        value: Of the metric.
        step: Of the metric, None where it was logged without.
        status: Of ``ended``: that of the run, or ``lost`` where what ran it died (a worker or node was killed): the
            driver then submits it once more.
        text: Of a note, or why it ended so.
    """

    kind: Literal["started", "metric", "note", "ended"]
    key: TaskKey
    run_id: str = ""
    name: str = ""
    value: float = 0.0
    step: int | None = None
    status: Literal["", "succeeded", "failed", "interrupted", "lost"] = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class ExecutorSettings:
    """What an executor is opened with.

    Attributes:
        jobs: Tasks at a time.
        kernel: How the kernels of its runs start.
        threads: Intra-operation threads that each task was given: the CPUs that it asks of a scheduler; 0: not known.
        address: Of the Ray cluster.
        device: As in ``SweepOptions``.
        log: File that worker processes write what they print to; None: they inherit the streams.
        server: What runs are forked from, where it was started already.
    """

    jobs: int = 1
    kernel: SweepKernel = "warm"
    threads: int = 1
    address: str | None = None
    device: str = "auto"
    log: Path | None = None
    server: WarmServer | None = None


class Executor(Protocol):
    """Runs tasks. A context manager: on exit nothing of it is left, and what still ran is sealed as interrupted.

    The driver never has more than ``jobs`` tasks submitted that have not ended.
    """

    def __enter__(self) -> Self:
        """Start what it needs."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every task and all processes."""
        ...

    def submit(self, task: TrialTask) -> None:
        """Begin a task, now or as soon as there is room for it."""
        ...

    def events(self, timeout: float) -> Sequence[TrialEvent]:
        """Return what happened since the last call, in order for each task; wait up to ``timeout`` seconds for it."""
        ...

    def cancel(self, key: TaskKey) -> None:
        """End a task; it still reports ``ended``, as interrupted. Unknown and ended tasks are ignored."""
        ...
