"""Names that trackers accept: most allow fewer characters than a notebook does."""

from __future__ import annotations


def readable(name: str, allowed: str) -> str:
    """Return a name in which every character that is no ASCII letter, digit or one of ``allowed`` is ``_``."""
    kept = "".join(c if (c.isascii() and c.isalnum()) or c in allowed else "_" for c in name)
    return kept.strip() or "_"
