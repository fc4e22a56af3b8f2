"""Seal a header with its digests, and check the seal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from reprobook.errors import InputError, IntegrityError
from reprobook.header.canonical import canonical_json, digest_json
from reprobook.header.model import RECORD_ONLY, SCHEMA, Header, Section

_DIGESTS = ("recipe_digest", "header_digest")


def identity(section: Section) -> dict[str, Any]:
    """Return the fields of a section that decide the recipe, as JSON data."""
    fields: dict[str, Any] = {}
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        left_out = field.exclude_if is not None and field.exclude_if(value)
        if RECORD_ONLY in field.metadata or name in _DIGESTS or left_out:
            continue
        fields[field.alias or name] = _identity_of(value)
    return fields


def _identity_of(value: Any) -> Any:
    """Reduce one field's value to its identity, section by section."""
    if isinstance(value, Section):
        return identity(value)
    if isinstance(value, tuple | list):
        return [_identity_of(item) for item in value]
    return value


def header_data(header: Header) -> dict[str, Any]:
    """Return the header as JSON data."""
    return header.model_dump(mode="json")


def seal(header: Header) -> Header:
    """Return the header with both digests filled in."""
    recipe = header.model_copy(update={"recipe_digest": digest_json(identity(header)), "header_digest": ""})
    return recipe.model_copy(update={"header_digest": _header_digest(header_data(recipe))})


def _header_digest(data: dict[str, Any]) -> str:
    """Digest every field of a header but the header digest itself."""
    return digest_json({key: value for key, value in data.items() if key != "header_digest"})


def header_bytes(header: Header) -> bytes:
    """Return the one byte string that a sealed header has on disk."""
    return canonical_json(header_data(header)) + b"\n"


def open_header(data: bytes, place: str) -> Header:
    """Read a sealed header from its bytes on disk.

    Raises:
        IntegrityError: If even one byte was edited; the message names ``place``.
    """
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        msg = f"{place}: the header is not readable JSON ({error})"
        raise IntegrityError(msg, hint=_HINT) from error
    header, text = _sealed(content, place)
    if text + b"\n" != data:
        _check_whole(text, content, place)
        msg = f"{place}: the header was edited (its bytes are not the canonical form it was written in)"
        raise IntegrityError(msg, hint=_HINT)
    return header


def check_header(content: Any, place: str) -> Header:
    """Check the seal of a header given as JSON data.

    Raises:
        IntegrityError: If a digest is missing or does not match, or the schema is not known; names ``place``.
    """
    header, text = _sealed(content, place)
    _check_whole(text, content, place)
    return header


def _sealed(content: Any, place: str) -> tuple[Header, bytes]:
    """Return the header whose digests match, and its canonical text.

    Raises:
        IntegrityError: As ``check_header``.
    """
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else type(content).__name__
        msg = f"{place}: not a header of schema {SCHEMA} (found {found!r})"
        raise IntegrityError(msg, hint="Read it with the release of reprobook that wrote it, or restore the file.")
    with _naming(place):
        header = Header.model_validate(content)
        data = header_data(header)
        expected = (digest_json(identity(header)), _header_digest(data))
        text = canonical_json(data)
    for name, digest in zip(_DIGESTS, expected, strict=True):
        if digest != getattr(header, name):
            msg = f"{place}: the header was edited ({name} does not match its content)"
            raise IntegrityError(msg, hint=_HINT)
    return header, text


def _check_whole(text: bytes, content: Any, place: str) -> None:
    """Refuse data that is not what was sealed: defaults that validation fills in would hide a deleted field.

    Compared as text: in Python, True == 1.

    Raises:
        IntegrityError: If it is not.
    """
    with _naming(place):
        whole = text == canonical_json(content)
    if not whole:
        msg = f"{place}: the header was edited (fields are missing or of another type)"
        raise IntegrityError(msg, hint=_HINT)


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Say of a header that is no header where it is wrong."""
    try:
        yield
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"{place}: the header is malformed at {where}: {first['msg']}"
        raise IntegrityError(msg, hint=_HINT) from error
    except (InputError, ValueError) as error:  # ValueError: pydantic's word for "too deeply nested"
        msg = f"{place}: the header is malformed: {error}"
        raise IntegrityError(msg, hint=_HINT) from error


def short_id(header: Header) -> str:
    """Return the short name of a recipe, as shown to people: ``rb1-`` and 8 digits of the recipe digest."""
    return f"rb1-{header.recipe_digest[:8]}"


_HINT = "Restore the file from a backup, or run the notebook again."
