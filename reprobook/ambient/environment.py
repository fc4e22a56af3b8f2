"""Which environment variables may be written down: none that may hold a secret."""

from __future__ import annotations

import re

# Broader than a rule for display: what is left out here is only weaker evidence.
_SECRET = re.compile(
    r"key|token|secret|pass|pwd|auth|cred|cookie|jwt|private|sign|login|salt|pin(_|$)|license|webhook|dsn|conn|url|uri",
    re.IGNORECASE,
)
_PLAIN_NAME = re.compile(r"(JPY_SESSION_NAME|TZ|LANG|LANGUAGE|LC_\w+|\w+_THREADS|PYTHONHASHSEED)\Z")
_PLAIN_VALUE = re.compile(r"[+-]?\d{0,12}(\.\d{0,12})?([eE][+-]?\d{1,3})?\Z|[a-z][a-z_-]{0,15}\Z|True\Z|False\Z")


def may_hold_secret(name: str) -> bool:
    """Tell whether a variable's name leaves open that it holds a secret: then not even a digest is kept."""
    return _PLAIN_NAME.match(name) is None and _SECRET.search(name) is not None


def plain_value(name: str, value: str) -> str | None:
    """Return the value if it is plainly no secret: a number, a switch, a short plain word, a locale; else None."""
    if may_hold_secret(name):
        return None
    return value if _PLAIN_NAME.match(name) or _PLAIN_VALUE.match(value) else None
