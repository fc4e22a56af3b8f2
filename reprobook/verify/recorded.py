"""Which recorded run belongs to a notebook file."""

from __future__ import annotations

from pathlib import Path

from reprobook.runs import RunFolder, RunRecord, Store, project_folder


def recorded_run(path: Path, store: Store) -> RunFolder | None:
    """Return the newest run of the notebook that has evidence, a live session included; replays do not count."""
    target = path.resolve()
    bases = (project_folder(path), store.root.parent, Path.cwd())
    for record in store.records(where="kind in ('run', 'live')"):
        if _has_evidence(record) and any((base / str(record.source)).resolve() == target for base in bases):
            return store.folder(record.run_id)
    return None


def _has_evidence(record: RunRecord) -> bool:
    """Tell whether a run came far enough; a live session is verified while it goes on."""
    return record.source is not None and (record.kind == "live" or record.status in {"succeeded", "failed"})
