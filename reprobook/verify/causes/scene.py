"""Everything known about one divergence, gathered before anyone is suspected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reprobook.ambient import Call
from reprobook.execute.workplace import made_files
from reprobook.hazards import Hazard
from reprobook.runs import Difference
from reprobook.trace import CellTrace, Trace
from reprobook.verify.compare import Comparison
from reprobook.verify.model import Divergence
from reprobook.verify.pair import Pair


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """What both runs of a notebook have in common, whichever divergence is looked at.

    Attributes:
        original: Evidence of the run that is verified.
        replay: Evidence of the run that repeats it.
        comparison: Their differences.
        hazards: Every place of the source where a cause may come in.
        headers: Differences of the two headers.
        sources: Sources of the code cells.
        grown: Files that begin with the bytes they had when they were recorded.
        moved: Whether the replay ran in another folder.
        elsewhere: Local modules whose recorded files lie in another folder that is searched too, or were hidden by it.
        local_modules: Names of the modules beside the notebook that it imports.
    """

    original: Trace
    replay: Trace
    comparison: Comparison
    hazards: Sequence[Hazard] = ()
    headers: Sequence[Difference] = ()
    sources: Sequence[str] = ()
    grown: frozenset[str] = frozenset()
    moved: bool = False
    elsewhere: frozenset[str] = frozenset()
    local_modules: frozenset[str] = frozenset()

    @cached_property
    def made(self) -> frozenset[str]:
        """Files that the recorded run made, or changed, in its working folder."""
        written = {path for cell in self.original.cells for path in cell.files_written}
        return made_files(self.original) | frozenset(written)

    def earlier(self, cell: int) -> Iterator[Pair]:
        """Yield both sides of the cells before one."""
        yield from (pair for index, pair in sorted(self.comparison.pairs.items()) if index < cell)

    def later(self, cell: int) -> Iterator[Pair]:
        """Yield both sides of the cells after one."""
        yield from (pair for index, pair in sorted(self.comparison.pairs.items()) if index > cell)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One divergence, with what is known.

    ``pair`` is None where the cell did not run on both sides.
    """

    divergence: Divergence
    known: Knowledge

    @property
    def cell(self) -> int:
        """Code index of the cell."""
        return -1 if self.divergence.cell is None else self.divergence.cell

    @property
    def pair(self) -> Pair | None:
        """Both sides of the cell."""
        return self.known.comparison.pairs.get(self.cell)

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """The hazards that act in the cell."""
        return tuple(hazard for hazard in self.known.hazards if self.cell in hazard.cells or hazard.cell == self.cell)

    def calls(self, *kinds: str) -> list[tuple[Call | None, Call | None]]:
        """Return the notebook's own calls of some kinds in the cell, both sides by target and line."""
        if self.pair is None:
            return []
        left, right = (_own_calls(side, kinds) for side in (self.pair.original, self.pair.replay))
        return [(left.get(key), right.get(key)) for key in {**left, **right}]


def _own_calls(cell: CellTrace, kinds: Sequence[str]) -> Mapping[tuple[str, str, int | None], Call]:
    """Return calls by what identifies them."""
    return {(call.kind, call.target, call.line): call for call in cell.calls if call.kind in kinds}
