"""Capture: probes that describe the running process, seeding, and the lock of the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.lazy import lazy_names

if TYPE_CHECKING:
    from reprobook.capture.direct_url import parse_direct_url, read_direct_url
    from reprobook.capture.distributions import installed_distributions
    from reprobook.capture.hardware import read_hardware
    from reprobook.capture.local_modules import local_module_files
    from reprobook.capture.lock import LOCK_NAME, Wheel, write_lock
    from reprobook.capture.probe import Subject, capture
    from reprobook.capture.processors import usable_cpus
    from reprobook.capture.python import current_timezone, implementation, python_version
    from reprobook.capture.redact import is_secret_name, strip_credentials
    from reprobook.capture.seeding import apply_seed, import_drawers, seed_environment, stop_seeding, used_generators
    from reprobook.capture.variables import environment_variables

__all__ = [
    "LOCK_NAME",
    "Subject",
    "Wheel",
    "apply_seed",
    "capture",
    "current_timezone",
    "environment_variables",
    "implementation",
    "import_drawers",
    "installed_distributions",
    "is_secret_name",
    "local_module_files",
    "parse_direct_url",
    "python_version",
    "read_direct_url",
    "read_hardware",
    "seed_environment",
    "stop_seeding",
    "strip_credentials",
    "usable_cpus",
    "used_generators",
    "write_lock",
]

_HOMES = {
    "direct_url": ("parse_direct_url", "read_direct_url"),
    "distributions": ("installed_distributions",),
    "hardware": ("read_hardware",),
    "local_modules": ("local_module_files",),
    "lock": ("LOCK_NAME", "Wheel", "write_lock"),
    "probe": ("Subject", "capture"),
    "processors": ("usable_cpus",),
    "python": ("current_timezone", "implementation", "python_version"),
    "redact": ("is_secret_name", "strip_credentials"),
    "seeding": ("apply_seed", "import_drawers", "seed_environment", "stop_seeding", "used_generators"),
    "variables": ("environment_variables",),
}

__getattr__ = lazy_names(__name__, _HOMES)
