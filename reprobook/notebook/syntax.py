"""Parse a cell's Python where it stands, with its magics and shell lines put out of the way."""

from __future__ import annotations

import ast
import functools
import re
import warnings

# Cell magics of which we know that Python of the same namespace stands below them.
_PYTHON_MAGICS = ("%%reprotrain", "%%time", "%%capture")
_MAGIC = re.compile(r"\s*[%!?]|[^#'\"]*\?\s*$")
_ASSIGNED_MAGIC = re.compile(r"(\s*[^#'\"=]+=\s*)[%!]")


def cell_body(source: str) -> str:
    """Return the Python of a cell, line for line: each magic, shell or help line becomes ``pass``.

    Only lines at which the parser stumbles are touched: a line of a triple-quoted text, or a continued expression,
    may begin with ``%`` too. What follows a cell magic that is not known to have Python below it is blanked.
    """
    return _read(source)[0]


def parse_cell(source: str) -> ast.Module | None:
    """Parse a cell; None if its Python does not parse. Line numbers are those of the cell.

    The tree is everybody's: it is read, not changed.
    """
    try:
        return _read(source)[1]
    except UnicodeEncodeError:
        return None  # half a character


@functools.lru_cache(maxsize=1024)  # a run asks for each cell several times
def _read(source: str) -> tuple[str, ast.Module | None]:
    """Return the Python of a cell, and its tree."""
    lines = [line.decode() for line in source.encode().splitlines()]
    magic = next((line.split()[0] for line in lines if line.strip()), "")
    if magic.startswith("%%") and magic not in _PYTHON_MAGICS:
        lines = [""] * len(lines)
    tree, stumble = _attempt(lines)
    while stumble is not None and _put_aside(lines, stumble):
        tree, stumble = _attempt(lines)
    return "\n".join(lines), tree


def imported(source: str) -> dict[str, str]:
    """Return the names that a cell imports, with the module each comes from; ``*`` for a star import."""
    found: dict[str, str] = {}
    for node in ast.walk(parse_cell(source) or ast.Module([], [])):
        if isinstance(node, ast.Import):
            found |= {each.asname or each.name.partition(".")[0]: each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found |= {each.asname or each.name: node.module or "" for each in node.names}
    return found


def _parse(text: str) -> ast.Module:
    """Parse, and leave warnings (of wrong escapes, say) to the run itself: as errors they would hide the cell."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _attempt(lines: list[str]) -> tuple[ast.Module | None, int | None]:
    """Return the tree, or the 0-based line at which the parser stumbles, if it says so."""
    try:
        return _parse("\n".join(lines)), None
    except SyntaxError as error:
        return None, error.lineno - 1 if error.lineno and error.lineno <= len(lines) else None
    except (ValueError, RecursionError, MemoryError):
        # MemoryError: the parser's own word for "too deeply nested" in some releases of CPython.
        return None, None


def _put_aside(lines: list[str], at: int) -> bool:
    """Replace the magic at a line, with the lines that continue it; False if that line is no magic."""
    line = lines[at]
    if assigned := _ASSIGNED_MAGIC.match(line):
        # A name, not a literal: what a command prints is no parameter.
        lines[at] = f"{assigned[1]}NotImplemented"
    elif _MAGIC.match(line):
        lines[at] = f"{line[: len(line) - len(line.lstrip())]}pass"
    else:
        return False
    while line.endswith("\\") and at + 1 < len(lines):
        at += 1
        line, lines[at] = lines[at], ""
    return True
