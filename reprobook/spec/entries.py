"""The spec as a list of entries, each a text: as a form shows it, and as a command line sets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from reprobook.errors import InputError
from reprobook.spec.model import Section, Spec


@dataclass(frozen=True)
class Entry:
    """One thing that a spec may declare.

    Attributes:
        key: ``loop.batch_size``.
        about: What it is.
        options: The values that it may have, where these are few.
    """

    key: str
    about: str
    options: tuple[str, ...] = ()


def _entries(model: type[Section], prefix: str = "") -> tuple[Entry, ...]:
    """Return the entries of a section, in the order of its fields."""
    found: list[Entry] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            found += _entries(field.annotation, f"{name}.")
        else:
            choices = [each for part in get_args(field.annotation) for each in get_args(part)]
            options = tuple(each for each in choices if isinstance(each, str))
            found.append(Entry(f"{prefix}{name}", field.description or "", options))
    return tuple(found)


ENTRIES = _entries(Spec)
_KEYS = tuple(each.key for each in ENTRIES)


def entry_text(spec: Spec, key: str) -> str:
    """Return what an entry holds as the text that sets it; empty where it is left open."""
    value: Any = spec
    for name in key.split("."):
        value = getattr(value, name)
    if isinstance(value, dict):
        return ", ".join(_pair(name, item) for name, item in value.items())
    if isinstance(value, tuple):
        return ("; " if key == "split.leakage_risks" else ", ").join(map(str, value))
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _pair(name: str, item: str | float | None) -> str:
    if item is None:
        return name
    return f"{name} {item:g}" if isinstance(item, float) else f"{name} {item}"


def with_entries(spec: Spec, texts: Mapping[str, str]) -> Spec:
    """Return the spec with these entries; an empty text leaves one open.

    Raises:
        InputError: For an unknown key, or a text that makes no sense there; names the key.
    """
    data = spec.declared()
    for key, text in texts.items():
        if key not in _KEYS:
            msg = f"a spec has no entry {key!r}"
            raise InputError(msg, hint=f"There are: {', '.join(_KEYS)}.")
        section, _, name = key.rpartition(".")
        place = data.setdefault(section, {}) if section else data
        place.pop(name, None)
        if text.strip():
            place[name] = text.strip()
    return checked(data, "the spec")


def checked(data: Any, place: str) -> Spec:
    """Read a spec from plain data.

    Raises:
        InputError: If it is none; names ``place`` and the entry.
    """
    try:
        spec = Spec.model_validate(data)
        spec.digest  # noqa: B018 - a number that JSON has not would be found by whoever needs it
        json.dumps(spec.model_dump(), ensure_ascii=False).encode()  # and so would half a character
    except (InputError, UnicodeEncodeError) as error:
        msg = f"{place}: {error}"
        raise InputError(msg, hint=f"Entries are: {', '.join(_KEYS)}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        known = "an unknown entry" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
        msg = f"{place}: {where}: {known}" if where else f"{place}: {known}"
        raise InputError(msg, hint=f"Entries are: {', '.join(_KEYS)}.") from error
    return spec
