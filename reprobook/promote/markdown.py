"""Pieces of the Markdown beside a script: text without meaning of its own, and tables."""

from __future__ import annotations

from collections.abc import Iterable

from reprobook.promote.config_text import about, type_name
from reprobook.promote.facts import Facts
from reprobook.promote.layout.escape import visible
from reprobook.promote.model import Plan
from reprobook.promote.options import Style

MOST_FILES = 20
_MARKUP = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|!"})


def parameter_table(plan: Plan, style: Style = "plain") -> str:
    """Return the parameters as a table."""
    prefix = "" if style == "hydra" else "--"
    rows = [
        (f"`{prefix}{each.name}`", type_name(each.type), f"`{code(repr(each.default))}`", plain(about(each)))
        for each in plan.fields
    ]
    return table(("option", "type", "default", "meaning"), rows)


def data_table(facts: Facts) -> str:
    """Return the data files that the script reads, as a table."""
    rows = [(f"`{code(path)}`", f"`{code(digest)}`") for path, digest in facts.data.items()]
    more = f"\n\nand {len(rows) - MOST_FILES} more" if len(rows) > MOST_FILES else ""
    return table(("file", "SHA-256"), rows[:MOST_FILES]) + more


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
    """Return rows below a head."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
