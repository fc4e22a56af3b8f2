"""Canonical JSON of Python values, and digests of it.

RFC 8785 (JSON Canonicalization Scheme) knows neither NaN, infinities, integers beyond 2**53, tuples, bytes nor keys
that are not strings. ``encode`` maps these to tagged objects, so that values that differ in Python differ in JSON.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import rfc8785

from reprobook.errors import InputError

type_tags = ("$float", "$int", "$tuple", "$bytes", "$set", "$items")
_LARGEST_JSON_INT = 2**53 - 1


def encode(value: object) -> Any:
    """Map a plain Python value to JSON, exactly and reversibly.

    Supports None, bool, int, float, str, bytes, list, tuple, set, frozenset and mappings of these.

    Raises:
        InputError: For a value of any other type.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_JSON_INT else {"$int": str(value)}
    if isinstance(value, float):
        # RFC 8785 prints 1.0 and -0.0 as 1 and 0: tagged, so that they stay apart from the integers.
        plain = math.isfinite(value) and not value.is_integer()
        return value if plain else {"$float": repr(value)}
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, set | frozenset):
        return {"$set": sorted((encode(item) for item in value), key=canonical_json)}
    if isinstance(value, Mapping):
        return _encode_mapping(value)
    msg = f"a value of type {type(value).__name__} has no canonical form"
    raise InputError(msg, hint="Use numbers, text, None, lists, tuples, sets or dicts of these.")


def _encode_mapping(value: Mapping[Any, Any]) -> Any:
    """Encode a mapping: as an object when its keys are plain strings, else as a list of pairs."""
    if all(isinstance(key, str) and key not in type_tags for key in value):
        return {key: encode(item) for key, item in value.items()}
    return {"$items": [[encode(key), encode(item)] for key, item in value.items()]}


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
        case "$bytes":
            return bytes.fromhex(body)
        case "$tuple":
            return tuple(decode(item) for item in body)
        case "$set":
            return {decode(item) for item in body}
        case _:
            return {decode(key): decode(item) for key, item in body}


def canonical_json(value: Any) -> bytes:
    """Serialise JSON data by RFC 8785: UTF-8, sorted keys, shortest round-trip numbers.

    Raises:
        InputError: If ``value`` is not JSON (pass Python values through ``encode`` first).
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        msg = f"not canonical JSON: {error}"
        raise InputError(msg, hint="Encode the value first.") from error


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes, 64 lower-case hexadecimal digits (FIPS 180-4)."""
    return hashlib.sha256(data).hexdigest()


def digest_json(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))
