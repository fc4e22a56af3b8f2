"""How likely chance alone makes such a difference: two-sided p values, by the test that fits."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

from reprobook.statistics.values import deviation, mean

Test = tuple[str, float]


def paired_test(left: Sequence[float], right: Sequence[float]) -> Test:
    """Return the name and p value of the test of pairs.

    Where all differences are equal, a t test would be certain after two seeds, which rounded metrics reach by chance;
    then their sign decides (p = 2^(1-n)).
    """
    differences, spread = paired_differences(left, right)
    centre, count = mean(differences), len(differences)
    if spread == 0:
        return "sign", 1.0 if centre == 0 else 2.0 ** (1 - count)
    from scipy import stats  # noqa: PLC0415  # takes a second to import

    return "paired t", 2 * float(stats.t.sf(abs(centre) / spread * math.sqrt(count), count - 1))


def unpaired_test(left: Sequence[float], right: Sequence[float]) -> Test:
    """Return the name and p value of the test of two independent sets; by rank where neither of them varies."""
    if deviation(left) == deviation(right) == 0:
        return "Mann-Whitney", mann_whitney(left, right)
    from scipy import stats  # noqa: PLC0415

    return "Welch's t", float(stats.ttest_ind(right, left, equal_var=False).pvalue)


def paired_differences(left: Sequence[float], right: Sequence[float]) -> tuple[list[float], float]:
    """Return the differences and their deviation; 0 where they vary by no more than the rounding of the values.

    Differences that are equal but for rounding are returned equal.
    """
    differences = [y - x for x, y in zip(left, right, strict=True)]
    scale = max(map(abs, (*left, *right)))
    if deviation([scale + difference for difference in differences]) == 0:
        return [mean(differences)] * len(differences), 0.0
    return differences, deviation(differences)


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
