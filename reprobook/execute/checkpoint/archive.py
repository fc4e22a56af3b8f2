"""The file of a checkpoint: a zip of one JSON document and of raw bytes. Reading it runs no code."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.runs.files import write_atomic
from reprobook.runs.plain_zip import DAMAGED

_DOCUMENT = "checkpoint.json"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)


def write(path: Path, document: dict[str, Any], blobs: Sequence[bytes]) -> None:
    """Replace a checkpoint in one step: a process killed here leaves the earlier one.

    Raises:
        StorageError: If the disk refuses.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(_DOCUMENT, _LONG_AGO), json.dumps(document, allow_nan=False))
        for number, blob in enumerate(blobs):
            archive.writestr(zipfile.ZipInfo(str(number), _LONG_AGO), blob)
    write_atomic(path, buffer.getvalue())


def read(path: Path) -> tuple[dict[str, Any], list[bytes]]:
    """Read a checkpoint; a checksum guards each part.

    Raises:
        IntegrityError: If it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            document: dict[str, Any] = json.loads(archive.read(_DOCUMENT))
            blobs = [archive.read(str(number)) for number in range(len(archive.namelist()) - 1)]
    except (*DAMAGED, KeyError, RecursionError) as error:
        msg = f"{path}: the checkpoint is damaged ({error})"
        raise IntegrityError(msg, hint="Remove it to start from the beginning.") from error
    return document, blobs
