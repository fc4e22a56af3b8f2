"""What came of a promotion, as it is reported."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class DroppedCell(BaseModel):
    """A code cell that is not in the script, or a part of one, and why."""

    model_config = ConfigDict(frozen=True)

    cell: int
    reason: str


class TrainingLoop(BaseModel):
    """A training loop, what its checkpoint holds, or why it has none."""

    model_config = ConfigDict(frozen=True)

    function: str
    state: list[str] = []
    reason: str = ""


class ProvedSeed(BaseModel):
    """What came of the proof for one seed."""

    model_config = ConfigDict(frozen=True)

    seed: int
    run_id: str
    equivalent: bool


class Promotion(BaseModel):
    """What came of a promotion; ``equivalent`` is None where nothing was proved.

    ``trimmed`` is what was left out of cells that are in the script. ``resumed`` says whether the script, killed and
    resumed, gave the notebook's result too; None if not tried. ``failed_commands`` are the exit codes of shell lines
    that failed in the run, by cell.
    """

    model_config = ConfigDict(frozen=True)

    dir: str
    script: str
    equivalent: bool | None = None
    checked: dict[str, int] = {}
    kept: list[int]
    asked: list[int] = []
    dropped: list[DroppedCell]
    trimmed: list[DroppedCell] = []
    first: dict[str, Any] | None = None
    run_id: str = ""
    loops: list[TrainingLoop] = []
    resumed: bool | None = None
    seeds: list[ProvedSeed] = []
    failed_commands: dict[int, int] = {}
