"""Runs that leave a store as a file, and that come into one from a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reprobook.crate.metadata import crate_metadata
from reprobook.crate.public import PublicRun, public_run
from reprobook.errors import InputError, IntegrityError
from reprobook.runs import RunFolder, Store
from reprobook.runs.archive import METADATA, unpack_run
from reprobook.runs.files import naming, sha256_file
from reprobook.runs.plain_zip import write_zip

_LEVEL = 6
# How every zip begins; all of the rest is damage.
_ZIP = b"PK"


@dataclass(frozen=True)
class Exported:
    """What was written: the file, its SHA-256 and size, how many files it holds, and what a reader must know."""

    path: Path
    sha256: str
    size: int
    files: int
    notes: tuple[str, ...]


def export_run(run: RunFolder, target: Path, license_id: str | None = None) -> Exported:
    """Write a run as a Workflow Run RO-Crate; the same run gives the same bytes. The file appears whole or not at all.

    Raises:
        IntegrityError: If the run is not what was sealed, or holds a link.
        InputError: If it has not ended, or a credential stands where it cannot be taken out.
        StorageError: If the disk refuses.
    """
    public = public_run(run)
    files = _archived(public)
    title = public.record.name or (public.header and public.header.origin.notebook) or run.run_id
    files[METADATA] = crate_metadata(public.record, public.header, files, title, license_id)
    with naming("write", target), tempfile.NamedTemporaryFile(dir=target.absolute().parent, delete=False) as out:
        try:
            write_zip(files, out.file, _LEVEL)
            out.flush()
            os.fsync(out.fileno())
            Path(out.name).replace(target)
        except BaseException:
            Path(out.name).unlink(missing_ok=True)
            raise
    return Exported(target, sha256_file(target), target.stat().st_size, len(files), public.notes)


def _archived(public: PublicRun) -> dict[str, bytes | Path]:
    """Return the files by their names in the archive, as a store has them."""
    blobs: Mapping[str, Path] = {f"blobs/{digest[:2]}/{digest[2:]}": path for digest, path in public.blobs.items()}
    return {**{f"runs/{public.record.run_id}/{name}": each for name, each in public.files.items()}, **blobs}


def import_run(file: Path, store: Store) -> RunFolder:
    """Take a run of an archive into a store, marked as foreign. Nothing in it is executed or unpickled.

    It appears in the store in one step, with every digest checked; until then it is in a folder that goes when this
    process ends, or with the next ``fsck --repair``.

    Raises:
        InputError: If it cannot be read, or the store has another run of that id.
        IntegrityError: If it is no archive of one run, was changed, or could do harm when it is unpacked.
        StorageError: If the disk refuses.
    """
    try:
        stream = file.open("rb")
    except OSError as error:
        msg = f"{file}: cannot be read ({error.strerror or error})"
        raise InputError(msg, hint="Give a file that `reprobook export` wrote.") from error
    with stream, store.incoming() as place:
        if not stream.read(len(_ZIP)).startswith(_ZIP):
            msg = f"{file} is no archive of reprobook: it is no zip"
            raise IntegrityError(msg, hint="Give a file that `reprobook export` wrote.")
        run = unpack_run(stream, place, foreign=True)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        return store.adopt(run, foreign=f"{file.name} (SHA-256 {sha256_file(file)[:16]}…) at {moment}")
