"""The best of many, and those that might be the best just as well."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from reprobook.errors import InputError
from reprobook.statistics.model import Direction
from reprobook.statistics.significance import paired_test, unpaired_test
from reprobook.statistics.values import mean


def tied_with_best(
    values: Mapping[int, Sequence[float]], direction: Direction, confidence: float = 0.95
) -> tuple[int, ...]:
    """Return the numbers of the trials that cannot be told apart from the best one, best first, without itself.

    Trials of equally many values are paired by position (the same seeds in the same order). A trial is told apart
    where the one-sided p value is below ``(1 - confidence) / (trials - 1)``: then the truly best trial is among the
    best and those tied with it with this confidence, although the best was picked by what is tested (S. S. Gupta, "On
    Some Multiple Decision (Selection and Ranking) Rules", Technometrics 7, 1965; with Bonferroni's bound).

    Trials without values, or with one that is not finite, are no candidates. With one value a trial nothing can be
    told apart and nothing is known to be tied: the answer is empty, and the caller should say why.

    Raises:
        InputError: If the direction is neither ``max`` nor ``min``.
    """
    if direction not in {"max", "min"}:
        msg = f"direction {direction!r} is neither max nor min"
        raise InputError(msg, hint="max: higher is better; min: lower is better.")
    sign = 1 if direction == "max" else -1
    means = {number: sign * mean(seen) for number, seen in values.items() if seen and all(map(math.isfinite, seen))}
    if not means:
        return ()
    order = sorted(means, key=lambda number: (-means[number], number))
    best, level = order[0], 2 * (1 - confidence) / max(1, len(order) - 1)
    if all(len(values[number]) == 1 for number in order):
        return ()
    return tuple(number for number in order[1:] if _p_value(values[number], values[best]) >= level)


def _p_value(a: Sequence[float], b: Sequence[float]) -> float:
    """Return the two-sided p value of a difference; a single value tells nothing."""
    if min(len(a), len(b)) == 1:
        return 1.0
    return (paired_test if len(a) == len(b) else unpaired_test)(a, b)[1]
