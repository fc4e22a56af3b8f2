"""Run ids: sortable by time, short enough to type, safe as a folder name and in a URL."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime

from reprobook.errors import InputError

# No l, o, 0, 1: an id is read aloud and copied by hand.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{5,63}")


def new_id(now: datetime | None = None) -> str:
    """Return a new run id such as ``20261121-044210-k3f9`` (UTC); uniqueness is the store's business."""
    moment = now or datetime.now(UTC)
    # Not strftime("%Y"): it drops leading zeros of early years on some platforms.
    day = f"{moment.year:04d}{moment.month:02d}{moment.day:02d}"
    suffix = "".join(secrets.choice(_ALPHABET) for _ in range(4))
    return f"{day}-{moment.hour:02d}{moment.minute:02d}{moment.second:02d}-{suffix}"


def is_id(text: str) -> bool:
    """Say whether ``text`` has the form of a run id (the whole of it: no path, no line end)."""
    return _PATTERN.fullmatch(text) is not None


def check_id(text: str) -> str:
    """Return ``text`` if it has the form of a run id.

    Raises:
        InputError: If it has not; nothing with another form may ever become a path in the store.
    """
    if not is_id(text):
        msg = f"{text!r} is not a run id"
        raise InputError(msg, hint="`reprobook runs` lists the ids; a unique beginning of one is enough.")
    return text
