"""What a comparison of runs is asked, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reprobook.header import encode
from reprobook.runs import RunRecord
from reprobook.runs.model import json_number
from reprobook.statistics import Comparison, Direction, Interval


@dataclass(frozen=True, kw_only=True)
class CompareOptions:
    """Options of a comparison.

    Attributes:
        metric: Name of the metric; the last value of each run counts.
        direction: Whether higher (``max``) or lower (``min``) is better; None: told by the name of the metric.
        confidence: Of intervals and verdicts.
    """

    metric: str
    direction: Direction | None = None
    confidence: float = 0.95


@dataclass(frozen=True)
class Side:
    """Runs that differ by their seed only, or that were named together.

    Attributes:
        label: What tells it from the others, for people.
        runs: The runs that count, by seed.
        values: The metric of each, in the same order.
        interval: Of their mean.
        parameters: The parameters in which it differs from the other sides.
    """

    label: str
    runs: tuple[RunRecord, ...]
    values: tuple[float, ...]
    interval: Interval
    parameters: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return the side as JSON."""
        return {
            "label": self.label,
            "parameters": {name: encode(value) for name, value in self.parameters.items()},
            "n": len(self.values),
            "mean": sum(self.values) / len(self.values),
            "interval": interval_json(self.interval),
            "runs": [record.run_id for record in self.runs],
            "seeds": [record.seed for record in self.runs],
            "values": list(self.values),
        }


@dataclass(frozen=True)
class Pairing:
    """One side against the first one; ``a`` and ``b`` are positions among the sides, ``seeds`` those in pairs."""

    a: int
    b: int
    seeds: tuple[int, ...]
    comparison: Comparison


@dataclass(frozen=True)
class ComparisonReport:
    """All sides of a comparison, each but the first compared with the first one.

    Attributes:
        metric: What was compared.
        direction: ``max`` where higher is better, else ``min``.
        guessed: Whether the direction was told by the name of the metric.
        confidence: Of intervals and verdicts.
        sides: At least two; the first is what the others are held against.
        pairings: One for each other side; p values corrected (Holm) where there are several.
        notes: What a reader must know: runs left out, and why.
    """

    metric: str
    direction: Direction
    guessed: bool
    confidence: float
    sides: tuple[Side, ...]
    pairings: tuple[Pairing, ...]
    notes: tuple[str, ...]

    @property
    def sentences(self) -> tuple[str, ...]:
        """The verdicts in words."""
        return tuple(
            each.comparison.sentence(self.sides[each.a].label, self.sides[each.b].label, self.metric)
            for each in self.pairings
        )

    @property
    def verdict(self) -> str:
        """Verdict on the second side, the only one there is where two are compared."""
        return self.pairings[0].comparison.verdict

    def __repr__(self) -> str:
        """Return the verdicts, which is what a notebook shows."""
        return "\n".join([*self.sentences, *(f"note: {note}" for note in self.notes)])

    def plot(self) -> Any:
        """Return a matplotlib ``Figure``: the values of every side, and the differences with their intervals."""
        from reprobook.comparison.figure import draw  # noqa: PLC0415  # matplotlib takes a second to import

        return draw(self)

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON; numbers that are not finite as text."""
        return {
            "metric": self.metric,
            "direction": self.direction,
            "direction_guessed": self.guessed,
            "confidence": self.confidence,
            "sides": [side.as_json() for side in self.sides],
            "comparisons": [
                self._pairing_json(each, sentence) for each, sentence in zip(self.pairings, self.sentences, strict=True)
            ],
            "notes": list(self.notes),
        }

    def _pairing_json(self, pairing: Pairing, sentence: str) -> dict[str, Any]:
        found = pairing.comparison
        return {
            "a": pairing.a,
            "b": pairing.b,
            "verdict": found.verdict,
            "sentence": sentence,
            "paired": found.paired,
            "seeds": list(pairing.seeds),
            "n_a": found.n_a,
            "n_b": found.n_b,
            "mean_a": found.mean_a,
            "mean_b": found.mean_b,
            "difference": found.difference,
            "interval": interval_json(found.interval),
            "effect": "d_z" if found.paired else "d",
            "effect_size": json_number(found.effect_size),
            "test": found.test,
            "p_value": found.p_value,
            "rank_test": found.rank_test,
            "p_rank": found.p_rank,
            "p_corrected": found.p_corrected,
            "seeds_needed": found.seeds_needed,
        }


def interval_json(interval: Interval) -> dict[str, Any]:
    """Return an interval as JSON."""
    return {"low": json_number(interval.low), "high": json_number(interval.high), "method": interval.method}
