"""The files of the folder that a script runs in: the data that it needs there, and what it writes there itself."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping
from pathlib import PurePath

from reprobook.execute.inputs import files_read
from reprobook.trace import MISSING, Trace

_MOST_ENTRIES = 5  # beyond that, folders stand for what is in them


def needed_data(trace: Trace, kept: Collection[int]) -> dict[str, str]:
    """Return the files that these cells read, by path, with their SHA-256.

    Files that the run made itself are none, nor are those of libraries and of the machine: their paths mean nothing
    elsewhere.
    """
    read = {path for cell in trace.cells if cell.index in kept for path in cell.files_read}
    found = {path: digest for path, digest in files_read(trace).items() if path in read and digest != MISSING}
    return {path: digest for path, digest in sorted(found.items()) if not PurePath(path).is_absolute()}


def written_files(trace: Trace, kept: Collection[int]) -> tuple[str, ...]:
    """Return the files that these cells write into the folder they run in, by path relative to it."""
    written = {path for cell in trace.cells if cell.index in kept for path in cell.files_written}
    return tuple(sorted(path for path in written if not PurePath(path).is_absolute()))


def inside(data: Mapping[str, str]) -> dict[str, str]:
    """Return the files that lie in the folder itself, with their digests."""
    return {path: digest for path, digest in data.items() if ".." not in PurePath(path).parts}


def entries(data: Mapping[str, str]) -> list[str]:
    """Return what to put beside the script: the files, or the folders that hold them where there are many."""
    paths = list(inside(data))
    return paths if len(paths) <= _MOST_ENTRIES else sorted({PurePath(path).parts[0] for path in paths})


def mounts(data: Mapping[str, str], folder: str) -> str:
    """Return the options of ``docker run`` that show the data to a script in a folder, each with a space before it."""
    words = [f'-v "$PWD"/{shlex.quote(path)}:{shlex.quote(f"{folder}/{path}")}:ro' for path in entries(data)]
    return "".join(f" {word}" for word in words)
