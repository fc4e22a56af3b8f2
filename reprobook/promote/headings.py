"""The headings of a notebook, and what stands below them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reprobook.notebook.model import Notebook
from reprobook.promote.descriptions import first_sentence, without_number
from reprobook.promote.naming import is_neutral, snake_case
from reprobook.promote.prose import plain

_MARKDOWN_LEVELS = 6
_LONGEST = 200  # of the sentence below the title, which a script's docstring has room for
_CHAPTER = re.compile(r"(?:chapter|lecture|lesson)\s+[0-9]", re.IGNORECASE)
_ASIDE = re.compile(r"\s*\(\s*\[[^\]]*\]\([^)]*\)\s*\)")  # a link in parentheses: ``([video #6](...))``


@dataclass(frozen=True)
class Heading:
    """A heading, the text below it, and the index (among all cells) of the cell that it stands in."""

    text: str
    level: int
    cell: int
    prose: str


def headings(notebook: Notebook) -> list[Heading]:
    """Return the headings of the markdown cells, in order."""
    found: list[Heading] = []
    for cell in notebook.cells:
        if cell.kind == "markdown":
            found += _headings_in(cell.source, cell.index)
    return found


def title(notebook: Notebook) -> tuple[str, str]:
    """Return the notebook's title, else the name of its file; and what the first sentence below it says.

    The title is the first heading; in a chapter of a book, whose title may stand above it, that of the chapter.
    """
    found = headings(notebook)
    chapters = [each for each in found if each.level == 1 and _CHAPTER.match(each.text)]
    first = next(iter([*chapters, *found]), None)
    if first is not None and not is_neutral(snake_case(first.text)):
        return without_number(first.text), first_sentence(first.prose, _LONGEST)
    return notebook.name.rpartition("/")[2].removesuffix(".ipynb"), ""


def _headings_in(markdown: str, cell: int) -> list[Heading]:
    """Read ATX headings (``# title``) outside code fences."""
    found: list[Heading] = []
    prose: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        text = line.strip()
        fenced ^= text.startswith("```")
        marks = len(text) - len(text.lstrip("#"))
        if not fenced and 1 <= marks <= _MARKDOWN_LEVELS and text[marks : marks + 1] in {" ", "\t"}:
            if found:
                found[-1] = Heading(found[-1].text, found[-1].level, cell, "\n".join(prose))
            prose = []
            said = _ASIDE.sub("", text[marks:].strip().rstrip("#"))
            found.append(Heading(plain(said), marks, cell, ""))
        else:
            prose.append(line)
    if found:
        found[-1] = Heading(found[-1].text, found[-1].level, cell, "\n".join(prose))
    return found
