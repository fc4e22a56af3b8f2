"""Which recorded run belongs to a notebook file."""

from __future__ import annotations

from pathlib import Path

from reprobook.header import Header
from reprobook.runs import RunFolder, RunRecord, Store, project_folder


def recorded_run(path: Path, store: Store) -> RunFolder | None:
    """Return the newest run of the notebook that has evidence, a live session included; replays do not count."""
    target = path.resolve()
    bases = (project_folder(path), store.root.parent, Path.cwd())
    for record in store.records(where="kind in ('run', 'live')"):
        if _has_evidence(record) and any((base / str(record.source)).resolve() == target for base in bases):
            return store.folder(record.run_id)
    return None


def run_of_header(header: Header, store: Store) -> RunFolder | None:
    """Return the run that a header was frozen for, if it is in the store: an executed copy has another path."""
    found = store.records(where=f"header_digest = '{header.header_digest}' and kind != 'replay'", limit=1)
    return store.folder(found[0].run_id) if found else None


def _has_evidence(record: RunRecord) -> bool:
    """Tell whether a run came far enough; a live session is verified while it goes on."""
    return record.source is not None and (record.kind == "live" or record.status in {"succeeded", "failed"})
