"""Watch a store for its clients: one look tells what changed since the last one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobook.errors import InputError, ReprobookError
from reprobook.runs import RunRecord, Store
from reprobook.server.jobs import JobBook
from reprobook.server.rows import row

_ACTIVE = "status in ('pending', 'running')"
Event = dict[str, Any]


class StoreWatch:
    """What was seen of a store; the first look only notes how things are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._jobs = JobBook(store)
        self._folders = self._times()
        self._active = {record.run_id: self._stamp(record) for record in self._running()}
        self._job_states = {job.job_id: job for job in self._jobs.jobs()}

    def look(self) -> list[Event]:
        """Return what happened since the last look: a changed list, runs that went on or ended, jobs, verifications."""
        return [*self._seen_folders(), *self._seen_runs(), *self._seen_jobs()]

    def _seen_folders(self) -> list[Event]:
        before, self._folders = self._folders, self._times()
        return [{"type": name} for name in self._folders if self._folders[name] != before[name]]

    def _times(self) -> dict[str, int]:
        """Return when a run was added or removed last, and when a verification ended."""
        folders = {"runs": self._store.runs, "standing": self._store.root / "verifications"}
        return {name: folder.stat().st_mtime_ns if folder.is_dir() else 0 for name, folder in folders.items()}

    def _seen_runs(self) -> list[Event]:
        before = self._active
        records = {record.run_id: record for record in self._running()}
        self._active = {run_id: self._stamp(record) for run_id, record in records.items()}
        changed = [records[run_id] for run_id, stamp in self._active.items() if before.get(run_id) != stamp]
        changed += [record for run_id in before.keys() - records.keys() if (record := self._ended(run_id)) is not None]
        return [{"type": "run", "run": row(record, self._store)} for record in changed]

    def _running(self) -> list[RunRecord]:
        return self._store.records(_ACTIVE) if self._store.runs.is_dir() else []

    def _ended(self, run_id: str) -> RunRecord | None:
        """Return the record of a run that is active no more; None if it was deleted."""
        try:
            return self._store.folder(run_id).read_record()
        except (InputError, ReprobookError):
            return None

    def _stamp(self, record: RunRecord) -> tuple[str, int, int]:
        """Return what changes whenever a run goes on."""
        run = self._store.runs / record.run_id
        return record.status, _size(run / "metrics.jsonl"), _size(run / "trace.jsonl")

    def _seen_jobs(self) -> list[Event]:
        before, self._job_states = self._job_states, {job.job_id: job for job in self._jobs.jobs()}
        changed = [job for job_id, job in self._job_states.items() if before.get(job_id) != job]
        return [{"type": "job", "job": job.as_json()} for job in changed]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
