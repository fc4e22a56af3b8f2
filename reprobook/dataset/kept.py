"""What ``rb.data`` and ``rb.split`` kept with a run, read again: by whoever has the run, so not taken on trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from reprobook.dataset.declared import Found
from reprobook.errors import IntegrityError

M = TypeVar("M", bound=BaseModel)


class _Part(BaseModel):
    rows: list[int]


class _Leak(BaseModel):
    text: str


class _Leakage(BaseModel):
    found: list[_Leak]


class _Division(BaseModel):
    """What readers of a split need."""

    model_config = ConfigDict(extra="allow")

    by: str
    parts: dict[str, _Part]
    leakage: _Leakage


def kept_data(run: Path) -> dict[str, Found]:
    """Return what ``rb.data`` found in a run, by name, in order of the names.

    Raises:
        IntegrityError: If a file is not what ``rb.data`` writes.
    """
    return {path.stem: _read(path, run, Found)[0] for path in sorted((run / "data").glob("*.json"))}


def kept_splits(run: Path) -> dict[str, dict[str, Any]]:
    """Return what ``rb.split`` kept in a run, by name, in order of the names.

    Raises:
        IntegrityError: If a file is not what ``rb.split`` writes.
    """
    return {path.stem: _read(path, run, _Division)[1] for path in sorted((run / "splits").glob("*.json"))}


def _read(path: Path, run: Path, model: type[M]) -> tuple[M, Any]:
    """Return a document, checked, and as it stands there."""
    try:
        content = json.loads(path.read_bytes())
        return model.model_validate(content), content
    except (OSError, ValueError, RecursionError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        msg = f"{path.relative_to(run.parent).as_posix()}: not what was kept there ({what})"
        raise IntegrityError(msg, hint="Restore the file from a backup, or run the notebook again.") from error
