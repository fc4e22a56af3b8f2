"""A working folder as a run found it: without what that run left there, and with files as they were recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from reprobook.runs import Blobs
from reprobook.trace import MISSING, Trace


def made_files(trace: Trace) -> frozenset[str]:
    """Return the files below the working folder that the run made, by path relative to it.

    A file that a cell read before another wrote it was there already.
    """
    found: set[str] = set()
    made: set[str] = set()
    for cell in trace.cells:
        made |= {path for path in cell.files_written if path not in found and not PurePosixPath(path).is_absolute()}
        found |= {path for path, digest in cell.files_read.items() if digest != MISSING}
    return frozenset(made)


def lay_out(folder: Path, without: Collection[str], into: Path) -> Path:
    """Return a folder that holds what ``folder`` holds, but not these files: links, in folders of its own.

    A checkpoint that the notebook left behind would else be found by the script, which would resume from it.
    """
    if not without:
        return folder
    _link(folder, {PurePosixPath(path).parts for path in without}, into)
    return into


def put_back(files: Mapping[str, str], blobs: Blobs, into: Path) -> bool:
    """Write files, by their SHA-256, as they were recorded; False if not all of them are kept."""
    kept = {path: digest for path, digest in files.items() if digest != MISSING}
    if not all(blobs.path(digest).exists() for digest in kept.values()):
        return False
    for path, digest in kept.items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        blobs.place(digest, into / path)
    return True


def _link(folder: Path, without: Collection[tuple[str, ...]], into: Path) -> None:
    """Link the entries of a folder, those that hold something to leave out one by one."""
    into.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        below = {parts[1:] for parts in without if parts[0] == entry.name}
        if not below:
            (into / entry.name).symlink_to(entry)
        elif () not in below and entry.is_dir():
            _link(entry, below, into / entry.name)
