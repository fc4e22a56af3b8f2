"""How likely chance alone makes such a difference: two-sided p values, by the test that fits."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reprobook.statistics.values import deviation, mean

Test = tuple[str, float]
# Shares of a test set of up to so many rows are seen to be shares.
_MOST_STEPS = 100_000
_NEAR = 1e-12


@dataclass(frozen=True)
class Pairs:
    """The differences of pairs.

    Where all are equal but for rounding, a t test would be certain after two seeds. That is right for numbers of full
    precision: each seed adds the same noise to both sides. But counts and shares of a test set, such as 346 of 360,
    often differ by the same number of steps; there the deviation is taken to be that of rounding to one step.

    Attributes:
        differences: One a pair.
        centre: Their mean.
        spread: Their standard deviation.
        rounded: Whether that is the deviation of rounding.
    """

    differences: tuple[float, ...]
    centre: float
    spread: float
    rounded: bool = False

    @classmethod
    def of(cls, left: Sequence[float], right: Sequence[float]) -> Pairs:
        """Take the differences of ``right`` from ``left``."""
        differences = tuple(y - x for x, y in zip(left, right, strict=True))
        scale = max(map(abs, (*left, *right)))
        if deviation([scale + difference for difference in differences]):
            return cls(differences, mean(differences), deviation(differences))
        centre = mean(differences)
        # Each side is off by a uniform error of one step: a variance of 1/12 each.
        rounding = step_of((*left, *right)) / math.sqrt(6) if centre else 0.0
        return cls((centre,) * len(differences), centre, rounding, rounded=rounding > 0)


def step_of(values: Sequence[float]) -> float:
    """Return the step of which all values are multiples, 1/100000 or more; 0 where there is none: full precision."""
    common = 1
    for value in values:
        near = Fraction(value).limit_denominator(_MOST_STEPS)
        common = math.lcm(common, near.denominator)
        if common > _MOST_STEPS or abs(float(near) - value) > _NEAR * max(1.0, abs(value)):
            return 0.0
    return 1 / common


def paired_test(left: Sequence[float], right: Sequence[float]) -> Test:
    """Return the name and p value of the t test of pairs."""
    pairs = Pairs.of(left, right)
    count = len(pairs.differences)
    if pairs.centre == 0 or pairs.spread == 0:
        return "paired t", float(pairs.centre == 0)
    from scipy import stats  # noqa: PLC0415  # takes a second to import

    p_value = 2 * float(stats.t.sf(abs(pairs.centre) / pairs.spread * math.sqrt(count), count - 1))
    return "paired t (rounding)" if pairs.rounded else "paired t", p_value


def unpaired_test(left: Sequence[float], right: Sequence[float]) -> Test:
    """Return the name and p value of the test of two independent sets; by rank where neither of them varies."""
    if deviation(left) == deviation(right) == 0:
        return "Mann-Whitney", mann_whitney(left, right)
    from scipy import stats  # noqa: PLC0415

    return "Welch's t", float(stats.ttest_ind(right, left, equal_var=False).pvalue)


def pooled_deviation(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the standard deviation within two sets, each of two values or more."""
    spreads, weights = (deviation(left), deviation(right)), (len(left) - 1, len(right) - 1)
    scale = max(spreads)
    if scale == 0:
        return 0.0
    squares = sum(weight * (spread / scale) ** 2 for weight, spread in zip(weights, spreads, strict=True))
    return scale * math.sqrt(squares / sum(weights))


def wilcoxon(differences: Sequence[float]) -> float:
    """Return the p value of the signed-rank test; 1 where nothing differs."""
    from scipy import stats  # noqa: PLC0415

    if not any(differences):
        return 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the normal approximation, where ties leave nothing exact
        return float(stats.wilcoxon(differences).pvalue)


def mann_whitney(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the p value of the rank-sum test."""
    from scipy import stats  # noqa: PLC0415

    return float(stats.mannwhitneyu(right, left, alternative="two-sided").pvalue)
