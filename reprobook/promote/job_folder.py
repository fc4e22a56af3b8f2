"""The folder of a promoted job: what may be replaced in it, and how it is written.

A job is several files, so its folder says while they are being replaced what they will be: a promotion that was killed
in between is finished by the next one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from reprobook.errors import InputError, IntegrityError
from reprobook.execute.script import SCRIPT
from reprobook.header import Header, open_header, sha256_hex
from reprobook.runs.files import TEMPORARY_SUFFIX, naming, write_atomic

PROOF = "proof.json"
HEADER = "header.json"
# What is being written, from the first file to the last.
UNFINISHED = ".unfinished.json"
_HINT = "Choose another folder with -o, or replace it with --force."


def check_place(folder: Path, *, force: bool = False) -> bool:
    """See that a job may be written into a folder, as far as that is known before its notebook has run.

    Returns:
        Whether there is an earlier job, which must be looked at before it is replaced.

    Raises:
        InputError: If the folder holds something else.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file"
        raise InputError(msg, hint="Choose a folder with -o.")
    if force or not folder.exists() or all(path.name.endswith(TEMPORARY_SUFFIX) for path in folder.iterdir()):
        return False
    if not _noted(folder, UNFINISHED) and not ((folder / SCRIPT).is_file() and (folder / HEADER).is_file()):
        msg = f"{folder} exists and is no promoted job"
        raise InputError(msg, hint=_HINT)
    return True


def check_folder(folder: Path, header: Header, *, force: bool = False) -> None:
    """See that nothing is lost when a job is written: an earlier job of the same notebook may be replaced.

    Raises:
        InputError: If the folder holds something else, another notebook's job, or files edited by hand.
    """
    if not check_place(folder, force=force):
        return
    begun = _noted(folder, UNFINISHED)
    owner = _owner(folder)
    if owner != header.origin.notebook:
        msg = f"{folder} holds the job of {owner or 'another notebook'}"
        raise InputError(msg, hint=_HINT)
    before = _noted(folder, PROOF)
    edited = [
        path for path in before | begun if _digest(folder / path) not in {before.get(path, ""), begun.get(path, ""), ""}
    ]
    if edited:
        msg = f"{folder}: edited since it was promoted: {', '.join(sorted(edited))}"
        raise InputError(msg, hint=_HINT)


def write_job(folder: Path, files: Mapping[str, bytes], proof: Mapping[str, Any]) -> None:
    """Write the files of a job, by path, and its proof; what an earlier promotion wrote and this one does not, goes.

    Raises:
        StorageError: If the disk refuses; the next promotion finishes what was begun.
    """
    digests = {path: sha256_hex(data) for path, data in files.items()}
    notebook = open_header(files[HEADER], HEADER).origin.notebook if HEADER in files else None
    begun = {"notebook": notebook, "files": digests}
    with naming("write the job", folder):
        _clear(folder, {*files, *_noted(folder, UNFINISHED)})
        _write(folder / UNFINISHED, json.dumps(begun).encode())
        for path, digest in _noted(folder, PROOF).items():
            if path not in files and _digest(folder / path) == digest:
                (folder / path).unlink()
                _remove_if_empty((folder / path).parent)
        for path, data in files.items():
            _write(folder / path, data)
        _write(folder / PROOF, json.dumps({**proof, "files": digests}, indent=1, allow_nan=False).encode() + b"\n")
        (folder / UNFINISHED).unlink()


def _write(path: Path, data: bytes) -> None:
    """Write one file; the store keeps its files to itself, but a job is made to be shared."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, data)
    path.chmod(0o644)


def _clear(folder: Path, paths: Iterable[str]) -> None:
    """Remove what a promotion that was killed left half written beside these files."""
    for parent in {folder, *((folder / path).parent for path in paths)}:
        for left in parent.glob(f".*{TEMPORARY_SUFFIX}"):
            left.unlink()


def _owner(folder: Path) -> str | None:
    """Return the notebook that a job was promoted from, or is just being; None if nothing tells."""
    try:
        return open_header((folder / HEADER).read_bytes(), HEADER).origin.notebook
    except FileNotFoundError:
        owner = _content(folder, UNFINISHED).get("notebook")
        return owner if isinstance(owner, str) else None
    except IntegrityError:
        return None


def _noted(folder: Path, name: str) -> dict[str, str]:
    """Return the files that a promotion wrote, or is writing, with their SHA-256; none if there is no record of it."""
    files = _content(folder, name).get("files", {})
    if not isinstance(files, dict):
        return {}
    # A digest that is empty is of no file: the record was edited.
    return {path: str(digest) for path, digest in files.items() if digest and _is_inside(path)}


def _content(folder: Path, name: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / name).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _is_inside(path: str) -> bool:
    """Tell a path that stays below the folder: the record may have been edited."""
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty if it is not there."""
    # PTH113: a name that is too long to be one is no error.
    return sha256_hex(path.read_bytes()) if os.path.isfile(path) else ""  # noqa: PTH113
