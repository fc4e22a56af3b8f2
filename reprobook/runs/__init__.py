"""The run store: records of runs on disk, found, checked and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprobook.lazy import LazyPackage, lazy_names

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from reprobook.runs.blobs import Blobs
    from reprobook.runs.diff import Difference, Side, diff
    from reprobook.runs.files import JsonLines, Lines, StorageError
    from reprobook.runs.folder import RunFolder
    from reprobook.runs.fsck import Problem, Report, fsck
    from reprobook.runs.ids import check_id, new_id
    from reprobook.runs.index import Corrupt
    from reprobook.runs.layout import project_folder
    from reprobook.runs.liveness import current_owner, is_dead, owner_of
    from reprobook.runs.model import Kind, NewRun, Owner, RunError, RunRecord, Status, record_json
    from reprobook.runs.query import Query
    from reprobook.runs.series import series
    from reprobook.runs.store import Store

__all__ = [
    "Blobs",
    "Corrupt",
    "Difference",
    "JsonLines",
    "Kind",
    "Lines",
    "NewRun",
    "Owner",
    "Problem",
    "Query",
    "Report",
    "RunError",
    "RunFolder",
    "RunRecord",
    "Side",
    "Status",
    "StorageError",
    "Store",
    "check_id",
    "current_owner",
    "diff",
    "fsck",
    "is_dead",
    "new_id",
    "owner_of",
    "project_folder",
    "record_json",
    "series",
]

_HOMES = {
    "blobs": ("Blobs",),
    "diff": ("Difference", "Side", "diff"),
    "files": ("JsonLines", "Lines", "StorageError"),
    "folder": ("RunFolder",),
    "fsck": ("Problem", "Report", "fsck"),
    "ids": ("check_id", "new_id"),
    "index": ("Corrupt",),
    "layout": ("project_folder",),
    "liveness": ("current_owner", "is_dead", "owner_of"),
    "model": ("Kind", "NewRun", "Owner", "RunError", "RunRecord", "Status", "record_json"),
    "query": ("Query",),
    "series": ("series",),
    "store": ("Store",),
}


class _CallablePackage(LazyPackage):
    """``rb.runs(...)`` is this module, called."""

    def __call__(
        self,
        where: str | None = None,
        sweep: Any = None,
        sort: str | None = None,
        limit: int | None = None,
        *,
        store: str | Path | None = None,
    ) -> pd.DataFrame:
        """Return recorded runs as a pandas DataFrame, parameters and metrics as columns, newest first.

        Args:
            where: Only runs for which this holds: ``"lr > 0.1 and status == 'succeeded'"``.
            sweep: Only runs of this sweep: its id, what ``rb.sweep`` returned, or ``"latest"``.
            sort: By a field, parameter or metric; ``-`` before it for descending.
            limit: At most so many.
            store: The run store; default: that of the project around the working folder.

        Raises:
            InputError: If ``where`` or ``sort`` cannot be understood.
        """
        from reprobook.runs.frame import runs_frame  # noqa: PLC0415 - pandas takes a second to import

        return runs_frame(where, sweep, sort, limit, store=store)


__getattr__ = lazy_names(__name__, _HOMES, _CallablePackage)
