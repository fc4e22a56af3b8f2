"""What one headless run is asked to do, and what it reports while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from reprobook.ambient import NO_PINS, Pins

TraceLevel = Literal["full", "light", "off"]
Kernel = Literal["cold", "warm", "inline"]
# Set to 1 in the environment of a run, it accepts that data has changed.
ACCEPT_DATA = "REPROBOOK_ACCEPT_DATA"


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options of one run.

    Attributes:
        values: New values of parameters, as Python values.
        texts: New values as the texts of a command line, read by the declared type.
        seed: Seeds every generator; a parameter named ``seed`` follows it.
        lite: Use the lite values of the parameters.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        timeout: Seconds that one cell may take.
        cwd: Working folder; default: the notebook's folder.
        origin: The folder that the header names, where the run happens in a copy of it; default: the working folder.
        output: Where to write a copy of the executed notebook.
        name: Name of the experiment.
        trace: How much is recorded: ``full``, ``light`` (large values are sampled) or ``off`` (results only).
        kind: ``replay`` for a verification.
        parent: The run that this one replays, or the sweep that it belongs to.
        trial: Number of the trial of that sweep.
        pins: What is held still while the cells run.
        measured: A cell, and the names whose numbers are saved after it, in the run's folder under ``values``.
        stop_after: Code index of the last cell to run; None: all.
        kernel: ``cold`` starts a kernel, ``warm`` forks one from a server that has imported the packages, ``inline``
            runs the cells in this process.
        track: Names of the trackers that are told of the run.
        spec: Bytes of the training spec, where it is not the one beside the notebook; empty: none.
        profile: Measure time and memory of each cell.
        group: What the trackers file the run under: the sweep that it belongs to.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    lite: bool = False
    device: str = "auto"
    timeout: float | None = None
    cwd: Path | None = None
    origin: Path | None = None
    output: Path | None = None
    name: str | None = None
    trace: TraceLevel = "full"
    kind: Literal["run", "replay"] = "run"
    parent: str | None = None
    trial: int | None = None
    pins: Pins = NO_PINS
    stop_after: int | None = None
    measured: tuple[int, tuple[str, ...]] | None = None
    kernel: Kernel = "cold"
    track: tuple[str, ...] = ()
    profile: bool = False
    group: str | None = None
    spec: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """How a recorded run is executed again.

    Attributes:
        cwd: Working folder; default: that of the run.
        notebook: Bytes of the notebook, where it is not the recorded one that is to run.
        seed: Another seed than the recorded one; a parameter named ``seed`` follows it.
        pins: What is held still.
        measured: A cell, and the names whose numbers are saved after it.
        stop_after: Code index of the last cell to run; None: all.
        kernel: As in ``RunOptions``.
    """

    cwd: Path | None = None
    notebook: bytes | None = None
    seed: int | None = None
    pins: Pins = NO_PINS
    measured: tuple[int, tuple[str, ...]] | None = None
    stop_after: int | None = None
    kernel: Kernel = "cold"


@dataclass(frozen=True)
class RunEvent:
    """Progress of a run: ``cell`` is the 0-based code index, ``total`` the number of code cells."""

    kind: Literal["started", "cell", "metric", "note", "ended"]
    cell: int | None
    total: int
    text: str = ""


OnEvent = Callable[[RunEvent], None]


def ignore(event: RunEvent) -> None:
    """Do nothing with an event."""
