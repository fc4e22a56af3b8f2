"""A run as a row of the table in the panel; of one that goes on, with its progress so far."""

from __future__ import annotations

from typing import Any

from reprobook.errors import ReprobookError
from reprobook.execute.journal import cells_done
from reprobook.header import Header
from reprobook.runs import RunFolder, RunRecord, Store, record_json


def row(record: RunRecord, store: Store) -> dict[str, Any]:
    """Return the record as JSON."""
    if record.ended:
        return record_json(record)
    run = store.folder(record.run_id)
    try:
        live = record.model_copy(update={"metrics": run.last_metrics()})
    except ReprobookError:
        live = record
    header = header_of(run)
    progress = {"cell": cells_done(run), "total": len(header.code.cells) if header else 0}
    return {**record_json(live), "progress": progress}


def header_of(run: RunFolder) -> Header | None:
    """Return the header of a run; None where there is none, or none that is intact."""
    try:
        return run.read_header() if run.header.exists() else None
    except ReprobookError:
        return None
