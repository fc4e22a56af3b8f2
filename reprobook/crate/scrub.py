"""Texts without what names this machine or its user: paths, and credentials that were printed."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.capture import strip_credentials
from reprobook.header import Header

# What follows is a user's own, whichever machine a text was written on.
_HOMES = re.compile(r"/(?:home|Users)/[^/\s\"'<>:]+|/root(?=/|\b)|[A-Z]:\\+Users\\+[^\\\s\"'<>]+")
_SHORTEST = 4


@dataclass(frozen=True)
class Scrubber:
    """Replaces the beginnings of paths by what they stand for: ``/{folder}``, ``/{python}``, ``/{home}``."""

    words: Mapping[str, str]

    def with_word(self, text: str, word: str) -> Scrubber:
        """Return one that also replaces a text by another."""
        return Scrubber({text: word, **self.words})

    def text(self, text: str) -> str:
        """Return a text without paths of this machine and without credentials."""
        for path, word in self.words.items():
            # The beginning of a path, not of a longer name: /work/a is not part of /work/ab.
            text = re.sub(rf"{re.escape(path)}(?![\w.-])", word.replace("\\", r"\\"), text)
        return strip_credentials(_HOMES.sub("/{home}", text))

    def data(self, value: Any) -> Any:
        """Return JSON data whose texts, keys included, are such."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.data(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.data(item) for key, item in value.items()}
        return value

    def names_machine(self, text: str) -> bool:
        """Say whether a text that is not changed names a path of this machine, or of a user."""
        return any(path in text for path in self.words) or _HOMES.search(text) is not None


def scrubber(header: Header | None, store: Path) -> Scrubber:
    """Return what is known of this machine and of the one that a run was recorded on, the longest paths first."""
    folder = header.origin.folder if header else None
    roots = [
        *(((folder, "/{folder}"),) if folder else ()),
        (str(store), "/{store}"),
        (str(store.parent), "/{project}"),
        *((prefix, "/{python}") for prefix in _prefixes()),
        (str(Path.home()), "/{home}"),
        (tempfile.gettempdir(), "/{tmp}"),
    ]
    words: dict[str, str] = {}
    for path, word in sorted(_spellings(roots), key=lambda each: -len(each[0])):
        if len(path) >= _SHORTEST:
            words.setdefault(path, word)
    return Scrubber(words)


def _prefixes() -> Iterator[str]:
    """Yield where this Python and its packages are."""
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix)
    yield from (str(Path(entry)) for entry in sys.path if "-packages" in entry)


def _spellings(roots: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each path as it is named, and with its links resolved; never one that every path begins with."""
    for path, word in roots:
        for spelling in dict.fromkeys((path, str(Path(path).resolve()))):
            if spelling not in {"/", "/usr", "/usr/local", "."}:
                yield spelling, word
