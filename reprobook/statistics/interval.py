"""Intervals for a mean, and for the difference of two, of few values.

The plain bootstrap is too sure of itself where there are few seeds: of nominal 95 % intervals of five normal values it
covers 85 %. So the level is widened as Student's t is wider than the normal curve, and by sqrt(n / (n - 1)) for the
variance (T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69, 2015). Below six
values no resampling reaches far enough, as it never leaves the range of the values; there it is Student's t.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from reprobook.statistics.model import UNKNOWN, Interval
from reprobook.statistics.values import checked, deviation, mean

_ENOUGH = 6
_RESAMPLES = 9999
# Numbers drawn at once: 64 MB.
_BATCH = 2**23


def bootstrap_interval(values: Sequence[float], confidence: float = 0.95, seed: int = 0) -> Interval:
    """Return the interval of the mean: BCa bootstrap, at a level widened for few values.

    Equal values give themselves, a single one the whole line, two to five Student's t interval.

    Raises:
        InputError: If there is no value, one is not finite, or the confidence is no probability.
    """
    numbers = checked(values, confidence)
    if len(numbers) == 1:
        return UNKNOWN
    if deviation(numbers) == 0:
        return Interval(mean(numbers), mean(numbers), "constant")
    found = _bootstrap((numbers,), confidence, seed) if len(numbers) >= _ENOUGH else None
    return found or student_interval(mean(numbers), deviation(numbers), len(numbers), confidence)


def difference_interval(a: Sequence[float], b: Sequence[float], confidence: float = 0.95, seed: int = 0) -> Interval:
    """Return the interval of ``mean(b) - mean(a)`` of two independent sets of values.

    Raises:
        InputError: As ``bootstrap_interval``.
    """
    left, right = checked(a, confidence), checked(b, confidence)
    if min(len(left), len(right)) == 1:
        return UNKNOWN
    if deviation(left) == 0 and deviation(right) == 0:
        return Interval(mean(right) - mean(left), mean(right) - mean(left), "constant")
    if min(len(left), len(right)) < _ENOUGH:
        return _welch(left, right, confidence)
    return _bootstrap((right, left), confidence, seed) or _welch(left, right, confidence)


def student_interval(centre: float, spread: float, count: int, confidence: float) -> Interval:
    """Return Student's t interval of the mean of so many values with this deviation."""
    from scipy import stats  # noqa: PLC0415  # takes a second to import

    reach = float(stats.t.ppf((1 + confidence) / 2, count - 1)) * spread / math.sqrt(count)
    return Interval(centre - reach, centre + reach, "student")


def _welch(a: list[float], b: list[float], confidence: float) -> Interval:
    from scipy import stats  # noqa: PLC0415

    found = stats.ttest_ind(b, a, equal_var=False).confidence_interval(confidence)
    return Interval(float(found.low), float(found.high), "student")


def _bootstrap(samples: tuple[list[float], ...], confidence: float, seed: int) -> Interval | None:
    """Return the BCa interval, or None where it is degenerate (as of all values equal but one, far away)."""
    import numpy as np  # noqa: PLC0415
    from scipy import stats  # noqa: PLC0415

    def statistic(first: Any, *second: Any, axis: int) -> Any:
        return first.mean(axis=axis) - (second[0].mean(axis=axis) if second else 0)

    count = min(map(len, samples))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of, it also answers with NaN
        found = stats.bootstrap(
            tuple(np.asarray(sample) for sample in samples),
            statistic,
            vectorized=True,
            n_resamples=_RESAMPLES,
            batch=max(1, _BATCH // sum(map(len, samples))),
            confidence_level=_widened(confidence, count),
            method="BCa",
            random_state=np.random.default_rng(seed),
        ).confidence_interval
    low, high = float(found.low), float(found.high)
    return Interval(low, high) if math.isfinite(low) and math.isfinite(high) else None


def _widened(confidence: float, count: int) -> float:
    """Return the level at which a bootstrap of so many values covers what is asked."""
    from scipy import stats  # noqa: PLC0415

    quantile = math.sqrt(count / (count - 1)) * float(stats.t.ppf((1 + confidence) / 2, count - 1))
    return 1 - 2 * float(stats.norm.sf(quantile))
