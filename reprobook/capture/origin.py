"""Probe: when, where and by whom; none of it decides a recipe."""

from __future__ import annotations

import getpass
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from reprobook.header import Origin


def read_origin(folder: Path, notebook: str | None) -> Origin:
    """Describe the moment and place of a freeze: time in UTC by ISO 8601, host, user, working folder."""
    return Origin(
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        host=platform.node() or None,
        user=_user(),
        notebook=notebook,
        folder=str(folder),
        reprobook=_VERSION,
    )


def _user() -> str | None:
    """Return the name of the user; containers may run under an id that has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def _version() -> str | None:
    """Return the version of reprobook, if it is installed and not merely on the path."""
    try:
        return metadata.version("reprobook")
    except metadata.PackageNotFoundError:
        return None


# Read as this is imported: a fork of a warm server finds it read.
_VERSION = _version()
