"""A finished run as one piece of bytes, to be carried to another store: a zip of its folder and of its blobs.

What comes from elsewhere is not trusted: ``plain_zip`` checks names, kinds and sizes before a byte is written; digests
are checked after.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import IO

from reprobook.errors import IntegrityError
from reprobook.runs.files import RESTORE
from reprobook.runs.folder import RunFolder
from reprobook.runs.ids import is_id
from reprobook.runs.plain_zip import unzip, write_zip

METADATA = "ro-crate-metadata.json"  # of an exported run; a run that only changes its store has none
_BLOB = re.compile(r"blobs/[0-9a-f]{2}/[0-9a-f]{62}")
_LEVEL = 1  # fast: weights and images do not shrink anyway


def pack_run(run: RunFolder) -> bytes:
    """Return a sealed run with the blobs of its store, which is taken to hold no others.

    Raises:
        IntegrityError: If the folder is not what was sealed, or holds a link.
    """
    record = run.check_integrity()
    names = ["run.json", *record.files]
    links = [name for name in names if (run.path / name).is_symlink()]
    if links:
        msg = f"{run.run_id}/{links[0]}: a link cannot be carried to another store"
        raise IntegrityError(msg, hint="Save the file itself as an artifact.")
    files = {f"runs/{run.run_id}/{name}": run.path / name for name in names}
    blobs = {f"blobs/{digest[:2]}/{digest[2:]}": run.blobs.path(digest) for digest in run.blobs.digests()}
    buffer = io.BytesIO()
    write_zip({**files, **blobs}, buffer, _LEVEL)
    return buffer.getvalue()


def unpack_run(data: bytes | IO[bytes], into: Path, *, foreign: bool = False) -> RunFolder:
    """Write an archive of a run below an empty folder, as a store holds it, and return the run, checked.

    A ``foreign`` one comes from somebody else, not from a worker of ours.

    Raises:
        IntegrityError: If it is no archive of one sealed run, or anything in it was changed.
    """
    names = unzip(data, into, foreign=foreign)
    runs = {name.split("/")[1] for name in names if name.startswith("runs/")}
    strange = [name for name in names if not (name.startswith("runs/") or name == METADATA or _BLOB.fullmatch(name))]
    if len(runs) != 1 or strange or not is_id(run_id := runs.pop()):
        msg = f"not an archive of one run ({strange[0] if strange else f'{len(runs)} runs'})"
        raise IntegrityError(msg, hint="Pack the run again.")
    run = RunFolder(into / "runs" / run_id)
    record = run.check_integrity()
    if not record.ended or record.run_id != run_id:
        msg = f"{run_id}: the run has not ended, or is another one"
        raise IntegrityError(msg, hint=RESTORE)
    for digest in run.blobs.digests():
        run.blobs.read(digest)
    return run
