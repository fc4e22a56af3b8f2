"""The folder of a promoted job: what may be replaced in it, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from reprobook.errors import InputError, IntegrityError
from reprobook.execute.script import SCRIPT
from reprobook.header import Header, open_header, sha256_hex
from reprobook.runs.files import write_atomic

PROOF = "proof.json"
HEADER = "header.json"
_HINT = "Choose another folder with -o, or replace it with --force."


def check_folder(folder: Path, header: Header, *, force: bool = False) -> None:
    """See that nothing is lost when a job is written: an earlier job of the same notebook may be replaced.

    Raises:
        InputError: If the folder holds something else, another notebook's job, or files edited by hand.
    """
    if folder.exists() and not folder.is_dir():
        msg = f"{folder} is a file"
        raise InputError(msg, hint="Choose a folder with -o.")
    if force or not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / SCRIPT).is_file() or not (folder / HEADER).is_file():
        msg = f"{folder} exists and is no promoted job"
        raise InputError(msg, hint=_HINT)
    owner = _owner(folder)
    if owner != header.origin.notebook:
        msg = f"{folder} holds the job of {owner or 'another notebook'}"
        raise InputError(msg, hint=_HINT)
    edited = [path for path, digest in _written(folder).items() if _digest(folder / path) not in {digest, ""}]
    if edited:
        msg = f"{folder}: edited since it was promoted: {', '.join(sorted(edited))}"
        raise InputError(msg, hint=_HINT)


def write_job(folder: Path, files: Mapping[str, bytes], proof: Mapping[str, Any]) -> None:
    """Write the files of a job, by path, and its proof; what an earlier promotion wrote and this one does not, goes."""
    for path, digest in _written(folder).items():
        if path not in files and _digest(folder / path) == digest:
            (folder / path).unlink()
            _remove_if_empty((folder / path).parent)
    digests = {path: sha256_hex(data) for path, data in files.items()}
    text = json.dumps({**proof, "files": digests}, indent=1, allow_nan=False)
    for path, data in {**files, PROOF: text.encode() + b"\n"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / path, data)
        # The store keeps its files to itself; a job is made to be shared.
        (folder / path).chmod(0o644)


def _owner(folder: Path) -> str | None:
    """Return the notebook that a job was promoted from; None if its header does not tell."""
    try:
        return open_header((folder / HEADER).read_bytes(), HEADER).origin.notebook
    except IntegrityError:
        return None


def _written(folder: Path) -> dict[str, str]:
    """Return the files that a promotion wrote into a folder, with their SHA-256; none if there is no record of it."""
    try:
        files = json.loads((folder / PROOF).read_bytes()).get("files", {})
    except (OSError, ValueError, AttributeError):
        return {}
    return {path: str(digest) for path, digest in files.items() if _is_inside(path)} if isinstance(files, dict) else {}


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _is_inside(path: str) -> bool:
    """Tell a path that stays below the folder: the record may have been edited."""
    return not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty if it is not there."""
    return sha256_hex(path.read_bytes()) if path.is_file() else ""
