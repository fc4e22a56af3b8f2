"""A hazard: a place in a notebook's source where its results may stop being reproducible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Generator = Literal["", "python", "numpy", "torch", "cuda", "own"]


@dataclass(frozen=True)
class Edit:
    """A safe replacement of a span of one cell's source.

    Lines are 1-based, columns count UTF-8 bytes, as ``ast`` has them; an empty span inserts.
    """

    cell: int
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Hazard:
    """One place where a cause of divergence comes in, or may.

    Attributes:
        cell: 0-based index among the code cells: where the draw or call stands.
        line: 1-based line in that cell.
        cause: Label of the list of causes.
        message: What, where and why, in a sentence.
        fix: The edit that removes it.
        names: Variables that the statement binds or changes in place, as far as known.
        generator: Which random number generator is drawn from; ``own`` is one made by the notebook itself.
        certain: Whether it is sure to matter where it stands; otherwise it is a hint.
        shown: Whether ``check`` tells of it. What is not shown only serves to attribute a divergence that was seen.
        function: Name of the function in which it stands; empty at the top level.
        called_from: Cells that call that function, directly or through others.
        edits: A safe automatic edit, which may touch several places; empty if a human must decide.
        seeds: Generators that ``--fix`` should seed at the top of the notebook.
        reseeds: Whether it seeds the generator anew, from the operating system's entropy.
    """

    cell: int
    line: int
    cause: str
    message: str
    fix: str
    names: tuple[str, ...] = ()
    generator: Generator = ""
    certain: bool = True
    shown: bool = True
    function: str = ""
    called_from: tuple[int, ...] = ()
    edits: tuple[Edit, ...] = ()
    seeds: tuple[Generator, ...] = ()
    reseeds: bool = False

    @property
    def cells(self) -> tuple[int, ...]:
        """The cells in which it acts: where it stands, or from where its function is called."""
        return self.called_from if self.function and self.called_from else (self.cell,)
