"""How far the metrics of two runs may lie apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from reprobook.errors import InputError
from reprobook.verify.model import MetricPair

BITWISE = "bitwise"


@dataclass(frozen=True)
class Tolerance:
    """Relative differences that metrics may have: one for all, and others by name."""

    every: float = 0.0
    by_name: Mapping[str, float] = field(default_factory=dict)

    def of(self, name: str) -> float:
        """Return the tolerance of one metric."""
        return self.by_name.get(name, self.every)

    @property
    def largest(self) -> float:
        """The largest of them."""
        return max((self.every, *self.by_name.values()))


def parse_tolerance(text: str) -> Tolerance | None:
    """Read ``bitwise`` (None), a relative difference such as ``1e-3``, or some by metric: ``1e-3,loss=1e-2``.

    Raises:
        InputError: If it is none of these.
    """
    if text.strip().lower() == BITWISE:
        return None
    every, by_name = 0.0, {}
    for part in text.split(","):
        name, equals, number = part.rpartition("=")
        if equals:
            by_name[name.strip()] = _relative(number, text)
        else:
            every = _relative(part, text)
    return Tolerance(every, by_name)


def _relative(text: str, given: str) -> float:
    """Read one relative difference."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        msg = f"--tolerance {given!r} is neither `{BITWISE}` nor relative differences from 0 up to 1"
        raise InputError(
            msg, hint="For one part in a thousand: --tolerance 1e-3; by metric: --tolerance 1e-3,loss=1e-2"
        )
    return number


def pair_metrics(original: Mapping[str, float], replay: Mapping[str, float]) -> dict[str, MetricPair]:
    """Return the metrics of two runs side by side, in the original's order."""
    return {name: MetricPair(original=original.get(name), replay=replay.get(name)) for name in {**original, **replay}}


def metrics_agree(metrics: Mapping[str, MetricPair], tolerance: Tolerance | None) -> bool:
    """Tell whether every metric lies within its tolerance; without any metric nothing can be said to agree."""
    allowed = tolerance or Tolerance()
    return bool(metrics) and all(numbers_agree(pair, allowed.of(name)) for name, pair in metrics.items())


def numbers_agree(pair: MetricPair, tolerance: float = 0.0) -> bool:
    """Compare both sides of one metric; NaN equals NaN."""
    a, b = pair.original, pair.replay
    if a is None or b is None:
        return False
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=tolerance)
