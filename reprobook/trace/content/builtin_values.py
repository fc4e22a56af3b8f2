"""How the values of Python itself are taken apart."""

from __future__ import annotations

import _random
import array
import collections
import contextvars
import decimal
import enum
import fractions
import functools
import gc
import pathlib
import random
import re
import types
import uuid
import weakref
from typing import Any

from reprobook.trace.content import code_values, position_values, time_values
from reprobook.trace.content.anatomy import attributes_of, fields_of, mro_of, qualified_name
from reprobook.trace.content.parts import Parts, bytes_content, encode, sequence_parts
from reprobook.trace.content.registry import Handler, opaque_parts

_LONGEST_INT = 128
# How sklearn names the seconds that each fit took; they come first in its results.
_TIMINGS = frozenset(
    ["fit_time", "score_time", "mean_fit_time", "std_fit_time", "mean_score_time", "std_score_time", "fit_times"]
)


def scalar_summary(value: object) -> str:
    """Return a number as text, and only the length of text: a text may be a secret."""
    if type(value) is str or type(value) is bytes:
        return f"{type(value).__name__}[{len(value)}]"
    if type(value) is int and value.bit_length() > _LONGEST_INT:
        return f"int of {value.bit_length()} bits"
    return repr(value)


def _scalar(kind: str, value: Any) -> Parts:
    """Return the parts of a scalar: the builtin part of an instance of a subclass."""
    return Parts(kind, content=bytes_content(encode(value)), summary=scalar_summary(value))


def _bytearray(value: bytearray) -> Parts:
    return Parts("bytearray", content=bytes_content(value), summary=f"bytearray[{bytearray.__len__(value)}]")


def _memoryview(value: memoryview) -> Parts:
    data = encode((value.format, value.shape))
    return Parts("memoryview", data, bytes_content(value.tobytes()), summary=f"memoryview[{value.nbytes}]")


def _dict(value: dict[Any, Any]) -> Parts:
    keys, values = list(dict.keys(value)), list(dict.values(value))
    if len(keys) > 1 and type(keys[0]) is str and keys[0] in _TIMINGS and type(keys[1]) is str and keys[1] in _TIMINGS:
        return _timed(keys, values)
    return _items("dict", keys, values)


def _timed(keys: list[Any], values: list[Any]) -> Parts:
    """Return the parts of the results of a cross-validation, without the seconds that it took."""
    pairs = zip(keys, values, strict=True)
    kept = [(key, value) for key, value in pairs if type(key) is not str or key not in _TIMINGS]
    found = _items("dict", [key for key, _ in kept], [value for _, value in kept])
    return found._replace(data=b"timed", opaque=True, summary=f"dict[{len(keys)}]")


def _ordered_dict(value: collections.OrderedDict[Any, Any]) -> Parts:
    # move_to_end changes an order that only OrderedDict's own iterator knows.
    keys = list(collections.OrderedDict.__iter__(value))
    return _items("OrderedDict", keys, [dict.__getitem__(value, key) for key in keys])


def _items(kind: str, keys: list[Any], values: list[Any]) -> Parts:
    """Return the parts of a mapping, in order; keys and values that are encoded at once are no nodes of their own."""
    summary = f"{kind}[{len(keys)}]"
    names, contents = sequence_parts("keys", keys), sequence_parts("values", values)
    if names.children or names.content:
        return Parts(kind, children=(names, contents), summary=summary)
    if contents.children or contents.content:
        return Parts(kind, encode((names.data, len(values))), children=[contents], summary=summary)
    return Parts(kind, encode((names.data, contents.data)), summary=summary)


def _default_dict(value: collections.defaultdict[Any, Any]) -> Parts:
    (factory,) = fields_of(collections.defaultdict, value, "default_factory")
    return Parts("defaultdict", children=(factory, _dict(value)), summary=f"defaultdict[{dict.__len__(value)}]")


def _deque(value: collections.deque[Any]) -> Parts:
    (maxlen,) = fields_of(collections.deque, value, "maxlen")
    items = sequence_parts("deque", list(collections.deque.__iter__(value)))
    return items._replace(data=items.data + encode(maxlen))


def _mapping_view(value: object) -> Parts:
    """Take apart a proxy or view of a dict; what it shows is asked of the collector, not of the view's own code."""
    shown = [each for each in gc.get_referents(value) if type(each) is dict]
    kind = qualified_name(type(value))
    return Parts(kind, children=shown, opaque=not shown, summary=kind)


def _enum(value: Any) -> Parts:
    kind = qualified_name(type(value))
    own = attributes_of(value)
    name = own.get("_name_")
    return Parts(kind, children=(name, own.get("_value_")), summary=f"{kind}.{name}" if type(name) is str else kind)


def _decimal(value: decimal.Decimal) -> Parts:
    # Its text depends on the context in force.
    sign, digits, exponent = decimal.Decimal.as_tuple(value)
    return Parts("decimal.Decimal", children=(sign, digits, exponent), summary="Decimal")


def _fraction(value: fractions.Fraction) -> Parts:
    own = attributes_of(value)
    return Parts("fractions.Fraction", children=(own["_numerator"], own["_denominator"]), summary="Fraction")


def _uuid(value: uuid.UUID) -> Parts:
    return Parts("uuid.UUID", children=(attributes_of(value)["int"],), summary="UUID")


def _path(value: pathlib.PurePath) -> Parts:
    text = pathlib.PurePath.__str__(value)
    return Parts(qualified_name(type(value)), text.encode("utf-8", "surrogatepass"), summary="path")


def _pattern(value: re.Pattern[Any]) -> Parts:
    return Parts("re.Pattern", children=(value.pattern, value.flags), summary="re.Pattern")


def _slice(value: slice) -> Parts:
    return Parts("slice", children=(value.start, value.stop, value.step), summary="slice")


def _range(value: range) -> Parts:
    return Parts("range", children=(value.start, value.stop, value.step), summary="range")


def _partial(value: functools.partial[Any]) -> Parts:
    children = fields_of(functools.partial, value, "func", "args", "keywords")
    return Parts("functools.partial", children=children, summary="functools.partial")


def _exception(value: BaseException) -> Parts:
    return Parts("BaseException", children=fields_of(BaseException, value, "args"), summary="exception")


def _generator_state(value: random.Random) -> Parts:
    if random.SystemRandom in mro_of(type(value)):
        return opaque_parts(type(value))
    kind = qualified_name(type(value))
    return Parts(kind, children=(_random.Random.getstate(value), attributes_of(value)), summary=kind)


def _weak_reference(_: weakref.ref[Any]) -> Parts:
    # Whether the referent still lives depends on the collector: a weak reference has no content of its own.
    return Parts("weakref", summary="weakref")


def _union(value: types.UnionType) -> Parts:
    return Parts("types.UnionType", children=value.__args__, summary="Union")


def _number_array(value: array.array[Any]) -> Parts:
    data = array.array.tobytes(value)
    return Parts("array.array", encode(value.typecode), bytes_content(data), summary=f"array[{value.typecode}]")


def _context_variable(value: contextvars.ContextVar[Any]) -> Parts:
    return Parts("contextvars.ContextVar", value.name.encode(), children=(value.get(None),), summary="ContextVar")


def _singleton(value: object) -> Parts:
    return Parts(qualified_name(type(value)), summary=qualified_name(type(value)))


HANDLERS: dict[type, Handler] = {
    int: Handler(lambda value: _scalar("int", int.__int__(value))),
    float: Handler(lambda value: _scalar("float", float.__float__(value))),
    complex: Handler(lambda value: _scalar("complex", complex.__complex__(value))),
    str: Handler(lambda value: _scalar("str", str.__str__(value))),
    bytes: Handler(lambda value: _scalar("bytes", bytes.__getitem__(value, slice(None)))),
    bytearray: Handler(_bytearray),
    memoryview: Handler(_memoryview),
    list: Handler(lambda value: sequence_parts("list", list(list.__iter__(value)))),
    tuple: Handler(lambda value: sequence_parts("tuple", list(tuple.__iter__(value)))),
    set: Handler(lambda value: sequence_parts("set", list(set.__iter__(value)), ordered=False)),
    frozenset: Handler(lambda value: sequence_parts("frozenset", list(frozenset.__iter__(value)), ordered=False)),
    dict: Handler(_dict),
    collections.OrderedDict: Handler(_ordered_dict),
    collections.defaultdict: Handler(_default_dict),
    collections.deque: Handler(_deque),
    types.MappingProxyType: Handler(_mapping_view),
    type({}.keys()): Handler(_mapping_view),
    type({}.values()): Handler(_mapping_view),
    type({}.items()): Handler(_mapping_view),
    enum.Enum: Handler(_enum, whole=True),
    decimal.Decimal: Handler(_decimal),
    fractions.Fraction: Handler(_fraction),
    uuid.UUID: Handler(_uuid),
    pathlib.PurePath: Handler(_path, whole=True),
    re.Pattern: Handler(_pattern),
    slice: Handler(_slice),
    range: Handler(_range),
    functools.partial: Handler(_partial),
    BaseException: Handler(_exception),
    _random.Random: Handler(_generator_state, whole=True),
    weakref.ref: Handler(_weak_reference, whole=True),
    type(...): Handler(_singleton),
    type(NotImplemented): Handler(_singleton),
    type(int | str): Handler(_union),
    array.array: Handler(_number_array),
    contextvars.ContextVar: Handler(_context_variable),
    **code_values.HANDLERS,
    **position_values.HANDLERS,
    **time_values.HANDLERS,
}
