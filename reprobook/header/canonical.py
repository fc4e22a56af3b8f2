"""Canonical JSON of Python values, and digests of it.

RFC 8785 (JSON Canonicalization Scheme) knows neither NaN, infinities, integers beyond 2**53, tuples, bytes, lone
surrogates nor keys that are not strings. ``encode`` maps these to tagged objects, so that values that differ in Python
differ in JSON.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import rfc8785

from reprobook.errors import InputError

type_tags = ("$float", "$int", "$text", "$tuple", "$bytes", "$set", "$frozenset", "$items")
_LARGEST_JSON_INT = 2**53 - 1


def encode(value: object) -> Any:
    """Map a plain Python value to JSON, exactly and reversibly.

    Supports None, bool, int, float, str, bytes, list, tuple, set, frozenset and mappings of these.

    Raises:
        InputError: For a value of any other type.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if _is_unicode(value) else {"$text": value.encode(errors="surrogatepass").hex()}
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_JSON_INT else {"$int": str(value)}
    if isinstance(value, float):
        # RFC 8785 prints 1.0 and -0.0 as 1 and 0: tagged, so that they stay apart from the integers.
        plain = math.isfinite(value) and not value.is_integer()
        # Not repr(value): a NumPy scalar is a float too, and prints as np.float64(1.0).
        return float(value) if plain else {"$float": float.__repr__(value)}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, set | frozenset):
        # A frozenset may stand inside a set, a set may not: the two are kept apart.
        tag = "$frozenset" if isinstance(value, frozenset) else "$set"
        return {tag: sorted((encode(item) for item in value), key=canonical_json)}
    if isinstance(value, Mapping):
        return _encode_mapping(value)
    msg = f"a value of type {type(value).__name__} has no canonical form"
    raise InputError(msg, hint="Use numbers, text, None, lists, tuples, sets or dicts of these.")


def _encode_mapping(value: Mapping[Any, Any]) -> Any:
    """Encode a mapping: as an object when its keys are plain strings, else as a list of pairs."""
    if all(isinstance(key, str) and key not in type_tags and _is_unicode(key) for key in value):
        return {key: encode(item) for key, item in value.items()}
    # Sorted, because dicts that differ only in order are equal.
    return {"$items": sorted(([encode(key), encode(item)] for key, item in value.items()), key=canonical_json)}


def _is_unicode(text: str) -> bool:
    """Tell whether text has a UTF-8 form: file names that are no UTF-8 reach Python as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def decode(value: Any) -> Any:
    """Invert ``encode``.

    Raises:
        InputError: If a tagged object is malformed.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) != 1 or next(iter(value)) not in type_tags:
        return {key: decode(item) for key, item in value.items()}
    ((tag, body),) = value.items()
    try:
        return _decode_tagged(tag, body)
    except (TypeError, ValueError) as error:
        msg = f"malformed {tag} value in canonical JSON: {error}"
        raise InputError(msg, hint="The file was edited or is corrupted.") from error


def _decode_tagged(tag: str, body: Any) -> Any:
    """Decode the body of one tagged object."""
    match tag:
        case "$float":
            return float(body)
        case "$int":
            return int(body)
        case "$text":
            return bytes.fromhex(body).decode(errors="surrogatepass")
        case "$bytes":
            return bytes.fromhex(body)
        case "$tuple":
            return tuple(decode(item) for item in body)
        case "$set":
            return {decode(item) for item in body}
        case "$frozenset":
            return frozenset(decode(item) for item in body)
        case _:
            return {decode(key): decode(item) for key, item in body}


def canonical_json(value: Any) -> bytes:
    """Serialise JSON data by RFC 8785: UTF-8, sorted keys, shortest round-trip numbers.

    Raises:
        InputError: If ``value`` is not JSON (pass Python values through ``encode`` first).
    """
    try:
        return _dumps(value).encode() if _is_simple(value) else rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:  # a key with a lone surrogate is a plain UnicodeEncodeError
        msg = f"not canonical JSON: {error}"
        raise InputError(msg, hint="Encode the value first.") from error


# Of most data Python's own encoder writes the very bytes of RFC 8785, and many times faster.
_dumps = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode


def _is_simple(value: Any) -> bool:
    """Tell whether Python writes a value as RFC 8785 does.

    Not so: integral floats and those that Python gives an exponent to, integers beyond 2**53, keys beyond ASCII
    (sorted by UTF-16), and whatever is no plain JSON.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or not (type(item) is str or _is_simple(item)):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_is_simple, value))
    if kind is float:
        return 1e-4 <= abs(value) < 1e16 and not value.is_integer()  # noqa: PLR2004  # where repr() begins to differ
    return kind is int and -_LARGEST_JSON_INT <= value <= _LARGEST_JSON_INT


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes, 64 lower-case hexadecimal digits (FIPS 180-4)."""
    return hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))
