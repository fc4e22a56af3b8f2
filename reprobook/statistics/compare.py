"""Two sets of values compared: paired by seed, or independent."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reprobook.errors import InputError
from reprobook.statistics.interval import bootstrap_interval, difference_interval, student_interval
from reprobook.statistics.model import Comparison, Direction, Interval
from reprobook.statistics.power import seeds_needed
from reprobook.statistics.significance import (
    Pairs,
    mann_whitney,
    paired_test,
    pooled_deviation,
    unpaired_test,
    wilcoxon,
)
from reprobook.statistics.values import checked, mean

_TWO = 2


def compare_paired(
    a: Sequence[float],
    b: Sequence[float],
    *,
    direction: Direction = "max",
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare ``b`` with ``a``, value by value: paired t test, Wilcoxon, bootstrap interval, d_z, seeds needed.

    Raises:
        InputError: If the lengths differ, there are fewer than two pairs, or a value is not finite.
    """
    left, right = checked(a, confidence), checked(b, confidence)
    if len(left) != len(right):
        msg = f"{len(left)} and {len(right)} values are no pairs"
        raise InputError(msg, hint="Pair the values by seed, or compare them unpaired.")
    _enough(len(left))
    pairs = Pairs.of(left, right)
    effect = _effect(pairs.centre, pairs.spread)
    test, p_value = paired_test(left, right)
    return Comparison(
        direction=direction,
        confidence=confidence,
        paired=True,
        n_a=len(left),
        n_b=len(right),
        mean_a=mean(left),
        mean_b=mean(right),
        difference=pairs.centre,
        interval=_interval(pairs, confidence, seed),
        effect_size=effect,
        test=test,
        p_value=p_value,
        rank_test="Wilcoxon",
        p_rank=wilcoxon(pairs.differences),
        p_corrected=p_value,
        seeds_needed=seeds_needed(effect, paired=True, confidence=confidence),
    )


def compare_unpaired(
    a: Sequence[float],
    b: Sequence[float],
    *,
    direction: Direction = "max",
    confidence: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Compare ``b`` with ``a`` as independent sets: Welch's t test, Mann-Whitney, bootstrap interval, Cohen's d.

    Raises:
        InputError: If a set has fewer than two values, or a value is not finite.
    """
    left, right = checked(a, confidence), checked(b, confidence)
    _enough(min(len(left), len(right)))
    difference = mean(right) - mean(left)
    effect = _effect(difference, pooled_deviation(left, right))
    test, p_value = unpaired_test(left, right)
    return Comparison(
        direction=direction,
        confidence=confidence,
        paired=False,
        n_a=len(left),
        n_b=len(right),
        mean_a=mean(left),
        mean_b=mean(right),
        difference=difference,
        interval=difference_interval(left, right, confidence, seed),
        effect_size=effect,
        test=test,
        p_value=p_value,
        rank_test="Mann-Whitney",
        p_rank=mann_whitney(left, right),
        p_corrected=p_value,
        seeds_needed=seeds_needed(effect, paired=False, confidence=confidence),
    )


def _enough(count: int) -> None:
    if count < _TWO:
        msg = f"{count} run a side is too few: the noise of seeds shows from two on"
        raise InputError(msg, hint="Run more seeds, for example `reprobook run NOTEBOOK --seeds 0-4`.")


def _interval(pairs: Pairs, confidence: float, seed: int) -> Interval:
    """Return the interval of the mean difference."""
    if pairs.rounded:
        return student_interval(pairs.centre, pairs.spread, len(pairs.differences), confidence)
    return bootstrap_interval(pairs.differences, confidence, seed)


def _effect(difference: float, spread: float) -> float:
    """Return a difference in standard deviations."""
    if spread:
        return difference / spread
    return math.copysign(math.inf, difference) if difference else 0.0
