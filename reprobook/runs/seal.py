"""The seal of a run: a digest of every file in its folder, checked file by file.

Digests show accidents and partial edits. Someone who rewrites every file and every digest is not detected: that
takes a signature.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from reprobook.errors import IntegrityError
from reprobook.header import open_header
from reprobook.runs.files import RESTORE, TEMPORARY_SUFFIX, entry_digest, read_bytes
from reprobook.runs.model import RunRecord

RECORD = "run.json"
LOCK = ".lock"


def file_digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file below ``folder`` by relative path, without the record that will hold them."""
    return {name: entry_digest(folder / name) for name in sorted(_names(folder))}


def _names(folder: Path) -> Iterator[str]:
    """Yield the relative path of each file and link; links to folders are not entered."""
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in [*files, *links]:
            relative = (Path(parent) / name).relative_to(folder).as_posix()
            if relative not in {RECORD, LOCK} and not name.endswith(TEMPORARY_SUFFIX):
                yield relative


def problems(folder: Path, record: RunRecord) -> Iterator[IntegrityError]:
    """Yield what is wrong with the files of a run: the header first, because it names the most exact place."""
    header_problem = _header_problem(folder, record)
    if header_problem:
        yield header_problem
    if not record.ended:
        return
    if not record.files and record.status == "succeeded":
        yield _problem(folder, RECORD, "the run succeeded but was never sealed")
        return
    present = set(_names(folder))
    for name in sorted(present | record.files.keys()):
        if name == "header.json" and header_problem:
            continue
        if name not in present:
            yield _problem(folder, name, "the file is missing")
        elif name not in record.files:
            yield _problem(folder, name, "the file was added after the run had ended")
        elif entry_digest(folder / name) != record.files[name]:
            yield _problem(folder, name, "the file was edited after the run had ended")


def _header_problem(folder: Path, record: RunRecord) -> IntegrityError | None:
    """Check the header's own seal, and that it is the header this run was started with."""
    path = folder / "header.json"
    if not record.header_digest and not path.exists():
        return None
    place = f"{folder.name}/header.json"
    try:
        header = open_header(read_bytes(path, place), place)
    except IntegrityError as error:
        return error
    if (header.recipe_digest, header.header_digest) != (record.recipe_digest, record.header_digest):
        # A kernel killed between the two writes leaves a header that the record does not know of yet.
        return None if not record.header_digest else _problem(folder, "header.json", "the header is another run's")
    return None


def _problem(folder: Path, name: str, what: str) -> IntegrityError:
    """Return the error for one file, named as ``<run id>/<path>``."""
    return IntegrityError(f"{folder.name}/{name}: {what}", hint=RESTORE)
