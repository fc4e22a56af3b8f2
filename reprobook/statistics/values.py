"""The values that statistics are made of, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reprobook.errors import InputError

# Differences below this share of the values are rounding, not variation.
_ROUNDING = 8 * 2.0**-52


def checked(values: Sequence[float], confidence: float) -> list[float]:
    """Return the values as floats.

    Raises:
        InputError: If there is none, one is not finite, or the confidence is no probability.
    """
    numbers = [float(value) for value in values]
    if not 0 < confidence < 1:
        msg = f"confidence {confidence:g} is not between 0 and 1"
        raise InputError(msg, hint="0.95 is usual.")
    if not numbers:
        msg = "there are no values"
        raise InputError(msg, hint="Statistics take one value a run.")
    if not all(map(math.isfinite, numbers)):
        msg = f"{sum(not math.isfinite(number) for number in numbers)} of {len(numbers)} values are NaN or infinite"
        raise InputError(msg, hint="Leave out the runs that diverged, and say how many did.")
    return numbers


def mean(values: Sequence[float]) -> float:
    """Return the mean, exact for equal values."""
    return values[0] if min(values) == max(values) else math.fsum(value / len(values) for value in values)


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation; 0 for a single value and for values that differ by rounding only."""
    centre, scale = mean(values), max(map(abs, values))
    if len(values) < 2 or max(values) - min(values) <= _ROUNDING * scale:  # noqa: PLR2004  # one value has no spread
        return 0.0
    # Scaled, so that squares neither overflow nor vanish.
    squares = math.fsum(((value - centre) / scale) ** 2 for value in values)
    return scale * math.sqrt(squares / (len(values) - 1))
