"""Put new sources into a notebook's file and leave every other byte as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from json.decoder import JSONDecoder

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = JSONDecoder()
_BOM = "\ufeff"


def with_sources(data: bytes, sources: Mapping[int, str]) -> bytes:
    """Return a notebook file's bytes with new sources of code cells, by code index.

    Only the values of these cells' ``source`` change; the form (text or list of lines) and the indentation are kept.
    """
    text = data.decode("utf-8")
    parts: list[str] = []
    done = 0
    for index, (start, end) in enumerate(_source_spans(text)):
        if index in sources:
            parts += [text[done:start], _written(text, start, end, sources[index])]
            done = end
    return "".join([*parts, text[done:]]).encode()


def _source_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the source of each code cell stands in the file."""
    at = _SPACE.match(text, len(_BOM) if text.startswith(_BOM) else 0).end()  # type: ignore[union-attr]
    for key, start in _members(text, at):
        if key == "cells":
            for cell in _items(text, start):
                spans = {name: (begin, _DECODER.raw_decode(text, begin)[1]) for name, begin in _members(text, cell)}
                kind = spans.get("cell_type")
                if kind and json.loads(text[slice(*kind)]) == "code" and "source" in spans:
                    yield spans["source"]


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Yield the keys of the object at a place, and where their values begin."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        yield key, at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at


def _items(text: str, at: int) -> Iterator[int]:
    """Yield where the items of the list at a place begin."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        yield at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _written(text: str, start: int, end: int, source: str) -> str:
    """Return a source as JSON, in the form of the value that it replaces."""
    old = text[start:end]
    ascii_only = text.isascii()
    if not old.startswith("["):
        return json.dumps(source, ensure_ascii=ascii_only)
    lines = [json.dumps(line, ensure_ascii=ascii_only) for line in source.splitlines(keepends=True)]
    opening = re.match(r"\[[ \t\n\r]*", old)
    closing = re.search(r"[ \t\n\r]*\]$", old)
    before = opening[0][1:] if opening else ""
    after = closing[0][:-1] if closing else ""
    return f"[{before}{(',' + (before or ' ')).join(lines)}{after}]"
