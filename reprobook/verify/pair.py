"""One cell in two runs, and in what it differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reprobook.trace import CellTrace, ValueDigest


@dataclass(frozen=True)
class Pair:
    """One cell in both runs, and the names in which it differs.

    Attributes:
        original: The cell in the run that is verified.
        replay: The cell in the run that repeats it.
        benign: Names that hold timings or labels, which differ in every run.
    """

    original: CellTrace
    replay: CellTrace
    benign: Collection[str] = frozenset()

    @property
    def writes(self) -> set[str]:
        """Names whose content after the cell differs.

        A cell that runs again and leaves a name as it was has not written it: what it read is what is there after it.
        """
        found = _differing(self.original.writes, self.replay.writes) - set(self.benign)
        return {name for name in found if _after(self.original, name) != _after(self.replay, name)}

    @property
    def reads(self) -> set[str]:
        """Names whose content before the cell differs."""
        return _differing(self.original.reads, self.replay.reads) - set(self.benign)

    @property
    def rng(self) -> set[str]:
        """Generators that stood alike before the cell and do not after it.

        An unseeded generator never stands alike in two processes; by itself that is no difference of a cell.
        """
        a, b = self.original, self.replay
        alike = {name for name, position in a.rng_before.items() if b.rng_before.get(name) == position}
        return {name for name in alike if a.rng_after.get(name) != b.rng_after.get(name)}

    @property
    def unlike_draws(self) -> set[str]:
        """Generators that the cell moved on both sides, from positions that differ."""
        a, b = self.original, self.replay
        return {
            name
            for name in a.rng_before.keys() & b.rng_before.keys()
            if a.rng_before[name] != b.rng_before[name]
            and a.rng_before[name] != a.rng_after.get(name)
            and b.rng_before[name] != b.rng_after.get(name)
        }

    @property
    def outputs(self) -> bool:
        """Whether the cell showed something else."""
        return self.original.outputs != self.replay.outputs

    @property
    def ended(self) -> bool:
        """Whether the cell ended differently."""
        a, b = self.original, self.replay
        return (a.status, a.error and a.error.ename) != (b.status, b.error and b.error.ename)

    @property
    def files(self) -> set[str]:
        """Files that were read with another content, or by one side only."""
        a, b = self.original.files_read, self.replay.files_read
        return {path for path in a.keys() | b.keys() if a.get(path) != b.get(path)}


def _after(cell: CellTrace, name: str) -> str:
    """Return the digest of a name after a cell, as far as the cell had to do with it."""
    value = None if name in cell.deletes else cell.writes.get(name) or cell.reads.get(name)
    return value.digest if value else ""


def _differing(a: Mapping[str, ValueDigest], b: Mapping[str, ValueDigest]) -> set[str]:
    """Return the names with another content, or on one side only; what a name imports is no content."""
    names = {name for name in a.keys() | b.keys() if name not in a or name not in b or a[name].digest != b[name].digest}
    return {name for name in names if not (_is_module(a.get(name)) and _is_module(b.get(name)))}


def _is_module(value: ValueDigest | None) -> bool:
    """Tell whether a value is a module of another release, which is of the environment; a patched one is not."""
    # Nor is what a cache holds: an older value that it gives back shows in whoever asked for it.
    return value is not None and (value.kind == "module" or "lru_cache" in value.kind)
