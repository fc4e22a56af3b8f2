"""What a run read, kept by content, so that a later replay can be given the same bytes again.

Kept are the files below the working folder that cells read, and the local modules that they import, small ones only:
a store is no archive of data sets. Hidden files and those named like a secret are never kept.
``REPROBOOK_KEEP_INPUTS`` is the most that one run may add, in megabytes (default 64; 0 keeps nothing).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reprobook.capture import is_secret_name, local_module_files
from reprobook.errors import IntegrityError
from reprobook.header import sha256_hex
from reprobook.runs import Blobs, RunFolder
from reprobook.runs.files import RESTORE, read_bytes, write_atomic
from reprobook.trace import MISSING, Trace

MODULES = "modules.json"
_NAMES = TypeAdapter(dict[str, str], config=ConfigDict(defer_build=True))
_VARIABLE = "REPROBOOK_KEEP_INPUTS"
_DEFAULT_MEGABYTES = 64
# No larger share of the allowance for a single file: one big table must not push out all others.
_LARGEST_SHARE = 0.5
_KEYS = frozenset({".pem", ".key", ".p12", ".pfx", ".env", ".netrc", ".kdbx"})


def keep_files(trace: Trace, cwd: Path, blobs: Blobs) -> None:
    """Keep the files that the cells read, as far as they still are what was read."""
    left = _allowance()
    largest = left * _LARGEST_SHARE
    for path, digest in sorted(files_read(trace).items()):
        try:
            size = (cwd / path).stat().st_size
            if digest == MISSING or _may_be_secret(path) or size > min(left, largest) or blobs.path(digest).exists():
                continue
            data = (cwd / path).read_bytes()
        except OSError:
            continue  # gone by now, or not ours to read
        if sha256_hex(data) == digest:
            blobs.put(data)
            left -= size


def _may_be_secret(path: str) -> bool:
    """Tell whether a file is none of the store's business: hidden, named like a secret, or outside of the folder."""
    place = PurePosixPath(path)
    hidden = any(part.startswith(".") for part in place.parts)
    return place.is_absolute() or hidden or place.suffix in _KEYS or is_secret_name(place.stem)


def files_read(trace: Trace) -> dict[str, str]:
    """Return the digest that each file had when a cell first read it; files that the run made itself are left out."""
    found: dict[str, str] = {}
    made: set[str] = set()
    for cell in trace.cells:
        for path, digest in cell.files_read.items():
            if path not in made:
                found.setdefault(path, digest)
        made |= cell.files_written.keys()
    return found


def keep_modules(run: RunFolder, sources: Sequence[str], folder: Path) -> None:
    """Keep the local modules that the cells import, and write down which file is which: ``modules.json``."""
    left = _allowance()
    kept: dict[str, str] = {}
    for name, path in _module_files(sources, folder):
        data = path.read_bytes()
        if len(data) <= left:
            left -= len(data)
            kept[name] = run.blobs.put(data)
    if kept:
        write_atomic(run.path / MODULES, json.dumps(kept, indent=1, sort_keys=True).encode() + b"\n")


def recorded_modules(run: RunFolder) -> Mapping[str, str]:
    """Return the SHA-256 of the files of local modules that a run kept, by their path below the folder searched.

    Raises:
        IntegrityError: If the list is damaged.
    """
    path = run.path / MODULES
    if not path.exists():
        return {}
    place = run.place(path)
    try:
        return _NAMES.validate_json(read_bytes(path, place))
    except ValidationError as error:
        msg = f"{place}: not a list of modules"
        raise IntegrityError(msg, hint=RESTORE) from error


def lay_out_modules(run: RunFolder, into: Path) -> bool:
    """Write the modules as they were recorded below a folder; False if none were kept."""
    kept = recorded_modules(run)
    for name, digest in kept.items():
        target = (into / name).resolve()
        if target.is_relative_to(into.resolve()):
            target.parent.mkdir(parents=True, exist_ok=True)
            run.blobs.place(digest, target)
    return bool(kept)


def modules_elsewhere(run: RunFolder, folder: Path) -> frozenset[str]:
    """Return the local modules of a run whose files still lie below a folder, whichever of them is imported now."""
    found = set()
    for name, digest in recorded_modules(run).items():
        candidates = (folder.glob(f"{pattern}{name}") for pattern in ("", "*/", "*/*/"))
        if any(_is(candidate, digest) for each in candidates for candidate in each):
            found.add(PurePosixPath(name).parts[0].removesuffix(".py"))
    return frozenset(found)


def _is(path: Path, digest: str) -> bool:
    """Tell whether a file has this content."""
    try:
        return sha256_hex(path.read_bytes()) == digest
    except OSError:
        return False


def _module_files(sources: Sequence[str], folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield the importable files of local modules, each with its path below the folder that is searched."""
    for files in local_module_files(sources, folder).values():
        yield from sorted(files.items())


def _allowance() -> int:
    """Return how many bytes one run may keep."""
    text = os.environ.get(_VARIABLE, "")
    return int(float(text) * 2**20) if text.replace(".", "", 1).isdigit() else _DEFAULT_MEGABYTES * 2**20
