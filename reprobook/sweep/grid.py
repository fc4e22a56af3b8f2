"""The grid of a space: all combinations, the last parameter varying fastest."""

from __future__ import annotations

import itertools
import math
import random
from typing import Any

from reprobook.errors import ParameterError
from reprobook.space import Choice, Int, Space
from reprobook.sweep.domain import Domain

# A range is cut into so many values; integers are all taken where they are no more than MOST_INTEGERS.
POINTS = 5
MOST_INTEGERS = 10
_LARGEST = 100_000


def grid(domain: Domain) -> list[dict[str, Any]]:
    """Return the points that satisfy the constraints, each once: without a parameter whose condition does not hold.

    Raises:
        ParameterError: If there are too many, or none.
    """
    axes = {name: axis(space) for name, space in domain.spaces.items()}
    size = math.prod(map(len, axes.values()))
    if size > _LARGEST:
        msg = f"the grid has {size} points"
        raise ParameterError(msg, hint="Use --sampler random or tpe, or choice:… spaces with fewer values.")
    points: list[dict[str, Any]] = []
    seen = set()
    for combination in itertools.product(*axes.values()):
        values = dict(zip(axes, combination, strict=True))
        point = domain.draw(lambda name, _: values[name])  # noqa: B023  # called at once
        if (key := repr(point)) not in seen and domain.allows(point):
            seen.add(key)
            points.append(point)
    if not points:
        raise domain.refusal()
    return points


def chosen(points: list[dict[str, Any]], count: int, seed: int) -> list[dict[str, Any]]:
    """Return the first ``count`` points in order, or as many drawn by the seed where that leaves some out."""
    if count >= len(points):
        return points
    return [points[index] for index in sorted(random.Random(seed).sample(range(len(points)), count))]  # noqa: S311


def axis(space: Space) -> list[Any]:
    """Return the values of one parameter: options, all of a few integers, or evenly spaced ones, on their scale."""
    if isinstance(space, Choice):
        return list(space.options)
    if isinstance(space, Int) and space.high - space.low < MOST_INTEGERS:
        return list(range(space.low, space.high + 1))
    values = _spaced(space)
    if isinstance(space, Int):
        return sorted({min(max(round(value), space.low), space.high) for value in values})
    return sorted({min(max(value, space.low), space.high) for value in values})


def _spaced(space: Any) -> list[float]:
    """Return evenly spaced values; exactly the ends at the ends."""
    steps = [index / (POINTS - 1) for index in range(POINTS)]
    if space.log:
        inner = [math.exp(math.log(space.low) + step * (math.log(space.high) - math.log(space.low))) for step in steps]
    else:
        inner = [space.low + step * (space.high - space.low) for step in steps]
    return [float(space.low), *inner[1:-1], float(space.high)]
