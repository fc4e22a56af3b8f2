"""Jobs: commands of reprobook in processes of their own, which outlive a browser tab and the server.

Files are the truth: ``jobs/ID`` in the store holds the request and its process (``job.json``), what the command
printed (``result.json``) and its progress (``log.txt``). How a job stands follows from these, also after a restart.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from reprobook.errors import InputError, IntegrityError
from reprobook.runs import Owner, Store, check_id, is_dead, new_id, owner_of
from reprobook.runs.files import make_folder, read_bytes, write_atomic

State = Literal["running", "ended", "failed", "cancelled"]
_MOST_RUNNING = 16
_MOST_KEPT = 200
_LONGEST_LINE = 500
_TAIL = 4096
# A server that a script has started in the background ignores Ctrl-C, and so would all that it starts.
_MAIN = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from reprobook.cli import main; main(sys.argv[1:])"
)


class Job(BaseModel):
    """One job.

    Attributes:
        job_id: Its id.
        action: ``run``, ``verify``, ``promote`` or ``sweep``.
        notebook: The notebook's path, as the client named it.
        created: When it was started.
        owner: Its process.
        state: How it stands; ``failed`` if the command came to no result.
        progress: The last line that it said.
        result: What the command printed as JSON.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    job_id: str
    action: str
    notebook: str
    created: str
    owner: Owner
    state: State = "running"
    progress: str = ""
    result: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what a client is told."""
        return self.model_dump(mode="json", exclude={"owner"})


class JobBook:
    """The jobs of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._root = store.root / "jobs"

    def start(self, words: list[str], *, action: str, notebook: str, folder: Path) -> Job:
        """Start a command in ``folder``.

        Raises:
            InputError: If too many are running.
            StorageError: If the disk refuses.
        """
        _reap()
        if sum(job.state == "running" for job in self.jobs()) >= _MOST_RUNNING:
            msg = f"{_MOST_RUNNING} jobs are running already"
            raise InputError(msg, hint="Wait for one to end, or cancel one.")
        self._store.prepare()
        make_folder(self._root)
        self._forget_old()
        job_id = new_id()
        place = self._root / job_id
        make_folder(place)
        # -P: a file beside the notebook must not stand in for a module of ours.
        command = [sys.executable, "-P", "-c", _MAIN, *words, f"--store={self._store.root}", "--json"]
        with _private(place / "result.json") as out, _private(place / "log.txt") as log:
            process = subprocess.Popen(  # noqa: S603 - our own command, its words checked by the request
                command,
                cwd=folder,
                env={
                    **{name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"},
                    "REPROBOOK_PROGRESS": "lines",  # the last one is shown
                },
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )
        _children[process.pid] = process
        created = datetime.now(UTC).isoformat(timespec="milliseconds")
        job = Job(job_id=job_id, action=action, notebook=notebook, created=created, owner=owner_of(process.pid))
        write_atomic(place / "job.json", job.model_dump_json().encode())
        return job

    def jobs(self) -> list[Job]:
        """Return all jobs, newest first."""
        _reap()
        names = sorted((path.name for path in self._root.iterdir()), reverse=True) if self._root.is_dir() else []
        return [job for name in names if (job := self._read(name)) is not None]

    def job(self, job_id: str) -> Job | None:
        """Return a job; None if there is none of that id."""
        _reap()
        return self._read(check_id(job_id))

    def cancel(self, job_id: str) -> Job | None:
        """Interrupt a running job as Ctrl-C does, so that it records its end; the second time, kill it."""
        job = self.job(job_id)
        if job is None or job.state != "running":
            return job
        marker = self._root / job_id / "cancelled"
        again = marker.exists()
        if not again:
            write_atomic(marker, b"")
        # Its session is its own, so the group is the command and what it started, and nothing of ours.
        os.killpg(job.owner.pid, signal.SIGKILL if again else signal.SIGINT)
        return self._read(job_id)

    def _read(self, name: str) -> Job | None:
        """Read a job and derive how it stands."""
        place = self._root / name
        try:
            job = Job.model_validate_json(read_bytes(place / "job.json", name))
        except (IntegrityError, ValidationError):
            return None  # being started, or no job at all
        progress = _last_line(place / "log.txt")
        if not is_dead(job.owner):
            return job.model_copy(update={"progress": progress})
        result = _result(place / "result.json")
        failed = result is None or "kind" in (result.get("error") or {})
        state = "cancelled" if (place / "cancelled").exists() else "failed" if failed else "ended"
        return job.model_copy(update={"state": state, "progress": progress, "result": result})

    def _forget_old(self) -> None:
        """Remove the oldest jobs that have ended; what they made stays in the store."""
        for job in self.jobs()[_MOST_KEPT:]:
            if job.state != "running":
                shutil.rmtree(self._root / job.job_id, ignore_errors=True)


_children: dict[int, subprocess.Popen[bytes]] = {}


def _reap() -> None:
    """Collect children that have ended: until then the system counts them as processes."""
    for pid, process in list(_children.items()):
        if process.poll() is not None:
            _children.pop(pid, None)


def _private(path: Path) -> Any:
    """Open a new file that only its owner can read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _last_line(path: Path) -> str:
    """Return the last line of a log, of which only the end is read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            lines = file.read().decode(errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip()[:_LONGEST_LINE] for line in reversed(lines) if line.strip()), "")


def _result(path: Path) -> dict[str, Any] | None:
    """Return the document that a command printed; None if it printed no whole one."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
