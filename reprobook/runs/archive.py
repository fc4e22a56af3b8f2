"""A finished run as one piece of bytes, to be carried to another store: a zip of its folder and of its blobs.

What comes from elsewhere is not trusted: names, kinds and sizes are checked before a byte is written, digests after.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from reprobook.errors import IntegrityError
from reprobook.runs.files import RESTORE
from reprobook.runs.folder import RunFolder
from reprobook.runs.ids import is_id

LARGEST = 16 << 30
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
    return zipped(files | blobs)


def unpack_run(data: bytes, into: Path) -> RunFolder:
    """Write an archive of a run below an empty folder, as a store holds it, and return the run, checked.

    Raises:
        IntegrityError: If it is no archive of one sealed run, or anything in it was changed.
    """
    names = unzip(data, into)
    runs = {name.split("/")[1] for name in names if name.startswith("runs/")}
    strange = [name for name in names if not (name.startswith("runs/") or _BLOB.fullmatch(name))]
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


def zipped(files: Mapping[str, Path]) -> bytes:
    """Return files as a zip, by their names in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name, path in sorted(files.items()):
            archive.write(path, name)
    return buffer.getvalue()


def unzip(data: bytes, into: Path, largest: int = LARGEST) -> list[str]:
    """Write the files of a zip below a folder and return their names; nothing is written if one is not plain.

    Raises:
        IntegrityError: If it is damaged, holds a link or a name that leads out of the folder, or is larger than
            ``largest`` bytes.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check(entries, largest)
            for entry in entries:
                target = into / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(entry))
    # zipfile answers damage, encryption and unknown methods with any of these.
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, RuntimeError) as error:
        msg = f"the archive cannot be unpacked: {error}"
        raise IntegrityError(msg, hint="Pack it again.") from error
    return [entry.filename for entry in entries]


def _check(entries: list[zipfile.ZipInfo], largest: int) -> None:
    """Refuse what no archive of ours holds."""
    names = [entry.filename for entry in entries]
    for entry in entries:
        path = PurePosixPath(entry.filename)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        plain = not path.is_absolute() and ".." not in path.parts and "\\" not in entry.filename
        if not plain or kind not in (0, stat.S_IFREG) or path.as_posix() != entry.filename:
            msg = f"the archive holds {entry.filename!r}, which is no plain file below its folder"
            raise IntegrityError(msg, hint="Do not unpack it; ask for another copy.")
    if len(set(names)) != len(names):
        msg = "the archive holds a name twice"
        raise IntegrityError(msg, hint="Do not unpack it; ask for another copy.")
    # zipfile reads no more of a file than its entry says.
    size = sum(entry.file_size for entry in entries)
    if size > largest:
        msg = f"the archive unpacks to {size >> 20} MB, more than {largest >> 20}"
        raise IntegrityError(msg, hint="Leave out what is large.")
