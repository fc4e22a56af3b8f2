"""How many seeds it would take."""

from __future__ import annotations

import math

# Beyond this the t distribution is the normal one to three digits.
_LARGE = 500


def seeds_needed(effect_size: float, *, paired: bool, confidence: float = 0.95, power: float = 0.8) -> int | None:
    """Return the smallest number of seeds a side at which the two-sided t test finds such an effect with that power.

    The power is that of the noncentral t distribution (J. Cohen, "Statistical Power Analysis for the Behavioral
    Sciences", 1988). None for no effect.

    Args:
        effect_size: Cohen's d_z where paired, else Cohen's d.
        paired: Whether the seeds are the same on both sides.
        confidence: 1 minus the level of the test.
        power: Chance of finding the effect.
    """
    alpha, size = 1 - confidence, abs(effect_size)
    if size == 0 or math.isnan(size):
        return None
    if math.isinf(size):
        return 2
    least = _by_normal(size, alpha, power, paired=paired)
    if least > _LARGE:
        return least
    low, high = 2, 2 * _LARGE
    while low < high:
        middle = (low + high) // 2
        if power_of(size, middle, alpha, paired=paired) >= power:
            high = middle
        else:
            low = middle + 1
    return low


def power_of(effect_size: float, seeds: int, alpha: float, *, paired: bool) -> float:
    """Return the chance that the two-sided t test with so many seeds a side finds the effect."""
    from scipy import stats  # noqa: PLC0415  # takes a second to import

    freedom = seeds - 1 if paired else 2 * (seeds - 1)
    shift = effect_size * math.sqrt(seeds if paired else seeds / 2)
    threshold = float(stats.t.ppf(1 - alpha / 2, freedom))
    # scipy gives NaN far out in a tail, where the chance is 0 or 1.
    above, below = float(stats.nct.sf(threshold, freedom, shift)), float(stats.nct.cdf(-threshold, freedom, shift))
    return (float(shift > threshold) if math.isnan(above) else above) + (0.0 if math.isnan(below) else below)


def _by_normal(size: float, alpha: float, power: float, *, paired: bool) -> int:
    """Return the number for a large sample."""
    from scipy import stats  # noqa: PLC0415

    quantiles = float(stats.norm.ppf(1 - alpha / 2)) + float(stats.norm.ppf(power))
    return math.ceil(min((quantiles / size) ** 2 * (1 if paired else 2), 1e15))
