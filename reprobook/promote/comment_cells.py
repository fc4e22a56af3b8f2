"""Cells that hold nothing but comments: what they say belongs to the cell right below."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import libcst as cst

from reprobook.promote.commented_code import without_commented_code
from reprobook.promote.slice import Slice
from reprobook.promote.source import Source

_OF_CELLS = re.compile(r"\b(?:cells?|notebook|jupyter|colab)\b", re.IGNORECASE)  # a script has none


def with_comment_cells(found: Slice, sources: Sequence[Source], places: Mapping[int | None, int]) -> Slice:
    """Put such comments above the kept cell below them; those above a cell that is left out go with it.

    ``places`` are the places of the code cells among all cells: prose in between ends what a comment speaks of.
    """
    speaking = {places[source.index]: source for source in sources if _only_comments(source) and _lines(source)}
    kept = tuple(_with_comments(source, places[source.index], speaking) for source in found.kept)
    taken = {cell for source in kept for cell in source.above}
    return replace(found, kept=kept, dropped=tuple(each for each in found.dropped if each.cell not in taken))


def _only_comments(source: Source) -> bool:
    lines = [line.strip() for line in source.text.splitlines() if line.strip()]
    plain = not (source.statements or source.notes or source.error or "skip" in source.tags)
    return plain and bool(lines) and all(line.startswith("#") for line in lines) and not _OF_CELLS.search(source.text)


def _with_comments(source: Source, place: int, speaking: Mapping[int, Source]) -> Source:
    """Return a cell with the comments of the cells right above it."""
    begin = place
    while begin - 1 in speaking:
        begin -= 1
    cells = [speaking[at] for at in range(begin, place)]
    if not cells or not source.statements:
        return source
    first, *rest = source.statements
    own = list(getattr(first.node, "leading_lines", ()))
    lines = [line for cell in cells for line in [*_lines(cell), cst.EmptyLine(indent=False)]]
    lines = lines if any(line.comment for line in own) else lines[:-1]
    statement = replace(first, node=first.node.with_changes(leading_lines=[*lines, *own]))
    above = tuple(cell.index for cell in cells)
    return replace(source, statements=(statement, *rest), above=above, carried=len(lines))


def _lines(cell: Source) -> list[cst.EmptyLine]:
    """Return the lines of a cell of comments, but for blank ones at its ends and code that was commented out."""
    below = cst.SimpleStatementLine([cst.Pass()], leading_lines=cst.parse_module(cell.text).header)
    (speaking,) = without_commented_code([below])
    lines = list(getattr(speaking, "leading_lines", ()))
    while lines and lines[0].comment is None:
        lines.pop(0)
    while lines and lines[-1].comment is None:
        lines.pop()
    return lines
