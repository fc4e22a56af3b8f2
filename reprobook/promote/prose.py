"""Prose: Markdown as plain text, for docstrings and names, and lists of words."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_IMAGE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\](?:\([^)]*\)|\[[^\]]*\])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
# Marks around words; an underscore or star within code or arithmetic is none.
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)([^*_`]+?)(?<=\S)\1(?![\w*])")

_WIDTH = 60


def plain(markdown: str) -> str:
    """Return text without images, the addresses of links, emphasis and HTML; code keeps its marks."""
    text = _LINK.sub(r"\1", _IMAGE.sub("", markdown))
    text = html.unescape(_TAG.sub("", text))
    return " ".join(_EMPHASIS.sub(r"\2", text).split())


def clipped(line: str) -> str:
    """Return as much of a line as can stand for the code that it begins."""
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]} …"


def listed(words: Sequence[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
