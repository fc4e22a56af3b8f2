"""Correction for many comparisons: who asks twenty questions gets one wrong answer at 5 %."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reprobook.statistics.model import Comparison


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p values corrected so that the chance of any false positive is kept, in the given order.

    S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of Statistics 6, 1979.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    found, highest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, p_values[index] * (len(p_values) - rank)))
        found[index] = highest
    return tuple(found)


def corrected(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return comparisons that were made together, with their p values corrected; verdicts follow these."""
    p_values = holm([each.p_value for each in comparisons])
    return tuple(replace(each, p_corrected=p) for each, p in zip(comparisons, p_values, strict=True))
