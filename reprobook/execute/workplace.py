"""A working folder as a run found it: without what that run left there, and with files as they were recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from reprobook.execute.inputs import files_read, lay_out_modules
from reprobook.execute.journal import trace_of
from reprobook.runs import Blobs, RunFolder
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
    """Write files, by their SHA-256, as they were recorded; False if not all of them are kept, or one leads out."""
    kept = {path: digest for path, digest in files.items() if digest != MISSING}
    if not all(blobs.path(digest).exists() and _is_below(into, path) for path, digest in kept.items()):
        return False
    for path, digest in kept.items():
        (into / path).parent.mkdir(parents=True, exist_ok=True)
        blobs.place(digest, into / path)
    return True


@contextmanager
def workplace_of(run: RunFolder, cwd: Path | None) -> Iterator[Path | None]:
    """Give the folder to repeat a run in: what was asked for, else for an imported one a new folder.

    That holds the files that the run read and the modules that it imported, as far as they came with it; the folder
    that it was recorded in is another machine's. None means: where it was recorded.
    """
    if cwd is not None or run.read_record().foreign is None:
        yield cwd
        return
    with tempfile.TemporaryDirectory(prefix="reprobook-") as folder:
        place = Path(folder).resolve()
        for path, digest in files_read(trace_of(run)).items():
            put_back({path: digest}, run.blobs, place)
        lay_out_modules(run, place)
        yield place


def _is_below(folder: Path, path: str) -> bool:
    """Tell whether a recorded path is one below the folder."""
    return (folder / path).resolve().is_relative_to(folder.resolve())


def _link(folder: Path, without: Collection[tuple[str, ...]], into: Path) -> None:
    """Link the entries of a folder, those that hold something to leave out one by one."""
    into.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        below = {parts[1:] for parts in without if parts[0] == entry.name}
        if not below:
            (into / entry.name).symlink_to(entry)
        elif () not in below and entry.is_dir():
            _link(entry, below, into / entry.name)
