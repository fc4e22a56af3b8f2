"""What a verification found, as `reprobook verify --json` prints it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from reprobook.runs import RunError
from reprobook.runs.model import json_number

Verdict = Literal["reproduced", "within_tolerance", "diverged", "failed"]
UNKNOWN = "unknown"
_MOST_ULP = 10_000


class Finding(BaseModel):
    """A frozen part of a verification."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid", allow_inf_nan=True)


class ValueChange(Finding):
    """One variable on both sides: its summary and the beginning of its digest, or ``absent``."""

    name: str
    original: str
    replay: str


class Distance(Finding):
    """How far two runs lie apart in one variable.

    Attributes:
        name: The variable.
        count: How many of its numbers differ.
        size: How many it has.
        max_abs: The largest finite absolute difference; None where there is none: another shape or type, or NaN.
        max_ulp: The largest difference in units in the last place; None where they are no floating-point numbers.
    """

    name: str
    count: int
    size: int
    max_abs: float | None = None
    max_ulp: int | None = None


class Divergence(Finding):
    """One cell that went another way.

    Attributes:
        cell: 0-based index among the code cells of the source notebook; None where no cell can be named.
        cell_id: The cell's id, where the front end or the file has one.
        names: Variables, metrics or artifacts whose content differs first in this cell.
        cause: A label of the list of causes; ``unknown`` while nothing proved one.
        evidence: What differs, in plain words.
        confirmed: Whether an intervention made this divergence disappear.
        unproven: Why none did, where a diagnosis was asked for; empty otherwise.
        fix: What would make it go away; empty while the cause is unknown.
        values: Both sides of ``names``, as far as they are variables.
        distances: How far apart they are, where a diagnosis measured it.
    """

    cell: int | None
    cell_id: str | None = None
    names: tuple[str, ...] = ()
    cause: str = UNKNOWN
    evidence: str = ""
    confirmed: bool = False
    unproven: str = ""
    fix: str = ""
    values: tuple[ValueChange, ...] = ()
    distances: tuple[Distance, ...] = ()

    def distance_lines(self) -> Iterator[str]:
        """Yield how far the two sides lie apart, a line a variable."""
        for far in self.distances:
            if far.max_abs is None:
                yield f"{far.name}: another shape or type, or not finite"
                continue
            # Of other values, and not the same ones rounded otherwise, the number of units says nothing.
            units = "" if (far.max_ulp or _MOST_ULP) >= _MOST_ULP else f", {far.max_ulp} units in the last place"
            yield f"{far.name}: {far.count} of {far.size} numbers differ, by up to {far.max_abs:.3g}{units}"


class MetricPair(Finding):
    """The last value of one metric in both runs; None on the side that does not have it."""

    original: float | None = None
    replay: float | None = None

    @field_serializer("original", "replay", when_used="json")
    def _as_json(self, value: float | None) -> float | str | None:
        return None if value is None else json_number(value)


class Pin(Finding):
    """A difference that the header could restore, and that was restored for the replay."""

    cause: str
    setting: str
    recorded: str
    found: str


class Verification(Finding):
    """The outcome of a verification.

    Attributes:
        run_id: The run that was verified; of a promoted job, its folder's name.
        replay_id: The run that repeated it; None for a job, whose repetition is not kept.
        verdict: ``reproduced`` bit by bit, ``within_tolerance`` in its metrics, ``diverged``, or ``failed``.
        first: The first cell that went another way by itself, not because of what it read. Of a diagnosis that
            reproduced the run only with restored settings: the first cell that goes another way without them.
        all: Every cell that did, in cell order; consequences are left out.
        metrics: The metrics of both runs, by name.
        pinned: What was restored from the header for the replay.
        notes: What else is to be known of the comparison, in sentences.
        opaque: Names whose content could not be compared as a whole.
        environment: Differences between the two headers, in plain words.
        benign: Names that differ and hold nothing but timings and labels of the run.
        cells: Every code cell that was compared.
        differing: Those that differ, consequences included.
        error: Why the replay failed, if it did.
    """

    run_id: str
    replay_id: str | None
    verdict: Verdict
    first: Divergence | None = None
    all: tuple[Divergence, ...] = ()
    metrics: dict[str, MetricPair] = Field(default_factory=dict)
    pinned: tuple[Pin, ...] = ()
    notes: tuple[str, ...] = ()
    opaque: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    benign: tuple[str, ...] = ()
    cells: tuple[int, ...] = ()
    differing: tuple[int, ...] = ()
    error: RunError | None = None
