"""The course of one metric of a run, thinned out to what a small figure can show."""

from __future__ import annotations

import math
from typing import Any

from reprobook.errors import ReprobookError
from reprobook.runs.folder import RunFolder


def series(run: RunFolder, name: str, points: int) -> list[float]:
    """Return at most ``points`` finite values of a metric, evenly spread, the last one among them."""
    try:
        lines = run.read_metrics().records
    except ReprobookError:
        return []  # damaged: `fsck` tells of it
    values = [
        number for line in lines if line.get("name") == name and (number := _finite(line.get("value"))) is not None
    ]
    if len(values) <= points:
        return values
    return [values[round(place * (len(values) - 1) / (points - 1))] for place in range(points)]


def _finite(value: Any) -> float | None:
    """Return a number; None for anything else, and for NaN and infinities."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
