"""The run store: records of runs on disk, found, checked and compared."""

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
