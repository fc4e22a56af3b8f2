"""The last verification of a run, kept beside it, so that every front end can show how it ended."""

from __future__ import annotations

import json

from pydantic import ValidationError

from reprobook.errors import IntegrityError
from reprobook.runs import RunFolder
from reprobook.runs.files import make_folder, read_bytes, write_atomic
from reprobook.verify.model import Verification


def keep(found: Verification, run: RunFolder) -> Verification:
    """Write a verification down, in place of the one before, and return it.

    Raises:
        StorageError: If the disk refuses.
    """
    make_folder(run.verification.parent)
    write_atomic(run.verification, json.dumps(found.model_dump(mode="json"), indent=1).encode() + b"\n", durable=False)
    return found


def kept_verification(run: RunFolder) -> Verification | None:
    """Return the last verification of a run; None if there was none, or if another release wrote it."""
    if not run.verification.exists():
        return None
    try:
        return Verification.model_validate_json(read_bytes(run.verification, run.verification.name))
    except (IntegrityError, ValidationError):
        return None
