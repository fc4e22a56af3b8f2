"""Probe: the interpreter and the settings of its process that can change results."""

from __future__ import annotations

import locale
import os
import platform
import sys
import time
from pathlib import Path

# Flags that change what a program computes or imports; the others change how it is reported or stored.
_FLAGS = (
    "optimize",
    "hash_randomization",
    "ignore_environment",
    "isolated",
    "safe_path",
    "utf8_mode",
    "int_max_str_digits",
)
_UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})


def python_version() -> str:
    """Return the version of Python, as in ``3.13.1`` or ``3.14.0rc1``."""
    return platform.python_version()


def implementation() -> str:
    """Return the name of the implementation with its ABI flags: ``cpython``; ``cpython-t`` without the GIL."""
    flags = getattr(sys, "abiflags", "")
    return f"{sys.implementation.name}-{flags}" if flags else sys.implementation.name


def interpreter_flags() -> dict[str, int | str | bool]:
    """Return the flags of the running interpreter that can change results, and the warnings made errors."""
    flags: dict[str, int | str | bool] = {name: getattr(sys.flags, name) for name in _FLAGS if hasattr(sys.flags, name)}
    # A warning that is an error ends a run that would have gone on.
    flags["warnings_as_errors"] = any(option.startswith("error") for option in sys.warnoptions)
    return flags


def current_locale() -> str:
    """Return the locale in effect (not the one asked for), as ``setlocale`` spells it; of a mixture what is not C."""
    categories = locale.setlocale(locale.LC_ALL).split(";")
    return ";".join(category for category in categories if not category.endswith("=C")) or "C"


def current_timezone() -> str:
    """Return the time zone in effect: an IANA or POSIX name where there is one, else its abbreviations and offset.

    The offset is the standard one, in seconds east of UTC, so that summer time changes no recipe.
    """
    name = os.environ.get("TZ", "").removeprefix(":") or _system_zone()
    if name in _UTC_NAMES or (not name and time.tzname == ("UTC", "UTC")):
        return "UTC"
    return name or f"{'/'.join(time.tzname)} {-time.timezone:+d}"


def _system_zone() -> str:
    """Return the IANA name that ``/etc/localtime`` links to, or an empty string."""
    try:
        target = Path("/etc/localtime").readlink()
    except OSError:
        return ""
    return target.as_posix().partition("zoneinfo/")[2]
