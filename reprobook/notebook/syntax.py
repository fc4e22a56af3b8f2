"""Parse a cell's Python where it stands, with its magics and shell lines blanked out."""

from __future__ import annotations

import ast

_MAGIC_MARKS = ("%", "!", "?")


def cell_body(source: str) -> str:
    """Return the Python of a cell, line for line: magics, shell and help lines become blank.

    A cell magic of reprobook (``%%reprotrain``) has Python below it; what follows any other cell magic is not
    known to be Python and is blanked as a whole.
    """
    lines = source.split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%") and not first.startswith("%%reprotrain"):
        return "\n" * (len(lines) - 1)
    return "\n".join("" if line.lstrip().startswith(_MAGIC_MARKS) else line for line in lines)


def parse_cell(source: str) -> ast.Module | None:
    """Parse a cell; None if its Python does not parse. Line numbers are those of the cell."""
    # As it stands first: a line of a triple-quoted text may begin with a mark too.
    for text in (source, cell_body(source)):
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # MemoryError: the parser's own word for "too deeply nested" in some releases of CPython.
            continue
    return None
