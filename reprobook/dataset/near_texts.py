"""Texts that are nearly equal: copies with words changed.

Texts are compared by the set of their pieces of five characters, case and white space apart (Jaccard similarity);
candidates come from MinHash signatures in bands (A. Broder, "On the resemblance and containment of documents", 1997),
and each is then compared as a whole, so that chance adds none.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from reprobook.dataset.content import Content, Near

_PIECE = 5
_SIMILAR = 0.7
# At similarity 0.7 a pair becomes a candidate with 99 %, at 0.1 with 0.03 %.
_BANDS, _ROWS = 25, 5
_PRIME = 2**61 - 1
_MOST_TEXTS = 50_000
_MOST_IN_A_BUCKET = 50


def near_texts(content: Content, rows: Sequence[int]) -> Near:
    """Return the pairs among these rows, all different, that are nearly equal."""
    if len(rows) > _MOST_TEXTS:
        return Near((), f"not looked for in more than {_MOST_TEXTS:,} texts", looked=False)
    pieces = [_pieces(content.texts[row]) for row in rows]
    pairs = [
        (rows[a], rows[b]) for a, b in sorted(_candidates(pieces)) if _similarity(pieces[a], pieces[b]) >= _SIMILAR
    ]
    return Near(tuple(pairs), f"texts that share {_SIMILAR:.0%} of their pieces of {_PIECE} characters (MinHash)")


def _pieces(text: str) -> frozenset[int]:
    """Return the pieces of a text, each as a number; a short text is one piece."""
    plain = " ".join(text.casefold().split())
    return frozenset(
        zlib.crc32(plain[start : start + _PIECE].encode("utf-8", "surrogatepass"))
        for start in range(max(1, len(plain) - _PIECE + 1))
    )


def _similarity(a: frozenset[int], b: frozenset[int]) -> float:
    return len(a & b) / len(a | b)


def _candidates(pieces: Sequence[frozenset[int]]) -> set[tuple[int, int]]:
    """Return pairs that agree in at least one band of their signatures."""
    signatures = [_signature(each) for each in pieces]
    found: set[tuple[int, int]] = set()
    for band in range(_BANDS):
        buckets: dict[bytes, list[int]] = {}
        for row, signature in enumerate(signatures):
            bucket = buckets.setdefault(signature[band * _ROWS : (band + 1) * _ROWS].tobytes(), [])
            found.update((other, row) for other in bucket)
            if len(bucket) < _MOST_IN_A_BUCKET:
                bucket.append(row)
    return found


def _signature(pieces: frozenset[int]) -> Any:
    """Return the smallest value of each hash function over the pieces."""
    import numpy as np  # noqa: PLC0415  # takes a while to import

    generator = np.random.default_rng(0)
    factors, shifts = generator.integers(1, 2**31, (2, _BANDS * _ROWS, 1), dtype=np.uint64)
    numbers = np.fromiter(sorted(pieces), dtype=np.uint64)
    return ((factors * numbers + shifts) % np.uint64(_PRIME)).min(axis=1)
