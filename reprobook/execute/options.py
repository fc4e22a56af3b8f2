"""What one headless run is asked to do, and what it reports while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

TraceLevel = Literal["full", "light", "off"]


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
        output: Where to write a copy of the executed notebook.
        name: Name of the experiment.
        trace: How much is recorded: ``full``, ``light`` (large values are sampled) or ``off`` (results only).
        kind: ``replay`` for a verification.
        parent: The run that this one replays.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    lite: bool = False
    device: str = "auto"
    timeout: float | None = None
    cwd: Path | None = None
    output: Path | None = None
    name: str | None = None
    trace: TraceLevel = "full"
    kind: Literal["run", "replay"] = "run"
    parent: str | None = None


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
