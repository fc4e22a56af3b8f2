"""Mean and standard deviation of metrics over runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reprobook.runs import RunRecord
from reprobook.runs.model import json_number


@dataclass(frozen=True)
class Statistic:
    """One metric over ``n`` runs; ``std`` is the sample standard deviation, None for a single run."""

    mean: float
    std: float | None
    n: int


@dataclass(frozen=True)
class Summary:
    """The statistics of all metrics, by name."""

    metrics: dict[str, Statistic]

    def as_json(self) -> dict[str, Any]:
        """Return the summary as JSON."""
        return {
            name: {
                "mean": json_number(each.mean),
                "std": None if each.std is None else json_number(each.std),
                "n": each.n,
            }
            for name, each in self.metrics.items()
        }


def summarize(records: Sequence[RunRecord]) -> Summary:
    """Summarize the metrics of the runs that succeeded."""
    succeeded = [record.metrics for record in records if record.status == "succeeded"]
    names = list(dict.fromkeys(name for metrics in succeeded for name in metrics))
    return Summary({name: _statistic([m[name] for m in succeeded if name in m]) for name in names})


def _statistic(numbers: list[float]) -> Statistic:
    """Compute one statistic; NaN and infinities carry through."""
    n = len(numbers)
    # Not the statistics module: its exact fractions refuse infinities.
    mean = math.fsum(numbers) / n if all(map(math.isfinite, numbers)) else sum(numbers) / n
    std = math.sqrt(sum((number - mean) ** 2 for number in numbers) / (n - 1)) if n > 1 else None
    return Statistic(mean, std, n)
