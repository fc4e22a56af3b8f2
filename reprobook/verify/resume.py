"""A replay that went on from a checkpoint of an earlier run, and came to the same end.

What describes the resumed part alone (from which epoch, the losses since) then differs in every such run; what matters
is that all that was computed after it is equal, bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reprobook.trace import MISSING
from reprobook.verify.pair import Pair


@dataclass(frozen=True)
class Resumption:
    """Where a replay went on from a file of an earlier run.

    Attributes:
        cell: Code index of the cell that read the file.
        last: The last cell that differs: the end of the resumed part.
        path: The file.
        names: Names that differ, as they describe the resumed part.
    """

    cell: int
    last: int
    path: str
    names: frozenset[str]


def resumption(pairs: Mapping[int, Pair], differing: Collection[int]) -> Resumption | None:
    """Return how the replay resumed an earlier run to the same end; None if it did not, or came to another end."""
    if not differing or not set(differing) <= pairs.keys():
        return None
    first, last = min(differing), max(differing)
    before, after = pairs[first].original.files_read, pairs[first].replay.files_read
    found = [
        path for path, digest in sorted(after.items()) if digest != MISSING and before.get(path, MISSING) == MISSING
    ]
    part = [pair for cell, pair in pairs.items() if first <= cell <= last]
    ends = [pair for cell, pair in pairs.items() if cell > last and pair.replay.writes]
    # Something must have been carried over to the same content, and something equal computed from it.
    if not found or not ends or not any(_equal_names(pair) for pair in part):
        return None
    return Resumption(first, last, found[0], frozenset().union(*(pair.writes for pair in part)))


def _equal_names(pair: Pair) -> set[str]:
    """Return the names that a cell wrote with equal content."""
    return (pair.original.writes.keys() & pair.replay.writes.keys()) - pair.writes
