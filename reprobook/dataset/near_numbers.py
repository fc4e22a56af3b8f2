"""Rows of numbers that are nearly equal: copies with noise.

Columns are brought to standard deviation 1. Two rows are nearly equal when they differ by 5 % of it or less (root mean
square over columns), and by no more than a tenth of what neighbours differ by: in data of few dimensions, where rows
lie close by nature, that tells nothing, and it is not looked for. No pair is missed: candidates come from a few
orthogonal projections, in which rows can only come closer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reprobook.dataset.content import Content, Near

_TOLERANCE = 0.05
_OF_NEIGHBOURS = 0.1
_FEWEST_DIMENSIONS = 4
_PROJECTIONS = 8
_SAMPLE = 1000
_REFERENCE = 20_000
_MOST_NUMBERS = 50_000_000


def near_numbers(content: Content, rows: Sequence[int]) -> Near:
    """Return the pairs among these rows, all different, that are nearly equal."""
    import numpy as np  # noqa: PLC0415  # takes a while to import

    values = content.numbers[list(rows)]
    if values.size > _MOST_NUMBERS:
        return Near((), f"not looked for in more than {_MOST_NUMBERS:,} numbers", looked=False)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    deviation = values.std(axis=0)
    values = (values - values.mean(axis=0))[:, deviation > 0] / deviation[deviation > 0]
    dimensions = _dimensions(values)
    if dimensions < _FEWEST_DIMENSIONS:
        how = f"not looked for in {dimensions:.1f} independent columns, where rows are close by nature"
        return Near((), how, looked=False)
    limit = min(_TOLERANCE, _OF_NEIGHBOURS * _usual_distance(values))
    pairs = _close(values, limit)
    how = f"rows within {limit:.3g} standard deviations (root mean square of {values.shape[1]} columns)"
    return Near(tuple((rows[a], rows[b]) for a, b in pairs), how)


def _dimensions(values: Any) -> float:
    """Return the number of independent columns: the participation ratio of the principal components."""
    import numpy as np  # noqa: PLC0415

    if len(values) < 2 or values.shape[1] == 0:  # noqa: PLR2004  # two rows make a pair
        return 0.0
    # The smaller of both Gram matrices has the same eigenvalues.
    gram = values.T @ values if values.shape[1] <= len(values) else values @ values.T
    return float(np.trace(gram) ** 2 / np.sum(gram**2))


def _usual_distance(values: Any) -> float:
    """Return the median distance of a row from its nearest neighbour, of a sample."""
    import numpy as np  # noqa: PLC0415

    chosen = np.linspace(0, len(values) - 1, min(len(values), _REFERENCE)).astype(int)
    others = values[chosen]
    queries = np.linspace(0, len(others) - 1, min(len(others), _SAMPLE)).astype(int)
    squares = (others**2).sum(axis=1)
    distances = squares[queries][:, None] + squares[None, :] - 2 * others[queries] @ others.T
    distances[np.arange(len(queries)), queries] = np.inf
    return float(np.sqrt(np.median(np.maximum(distances.min(axis=1), 0)) / values.shape[1]))


def _close(values: Any, limit: float) -> list[tuple[int, int]]:
    """Return the pairs within a distance (root mean square), by a tree over a few projections."""
    import numpy as np  # noqa: PLC0415
    from scipy.spatial import cKDTree  # noqa: PLC0415

    columns = values.shape[1]
    reach = limit * columns**0.5
    generator = np.random.default_rng(0)
    axes, _ = np.linalg.qr(generator.normal(size=(columns, min(_PROJECTIONS, columns))))
    candidates = cKDTree(values @ axes).query_pairs(reach, output_type="ndarray")
    if not len(candidates):
        return []
    close = [np.linalg.norm(values[a] - values[b]) <= reach for a, b in candidates]
    return [(int(a), int(b)) for (a, b), is_close in zip(candidates, close, strict=True) if is_close]
