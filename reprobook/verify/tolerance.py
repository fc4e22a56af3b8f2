"""How far the metrics of two runs may lie apart."""

from __future__ import annotations

import math
from collections.abc import Mapping

from reprobook.errors import InputError
from reprobook.verify.model import MetricPair

BITWISE = "bitwise"
Tolerance = float | None


def parse_tolerance(text: str) -> Tolerance:
    """Read ``bitwise`` (None) or a relative difference such as ``1e-3``.

    Raises:
        InputError: If it is neither.
    """
    if text.strip().lower() == BITWISE:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        msg = f"--tolerance {text!r} is neither `{BITWISE}` nor a relative difference from 0 up to 1"
        raise InputError(msg, hint="For one part in a thousand: --tolerance 1e-3")
    return number


def pair_metrics(original: Mapping[str, float], replay: Mapping[str, float]) -> dict[str, MetricPair]:
    """Return the metrics of two runs side by side, in the original's order."""
    return {name: MetricPair(original=original.get(name), replay=replay.get(name)) for name in {**original, **replay}}


def metrics_agree(metrics: Mapping[str, MetricPair], tolerance: Tolerance) -> bool:
    """Tell whether every metric lies within the tolerance; without any metric nothing can be said to agree."""
    return bool(metrics) and all(numbers_agree(pair, tolerance) for pair in metrics.values())


def numbers_agree(pair: MetricPair, tolerance: Tolerance) -> bool:
    """Compare both sides of one metric; NaN equals NaN."""
    a, b = pair.original, pair.replay
    if a is None or b is None:
        return False
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return math.isclose(a, b, rel_tol=tolerance or 0.0)
