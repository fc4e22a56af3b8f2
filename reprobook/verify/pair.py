"""One cell in two runs, and in what it differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reprobook.trace import CellTrace, ValueDigest


@dataclass(frozen=True)
class Pair:
    """One cell in both runs, and the names in which it differs."""

    original: CellTrace
    replay: CellTrace

    @property
    def writes(self) -> set[str]:
        """Names whose content after the cell differs."""
        return _differing(self.original.writes, self.replay.writes)

    @property
    def reads(self) -> set[str]:
        """Names whose content before the cell differs."""
        return _differing(self.original.reads, self.replay.reads)

    @property
    def rng(self) -> set[str]:
        """Generators that stood alike before the cell and do not after it.

        An unseeded generator never stands alike in two processes; by itself that is no difference of a cell.
        """
        a, b = self.original, self.replay
        alike = {name for name, position in a.rng_before.items() if b.rng_before.get(name) == position}
        return {name for name in alike if a.rng_after.get(name) != b.rng_after.get(name)}

    @property
    def outputs(self) -> bool:
        """Whether the cell showed something else."""
        return self.original.outputs != self.replay.outputs

    @property
    def ended(self) -> bool:
        """Whether the cell ended differently."""
        a, b = self.original, self.replay
        return (a.status, a.error and a.error.ename) != (b.status, b.error and b.error.ename)


def _differing(a: Mapping[str, ValueDigest], b: Mapping[str, ValueDigest]) -> set[str]:
    """Return the names with another content, or on one side only."""
    return {name for name in a.keys() | b.keys() if name not in a or name not in b or a[name].digest != b[name].digest}
