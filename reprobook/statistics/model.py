"""What statistics say: an interval, and a comparison of two sets of values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Direction = Literal["max", "min"]
Verdict = Literal["better", "worse", "cannot be told apart"]


@dataclass(frozen=True)
class Interval:
    """Where the true mean lies.

    ``method`` says how it was found: ``bootstrap``, ``student`` (Student's t, or Welch's for two sets), ``constant``
    (all values are equal) or ``none``: a single value says nothing, and the interval is the whole line.
    """

    low: float
    high: float
    method: Literal["bootstrap", "student", "constant", "none"] = "bootstrap"

    @property
    def known(self) -> bool:
        """Whether both ends are finite."""
        return math.isfinite(self.low) and math.isfinite(self.high)


UNKNOWN = Interval(-math.inf, math.inf, "none")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """``b`` against ``a``.

    Attributes:
        direction: Whether higher (``max``) or lower (``min``) values are better.
        confidence: Of the interval; the verdict is given at ``1 - confidence``.
        paired: Whether the values belong together two by two (the same seed).
        n_a: Number of values of ``a``.
        n_b: Number of values of ``b``.
        mean_a: Their mean.
        mean_b: Their mean.
        difference: ``mean_b - mean_a``.
        interval: Of that difference.
        effect_size: The difference in standard deviations: Cohen's d_z (of the differences) where paired, else
            Cohen's d (pooled); infinite where nothing deviates, 0 where nothing differs.
        test: The test that decides: ``paired t``, ``paired t (rounding)`` where all differences are the same number of
            steps, ``Welch's t``, or ``Mann-Whitney`` where no side varies.
        p_value: Of that test, two-sided.
        rank_test: The test on ranks that stands beside it: ``Wilcoxon`` or ``Mann-Whitney``.
        p_rank: Of that test, two-sided.
        p_corrected: ``p_value`` after the correction for several comparisons; the verdict follows it.
        seeds_needed: Seeds a side that would show a true difference of the size observed with 80 % power; None where
            no number would.
    """

    direction: Direction
    confidence: float
    paired: bool
    n_a: int
    n_b: int
    mean_a: float
    mean_b: float
    difference: float
    interval: Interval
    effect_size: float
    test: str
    p_value: float
    rank_test: str
    p_rank: float
    p_corrected: float
    seeds_needed: int | None

    @property
    def verdict(self) -> Verdict:
        """Say whether ``b`` is better or worse than ``a``, if anything can be said."""
        if self.difference == 0 or self.p_corrected > 1 - self.confidence:
            return "cannot be told apart"
        return "better" if (self.difference > 0) == (self.direction == "max") else "worse"

    def sentence(self, a: str, b: str, metric: str) -> str:
        """Return the verdict as a sentence, with the names of both sides."""
        change = f"{self.difference:+.4g}" + (
            f", {self.confidence:.0%} interval {self.interval.low:+.4g} to {self.interval.high:+.4g}"
            if self.interval.known
            else ""
        )
        if self.verdict != "cannot be told apart":
            return f"{b} is {self.verdict} than {a} in {metric} ({change}, p = {self.p_corrected:.2g})."
        text = f"{b} and {a} cannot be told apart in {metric} ({change}, p = {self.p_corrected:.2g})"
        if self.difference == 0:
            return f"{b} and {a} cannot be told apart in {metric}: their means are equal."
        if self.seeds_needed is None or self.seeds_needed <= min(self.n_a, self.n_b):
            return f"{text}."
        return f"{text}; a difference of this size would take {self.seeds_needed} seeds each to show."
