"""Markdown of what unknown authors wrote: nothing in it has a meaning that they did not intend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reprobook.promote.layout.escape import visible

MOST_FILES = 20
_MARKUP = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|!"})


def plain(text: str) -> str:
    """Return text without any meaning in Markdown or HTML."""
    return visible(text).translate(_MARKUP)


def prose(text: str) -> str:
    """Return text in which names stand between backticks, with nothing else of meaning in Markdown."""
    parts = visible(text).split("`")
    return "".join(f"`{code(part)}`" if at % 2 else part.translate(_MARKUP) for at, part in enumerate(parts))


def code(text: str) -> str:
    """Return text fit to stand between backticks, in a table cell too."""
    return visible(text).replace("`", "'").replace("|", "\\|")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table; its cells are Markdown already."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def data_table(data: Mapping[str, str]) -> str:
    """Return files with their SHA-256, the first of many."""
    rows = [(f"`{code(path)}`", f"`{code(digest)}`") for path, digest in data.items()]
    more = f"\n\nand {len(rows) - MOST_FILES} more" if len(rows) > MOST_FILES else ""
    return table(("file", "SHA-256"), rows[:MOST_FILES]) + more
