"""Capture: probes that describe the running process, seeding, and the lock of the environment."""

from reprobook.capture.lock import LOCK_NAME, write_lock
from reprobook.capture.probe import Subject, capture
from reprobook.capture.redact import is_secret_name, strip_credentials
from reprobook.capture.seeding import apply_seed, seed_environment, stop_seeding, used_generators

__all__ = [
    "LOCK_NAME",
    "Subject",
    "apply_seed",
    "capture",
    "is_secret_name",
    "seed_environment",
    "stop_seeding",
    "strip_credentials",
    "used_generators",
    "write_lock",
]
