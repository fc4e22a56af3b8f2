"""What a tracker is told of a run, and the one interface that all trackers have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from reprobook.header import identity, open_header


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")


class Subject(_Message):
    """A run as it begins.

    Attributes:
        run_id: Its id, which it has in the trackers too.
        name: Its name for people.
        project: What the trackers file it under: W&B's project, MLflow's experiment.
        group: The sweep that it belongs to.
        folder: Its folder: ``metrics.jsonl``, ``artifacts/`` and ``header.json`` are read from there.
        home: Where trackers keep their own files.
        config: Its parameters and seed, as JSON.
        started: Seconds since the epoch.
    """

    run_id: str
    name: str
    project: str
    group: str | None = None
    folder: Path
    home: Path
    config: dict[str, Any] = Field(default_factory=dict)
    started: float


class Outcome(_Message):
    """How a run ended; ``ended`` in seconds since the epoch."""

    status: Literal["succeeded", "failed", "interrupted"]
    ended: float
    error: str = ""


class Report(_Message):
    """What became of a run in a tracker: where it can be found (``already``: from before), or what went wrong."""

    run_id: str
    tracker: str
    place: str = ""
    problem: str = ""
    already: bool = False


@dataclass(frozen=True)
class Point:
    """One value of a metric; ``time`` in seconds since the epoch."""

    name: str
    value: float
    step: int
    time: float


class Tracker(Protocol):
    """One run in one tracker. Made when the run begins; any exception means that this tracker gives the run up."""

    place: str

    def log(self, points: Sequence[Point]) -> None:
        """Take values, in the order in which they were logged."""

    def save(self, path: Path, name: str) -> None:
        """Take an artifact."""

    def end(self, outcome: Outcome, header: dict[str, Any]) -> None:
        """Take the header and how the run ended, and send all that is left."""


def public_header(folder: Path) -> dict[str, Any]:
    """Return what decides the recipe of a run, its digests and its commit: a tracker may be a public place.

    Hosts, users, paths and addresses are left out. Empty where no header was frozen.

    Raises:
        IntegrityError: If the header was edited.
    """
    path = folder / "header.json"
    if not path.is_file():
        return {}
    header = open_header(path.read_bytes(), f"{folder.name}/{path.name}")
    digests = {"recipe_digest": header.recipe_digest, "header_digest": header.header_digest}
    git = {"git": {"commit": header.git.commit, "dirty": header.git.dirty}} if header.git else {}
    return {**identity(header), **git, **digests}
