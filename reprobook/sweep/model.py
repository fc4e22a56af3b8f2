"""What a sweep is asked to do, and what is known of it and of its trials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from reprobook.space import Space

Direction = Literal["max", "min"]
Sampler = Literal["grid", "random", "tpe"]
Pruner = Literal["asha", "median"]
ExecutorName = Literal["inline", "local", "ray"]
SweepKernel = Literal["warm", "cold"]
TrialState = Literal["waiting", "running", "complete", "pruned", "failed", "interrupted"]
SweepStatus = Literal["running", "paused", "stopped", "succeeded", "interrupted", "failed"]
# Nothing more will happen to a trial in these states.
FINISHED: frozenset[TrialState] = frozenset({"complete", "pruned", "failed"})


@dataclass(frozen=True, kw_only=True)
class SweepOptions:
    """Options of one sweep.

    Attributes:
        spaces: What each parameter may be; those that the parameters cell declares need not be named.
        metric: The metric whose last value a trial is judged by.
        direction: Whether more of it is better (``max``) or less (``min``).
        sampler: ``grid``, ``random`` or ``tpe`` (Bergstra et al. 2011).
        trials: How many; None: the whole grid, else 20.
        seeds: Runs a trial; its value is their mean.
        seed: Of the sampler, and of the first run of each trial; the others follow it by ones.
        jobs: Trials at a time.
        executor: Where trials run: ``inline`` in this process, ``local`` in worker processes, ``ray`` as Ray tasks.
        kernel: ``warm`` forks kernels from a server that has imported the packages, ``cold`` starts each anew.
        prune: The pruner that ends hopeless trials early; True means ``median``, None and False no pruning.
        constraints: Expressions over the parameters that hold for every trial: ``batch_size * steps <= 256``.
        conditions: By parameter, the expression under which it is varied at all; else it keeps its value.
        values: Fixed values of other parameters.
        texts: The same as the texts of a command line.
        lite: Use the lite values of the parameters that are not varied.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        timeout: Seconds that one cell may take.
        cwd: Working folder; default: the notebook's folder.
        name: Name of the experiment.
        track: Names of the trackers that are told of the runs.
        address: Of the Ray cluster; None: Ray is started on this machine.
        threads: Intra-operation threads of each trial; None: see ``Plan.threads``; 0: as a plain run would have.
        cache: Take a run of the same recipe from the store instead of running it again.
    """

    spaces: Mapping[str, Space] = field(default_factory=dict)
    metric: str
    direction: Direction = "max"
    sampler: Sampler = "tpe"
    trials: int | None = None
    seeds: int = 1
    seed: int = 0
    jobs: int = 1
    executor: ExecutorName = "local"
    kernel: SweepKernel = "warm"
    prune: bool | Pruner | None = None
    constraints: tuple[str, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    lite: bool = False
    device: str = "auto"
    timeout: float | None = None
    cwd: Path | None = None
    name: str | None = None
    track: tuple[str, ...] = ()
    address: str | None = None
    threads: int | None = None
    cache: bool = True

    @property
    def pruner(self) -> Pruner | None:
        """The pruner by name; None if nothing is pruned."""
        return "median" if self.prune is True else self.prune or None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial.

    Attributes:
        number: 0-based, in the order of proposal.
        parameters: Values of the parameters that were varied in it.
        state: What became of it.
        value: The metric: the mean over seeds; of a pruned trial what it was when it was stopped.
        values: The metric of each seed's run.
        run_id: Its first run; None before that has started.
        run_ids: Its runs, one a seed.
        cached: No run was made: the store had all of them.
        step: Of a pruned trial, the step at which it was stopped.
        duration_s: Seconds that its runs took together.
        error: Why it failed.
    """

    number: int
    parameters: Mapping[str, Any]
    state: TrialState = "waiting"
    value: float | None = None
    values: tuple[float, ...] = ()
    run_id: str | None = None
    run_ids: tuple[str, ...] = ()
    cached: bool = False
    step: int | None = None
    duration_s: float = 0.0
    error: str | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation over seeds; None for a single run."""
        if self.value is None or len(self.values) < 2:  # noqa: PLR2004  # a deviation takes two
            return None
        return math.sqrt(sum((each - self.value) ** 2 for each in self.values) / (len(self.values) - 1))


@dataclass(frozen=True, kw_only=True)
class SweepRecord:
    """What is known of a sweep, read from its folder.

    Attributes:
        sweep_id: Its id: the ``parent`` of the runs of its trials.
        status: ``interrupted`` also where its driver was killed; ``failed`` where it ended itself by an error, or no
            trial has a value.
        notebook: Path of the notebook.
        options: As frozen: ``spaces`` holds all that is varied, ``trials`` the number of trials.
        trials: Those proposed so far, by number.
        best: The best complete trial.
        tied: Numbers of the trials that cannot be told apart from the best; empty with a single seed.
        interval: Bootstrap interval of the mean of the best trial, at 95 %; None with a single seed.
        created: ISO 8601, UTC.
        error: Why it failed.
    """

    sweep_id: str
    status: SweepStatus
    notebook: str
    options: SweepOptions
    trials: tuple[Trial, ...] = ()
    best: Trial | None = None
    tied: tuple[int, ...] = ()
    interval: tuple[float, float] | None = None
    created: str = ""
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class SweepEvent:
    """Progress of a sweep that runs in this process.

    ``trial`` is as it is now, for ``trial`` events (one for every change of its state); ``text`` of a ``note`` is for
    people, of ``started`` the id of the sweep, of a ``status`` its status, of a ``metric`` the last value of the metric
    of ``trial``.
    """

    kind: Literal["started", "status", "trial", "metric", "note"]
    trial: Trial | None = None
    text: str = ""


OnSweepEvent = Callable[[SweepEvent], None]


def ignore_event(event: SweepEvent) -> None:
    """Do nothing with an event."""
