"""What a user names by a run or a notebook: a header, the run that it belongs to, and the files that the run saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reprobook.dataset.kept import kept_data, kept_splits
from reprobook.errors import InputError, IntegrityError, NotebookError
from reprobook.header import Header
from reprobook.notebook import read_notebook
from reprobook.profile import PROFILE, Profile
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.runs.files import RESTORE, read_bytes
from reprobook.verify.integrity import notebook_integrity
from reprobook.verify.recorded import recorded_run, run_of_header


@dataclass(frozen=True)
class Subject:
    """One run, or the header of a notebook whose run is not in this store."""

    header: Header | None
    run: RunFolder | None = None
    record: RunRecord | None = None
    artifacts: tuple[str, ...] = ()
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    splits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profile: Profile | None = None


def run_subject(run: RunFolder) -> Subject:
    """Return all that is known of a run.

    Raises:
        IntegrityError: If a file of it was edited.
    """
    record = run.check_integrity()
    files = sorted(path for path in run.artifacts.rglob("*") if path.is_file()) if run.artifacts.is_dir() else []
    return Subject(
        header=run.read_header() if run.header.exists() else None,
        run=run,
        record=record,
        artifacts=tuple(path.relative_to(run.path).as_posix() for path in files),
        data={name: found.model_dump(mode="json") for name, found in kept_data(run.path).items()},
        splits=kept_splits(run.path),
        profile=read_profile(run),
    )


def read_profile(run: RunFolder) -> Profile | None:
    """Return what was measured of a run; None if nothing was.

    Raises:
        IntegrityError: If it cannot be read.
    """
    path = run.path / PROFILE
    if not path.exists():
        return None
    try:
        return Profile.model_validate_json(read_bytes(path, run.place(path)))
    except ValidationError as error:
        msg = f"{run.place(path)}: not readable as a profile"
        raise IntegrityError(msg, hint=RESTORE) from error


def notebook_subject(path: Path, store: Store) -> Subject:
    """Return the run of the header that a notebook carries, else the newest run of it.

    Raises:
        IntegrityError: If a copy of the header was edited.
        InputError: If the notebook has neither.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or error})"
        raise NotebookError(msg, hint="Give the path of an .ipynb file, or a run.") from error
    headers = notebook_integrity(read_notebook(data, path.name), store)
    run = run_of_header(headers[0], store) if headers else recorded_run(path, store)
    if run is None and headers:
        return Subject(header=headers[0])
    if run is None:
        msg = f"{path}: it carries no header, and no run of it is in {store.root}"
        raise InputError(msg, hint=f"Make one: reprobook run {path}")
    return run_subject(run)
