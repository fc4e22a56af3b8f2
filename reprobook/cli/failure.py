"""Where a notebook failed: the lines of its own in a traceback as IPython writes it, and the last of a library."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_CELL = re.compile(r"\s*Cell In\[(?P<count>\d+)\], line (?P<line>\d+)")
_FILE = re.compile(r"\s*File (?P<path>\S.*?):(?P<line>\d+)(, in (?P<function>[\w.<>]+))?")
_MARKED = re.compile(r"\s*-+> \d+ (?P<source>.*)")
_NUMBERED = re.compile(r"\s*\d+ ")
_CHAINED = re.compile(r"(During handling of the above|The above exception was the direct cause)")
_LIBRARIES = re.compile(r".*(?:[/\\](?:site|dist)-packages[/\\]|[/\\]lib[/\\]python[\d.]+[/\\])(?P<inside>.*)")
_OWN = re.compile(r".*[/\\]reprobook[/\\](execute|trace|ambient)[/\\]")
_MOST_FRAMES = 6


def failure_lines(traceback: Sequence[str], cells: Mapping[int, int]) -> list[str]:
    """Return a line for each frame of the notebook or of a module of its author's, and one for where it was raised.

    Args:
        traceback: Its lines, without colours.
        cells: Code indices of the cells, by execution count.

    Returns:
        Nothing where no frame is in the notebook: the traceback itself says more then.
    """
    parts = list(_parts(traceback))
    for part in reversed(parts):
        # The exception that ended the cell, unless only an earlier one of its chain comes from the notebook.
        frames = list(_frames(part, cells))
        own = [text for text, is_own in frames if is_own]
        if own:
            last = [] if frames[-1][1] else [frames[-1][0]]
            return [*own[-_MOST_FRAMES:], *last]
    return []


def _parts(traceback: Sequence[str]) -> Iterator[list[str]]:
    """Yield the tracebacks of a chain of exceptions."""
    part: list[str] = []
    for line in traceback:
        if _CHAINED.match(line):
            yield part
            part = []
        else:
            part.append(line)
    yield part


def _frames(lines: Sequence[str], cells: Mapping[int, int]) -> Iterator[tuple[str, bool]]:
    """Yield each frame as a line, and whether it is in the notebook or a module of the author's."""
    starts = [number for number, line in enumerate(lines) if _CELL.match(line) or _FILE.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        source = _source(lines[start + 1 : end])
        if match := _CELL.match(lines[start]):
            count = int(match["count"])
            where = f"cell {cells[count]}" if count in cells else f"[{count}]"
            yield f"{where}, line {match['line']}: {source}", True
        elif (match := _FILE.match(lines[start])) and not _OWN.match(match["path"]):
            library = _LIBRARIES.fullmatch(match["path"])
            function = f", {match['function']}" if match["function"] else ""
            if library:
                yield f"raised in {library['inside']}, line {match['line']}{function}", False
            else:
                yield f"{match['path']}, line {match['line']}{function}: {source}", True


def _source(lines: Sequence[str]) -> str:
    """Return the marked line of a frame; of an error of syntax the only one."""
    marked = next((match["source"] for line in lines if (match := _MARKED.match(line))), None)
    if marked is None:
        marked = next((line for line in lines if not _NUMBERED.match(line)), "")
    return marked.strip()
