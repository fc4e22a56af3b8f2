"""Several processes in one store, clocks that go wrong, and owners that are gone (F6 to F9)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from reprobook.runs import RunFolder, Store, current_owner, fsck
from reprobook.runs import files as files_module
from reprobook.runs import store as store_module
from reprobook.runs.files import StorageError, locked
from reprobook.runs.ids import is_id, new_id
from reprobook.runs.model import NewRun

Write = Callable[..., Path]
Run = Callable[..., RunFolder]
Command = Callable[..., tuple[int, str]]

BUSY = Path(__file__).with_name("busy_store.py")
NOTEBOOK = ("x = 1", "import reprobook as rb\nrb.log(loss=x)\nrb.save('model', [x])")


def _busy(notebook: Path, store: Store, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(BUSY), str(notebook), str(store.root), str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _two_processes(write: Write, store: Store, number: int) -> None:
    notebook = write(*NOTEBOOK)
    processes = [_busy(notebook, store, number) for _ in range(2)]
    looks = 0
    while any(process.poll() is None for process in processes):
        for record in store.records():
            if record.ended:
                store.folder(record.run_id).check_integrity()
        # What is found in passing is nothing but what the living processes are about to finish.
        assert [problem for problem in fsck(store).problems if "rows differ" not in problem.problem] == []
        assert store.corrupt() == []
        looks += 1
    ids = [line for process in processes for line in process.communicate()[0].split()]
    assert [process.returncode for process in processes] == [0, 0]
    records = store.records()
    assert looks > 1
    assert len(set(ids)) == len(ids) == 2 * number
    assert {record.run_id for record in records} == set(ids)
    assert {record.status for record in records} == {"succeeded"}
    assert sorted(record.sequence for record in records) == list(range(1, 2 * number + 1))
    assert fsck(store).problems == ()


def test_two_processes_run_into_one_store(write: Write, store: Store) -> None:
    _two_processes(write, store, 2)


@pytest.mark.slow
def test_two_processes_make_fifty_runs_each(write: Write, store: Store) -> None:
    _two_processes(write, store, 50)


@pytest.mark.slow
def test_a_run_is_verified_twice_at_once(run: Run, store: Store) -> None:
    """F7: both agree, and the run is only read."""
    original = run(*NOTEBOOK, seed=1)
    before = {path: path.read_bytes() for path in original.path.rglob("*") if path.is_file() and path.name != ".lock"}
    command = [sys.executable, "-m", "reprobook", "verify", original.run_id, "--store", str(store.root), "--json"]
    verifications = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) for _ in range(2)]
    found = [json.loads(each.communicate()[0]) for each in verifications]
    assert [each["verdict"] for each in found] == ["reproduced", "reproduced"]
    assert len({each["replay_id"] for each in found}) == 2
    after = {path: path.read_bytes() for path in original.path.rglob("*") if path.is_file() and path.name != ".lock"}
    assert after == before
    assert fsck(store).problems == ()


def test_a_lock_file_that_a_dead_process_left_is_no_lock(store: Store) -> None:
    """F8: the lock is the system's; the file is nothing but its name."""
    store.create()
    held = "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); print(1)"
    lock = store.root / "store.lock"
    with subprocess.Popen(
        [sys.executable, "-uc", held + "; time.sleep(60)", str(lock)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(StorageError, match=r"store\.lock"), locked(lock, 0.2):
            pass
        holder.kill()
    assert lock.exists()
    store.create()
    lock.write_text('{"pid": 1, "host": "elsewhere"}')  # what others write into theirs
    store.create()
    assert len(store.records()) == 3


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, "running"),
        ({"start_time": 1.0}, "interrupted"),  # the pid is another process's now
        ({"boot_id": "another boot"}, "interrupted"),  # the machine restarted
        ({"pid": 2**22 + 1}, "interrupted"),
        ({"host": "another host", "pid": 2**22 + 1}, "running"),  # nobody here can know
        ({"host": "another host", "boot_id": "another boot"}, "running"),
    ],
)
def test_a_run_is_taken_over_from_a_dead_owner_only(store: Store, change: dict[str, Any], status: str) -> None:
    run = store.create()
    run.update(status="running", owner=current_owner().model_copy(update=change))
    assert [record.status for record in store.records()] == [status]
    assert run.read_record().ended == (status == "interrupted")


class _Clock(datetime):
    moment = datetime(2026, 11, 29, tzinfo=UTC)

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        assert tz is UTC
        return cls.moment


def test_whatever_the_clock_does_order_and_ids_hold(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """F9: an hour back (also how a clock of local time ends the summer), a day on, 1970, 2106, 9999."""
    monkeypatch.setattr(store_module, "datetime", _Clock)
    start = _Clock.moment
    moments = [
        *(start, start - timedelta(hours=1), start + timedelta(days=1), start),
        *(datetime(1970, 1, 1, tzinfo=UTC), datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC)),
        *(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ]
    made = []
    for moment in moments * 3:
        monkeypatch.setattr(_Clock, "moment", moment)
        assert is_id(new_id(moment))
        made.append(store.create(NewRun(name=str(moment))).run_id)
    assert len(set(made)) == len(made)
    assert [record.run_id for record in store.records()] == made[::-1]
    assert store.resolve("latest").run_id == made[-1]
    assert store.resolve(made[0]).run_id == made[0]


_SKEWED = """
import time, datetime, itertools
real, jumps = time.time, itertools.count()
time.time = lambda: real() - 3600 * next(jumps)
import sys; from pathlib import Path
from reprobook.execute import RunOptions, run_notebook
from reprobook.runs import Store
print(run_notebook(Path(sys.argv[1]), Store(Path(sys.argv[2])), RunOptions(kernel="inline")).read_record().duration_s)
"""


def test_a_duration_is_that_of_a_clock_that_only_goes_forward(write: Write, store: Store) -> None:
    command = [sys.executable, "-c", _SKEWED, str(write(*NOTEBOOK)), str(store.root)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 0 <= float(done.stdout) < 600
    assert store.records()[0].status == "succeeded"


def test_who_waits_too_long_for_a_lock_is_told_which(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create()
    monkeypatch.setattr(store_module, "locked", lambda path, _: files_module.locked(path, 0.1))
    held = FileLock(store.root / "store.lock")
    waiting = threading.Thread(target=held.acquire)
    waiting.start()
    waiting.join()
    started = time.monotonic()
    try:
        with pytest.raises(StorageError, match=r"cannot lock .*store\.lock"):
            store.create()
    finally:
        held.release()
    assert time.monotonic() - started < 60
