"""How values that have a position are taken apart: iterators, generators, streams. None of them is moved."""

from __future__ import annotations

import array
import collections
import functools
import gc
import io
import itertools
import mmap
import os
import re
import sys
import types
from collections.abc import Iterator
from typing import Any, cast

from reprobook.trace.content.anatomy import attributes_of, module_of, qualified_name
from reprobook.trace.content.parts import Parts, bytes_content, encode, sequence_parts
from reprobook.trace.content.registry import Handler, opaque_parts

_FRAMES = (types.FrameType, types.CodeType)


def _reduced(value: Any) -> Parts:
    """Take a builtin iterator as what pickle would keep of it (PEP 307): what it walks, and how far it is."""
    kind = qualified_name(type(value))
    reduced: tuple[Any, ...] = cast("Any", type(value)).__reduce__(value)
    _, arguments, *state = reduced
    # Of dicts and sets it lists what is still to come, as a list of its own.
    return Parts(kind, children=(arguments, *state), summary=kind)


def _generator(value: types.GeneratorType[Any, Any, Any]) -> Parts:
    """Take a generator as its code, the instruction it stands at, and the values on its stack.

    It stays opaque: its code may read anything else.
    """
    frame = value.gi_frame
    # ``f_locals`` would keep the values alive for longer than the generator does.
    held = [] if frame is None else [each for each in gc.get_referents(value) if type(each) not in _FRAMES]
    position = None if frame is None else frame.f_lasti
    children = (value.gi_code, position, *held)
    return Parts("generator", children=children, opaque=True, summary=value.gi_code.co_qualname)


def _text(value: io.StringIO) -> Parts:
    text = io.StringIO.getvalue(value)
    return Parts("io.StringIO", children=(text, io.StringIO.tell(value)), summary=f"StringIO[{len(text)}]")


def _bytes(value: io.BytesIO) -> Parts:
    content = io.BytesIO.getvalue(value)
    return Parts("io.BytesIO", children=(content, io.BytesIO.tell(value)), summary=f"BytesIO[{len(content)}]")


def _stream(value: Any) -> Parts:
    """Take an open file as its mode and position, asked of the descriptor: ``tell`` may write what is buffered."""
    raw = value
    while type(raw) is not io.FileIO:
        if type(raw) is io.TextIOWrapper:
            raw = raw.buffer
        elif module_of(type(raw)) == "_io":
            raw = raw.raw
        else:
            return opaque_parts(type(value))
    position = -1 if raw.closed else os.lseek(raw.fileno(), 0, os.SEEK_CUR)
    kind = qualified_name(type(value))
    return Parts(kind, encode((raw.mode, position)), opaque=True, summary=kind)


def _mapped(value: mmap.mmap) -> Parts:
    data = mmap.mmap.__getitem__(value, slice(None))
    return Parts("mmap.mmap", encode(mmap.mmap.tell(value)), bytes_content(data), summary=f"mmap[{len(data)}]")


def _match(value: re.Match[Any]) -> Parts:
    return Parts("re.Match", children=(value.re, value.string, value.regs, value.pos, value.endpos), summary="re.Match")


def _cached_function(value: Any) -> Parts:
    """Take a cached function as the function, the cache's limits and the calls that it holds.

    Their results are seen only where the cache has no limit; how often it was hit is left out, since threads decide
    on it.
    """
    own = attributes_of(value)
    caches = [each for each in gc.get_referents(value) if type(each) is dict and "__wrapped__" not in each]
    calls = {key: each for cache in caches for key, each in dict.items(cache)}
    limited = any(qualified_name(type(each)) == "functools._lru_list_elem" for each in calls.values())
    results = [] if limited else list(calls.values())
    children = (own.get("__wrapped__"), own.get("cache_parameters"), sequence_parts("calls", list(calls)), results)
    return Parts("functools.lru_cache", children=children, opaque=limited, summary=f"lru_cache[{len(calls)}]")


class _Indexed:
    """Walked by position: Python's oldest way to iterate."""

    def __getitem__(self, position: int) -> object:
        raise IndexError


def _walks() -> Iterator[type]:
    """Yield the builtin types of iterators whose state pickle can tell."""
    empty: tuple[Any, ...] = ([], (), {}, {}.values(), {}.items(), set(), range(0), range(2**70), "", "\u00e9", b"")
    yield from (type(iter(each)) for each in (*empty, bytearray(), array.array("b"), collections.deque(), _Indexed()))
    yield from (enumerate, zip, map, filter, reversed, type(iter(int, 1)), type(reversed([])), type(reversed({})))
    # From 3.12 on those of itertools warn when asked.
    if sys.version_info < (3, 12):
        yield from (each for each in vars(itertools).values() if type(each) is type and each.__module__ == "itertools")


HANDLERS: dict[type, Handler] = {
    **dict.fromkeys(_walks(), Handler(_reduced)),
    types.GeneratorType: Handler(_generator),
    io.StringIO: Handler(_text),
    io.BytesIO: Handler(_bytes),
    io.FileIO: Handler(_stream),
    io.TextIOWrapper: Handler(_stream),
    io.BufferedReader: Handler(_stream),
    io.BufferedWriter: Handler(_stream),
    io.BufferedRandom: Handler(_stream),
    mmap.mmap: Handler(_mapped),
    re.Match: Handler(_match),
    functools._lru_cache_wrapper: Handler(_cached_function),  # noqa: SLF001  # it has no public name
}
