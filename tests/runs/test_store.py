from __future__ import annotations

import errno
import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.runs import NewRun, Query, RunFolder, Store, current_owner, is_dead
from reprobook.runs import store as store_module
from reprobook.runs.files import StorageError
from reprobook.runs.model import RunError

FailingDisk = Callable[[int, int], AbstractContextManager[list[str]]]

CREATE_50 = """
import sys
from pathlib import Path
from reprobook.runs import Store
store = Store(Path(sys.argv[1]))
for _ in range(50):
    print(store.create().run_id, len(store.records(limit=1)))
"""
RUN_FOREVER = """
import sys, time
from pathlib import Path
from reprobook.runs import Store
run = Store(Path(sys.argv[1])).create()
run.update(status="running")
run.log_metric("loss", 0.25)
print(run.run_id, flush=True)
time.sleep(600)
"""


def python(code: str, store: Store) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code, str(store.root)], stdout=subprocess.PIPE, text=True)


def test_two_processes_create_fifty_runs_each(store: Store) -> None:
    processes = [python(CREATE_50, store) for _ in range(2)]
    ids = [line.split()[0] for process in processes for line in process.communicate(timeout=120)[0].splitlines()]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(set(ids)) == 100
    records = store.records()
    assert {record.run_id for record in records} == set(ids)
    assert [record.sequence for record in records] == list(range(100, 0, -1))
    assert store.corrupt() == []
    assert not [path for path in store.runs.iterdir() if path.name.startswith(".")]


def test_threads_create_distinct_runs(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: store.create().run_id, range(40)))
    assert len(set(runs)) == 40
    assert {record.sequence for record in store.records()} == set(range(1, 41))


def test_a_killed_run_is_listed_as_interrupted_and_keeps_its_metrics(store: Store) -> None:
    process = python(RUN_FOREVER, store)
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    assert store.records()[0].status == "running"
    process.send_signal(signal.SIGKILL)
    # Not waited for yet: a zombie is as dead as any.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    (record,) = store.records(where="status == 'interrupted'")
    process.communicate(timeout=10)
    assert (record.run_id, record.metrics) == (run_id, {"loss": 0.25})
    assert isinstance(record.error, RunError)
    assert record.error.hint
    assert store.folder(run_id).check_integrity() == record


@pytest.mark.parametrize(
    ("change", "dead"),
    [
        ({}, False),
        ({"start_time": 1.0}, True),
        ({"boot_id": "another boot"}, True),
        ({"host": "another host", "pid": 2**22 + 1}, False),
        ({"host": "another host", "boot_id": "another boot"}, False),
        ({"pid": 2**22 + 1}, True),
    ],
)
def test_only_proof_makes_an_owner_dead(change: dict[str, object], dead: bool) -> None:  # noqa: FBT001
    assert is_dead(current_owner().model_copy(update=change)) is dead


def test_the_store_is_private_and_ignored_by_git(sealed: RunFolder, store: Store) -> None:
    before = os.umask(0)
    try:
        store.create()
        store.records()
    finally:
        os.umask(before)
    for path in [store.root, *store.root.rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        if sealed.path not in path.parents:
            assert stat.S_IMODE(path.stat().st_mode) == expected, path
    assert (store.root / ".gitignore").read_text() == "*\n"


def test_reading_creates_nothing(store: Store) -> None:
    assert store.records() == []
    assert store.corrupt() == []
    with pytest.raises(InputError, match="no run"):
        store.resolve("latest")
    with pytest.raises(InputError, match="no run"):
        store.resolve("abc")
    assert not store.root.exists()


def test_where_the_store_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPROBOOK_STORE", raising=False)
    project = tmp_path / "project"
    (project / "deep" / "er").mkdir(parents=True)
    notebook = project / "deep" / "er" / "a.ipynb"
    notebook.touch()
    (project / ".git").mkdir()
    assert Store.open(None, notebook).root == project / ".reprobook"
    (project / "deep" / ".reprobook").mkdir()
    assert Store.open(None, notebook).root == project / "deep" / ".reprobook"
    monkeypatch.setenv("REPROBOOK_STORE", str(tmp_path / "elsewhere"))
    assert Store.open(None, notebook).root == tmp_path / "elsewhere"
    assert Store.open(tmp_path / "named", notebook).root == tmp_path / "named"


@pytest.mark.parametrize(
    ("content", "error", "match"),
    [
        (b'{"schema": "reprobook.store/2"}', InputError, "newer reprobook"),
        (b'{"schema": "reprobook.store/0"}', IntegrityError, "unknown store schema"),
        (b'{"schema": "other/1"}', IntegrityError, "unknown store schema"),
        (b"", IntegrityError, "not a readable"),
        (b"\xff", IntegrityError, "not a readable"),
        (b'{"schema": 1}', IntegrityError, "not a readable"),
        (b"[" * 100_000, IntegrityError, "not a readable"),
    ],
)
def test_a_store_of_another_schema_is_refused_and_left_alone(
    store: Store, content: bytes, error: type[Exception], match: str
) -> None:
    store.create()
    file = store.root / "store.json"
    file.write_bytes(content)
    with pytest.raises(error, match=match):
        Store(store.root)
    assert file.read_bytes() == content


def test_a_run_is_found_by_id_prefix_folder_and_latest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["20261121-000000-aaaa", "20261121-000000-abbb", "20261122-000000-cccc"])
    monkeypatch.setattr(store_module, "new_id", lambda: next(ids))
    first, second = store.create(), store.create()
    replay = store.create(NewRun(kind="replay", parent=second.run_id))
    assert store.resolve("latest").run_id == second.run_id
    assert store.resolve("20261121-000000-aaaa").path == first.path
    assert store.resolve("20261121-000000-ab").path == second.path
    assert store.resolve("20261122").path == replay.path
    assert store.resolve(str(first.path)).path == first.path
    monkeypatch.chdir(store.runs)
    assert store.resolve(f"./{first.run_id}").path == first.path
    with pytest.raises(InputError, match=re.escape("beginning of 2 runs: 20261121-000000-aaaa, 20261121-000000-abbb")):
        store.resolve("20261121")
    with pytest.raises(InputError, match="no run") as caught:
        store.resolve("20261121-000000-aaab")
    assert "Did you mean 20261121-000000-a" in caught.value.hint


def test_an_id_that_exists_is_drawn_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["20261121-000000-aaaa", "20261121-000000-aaaa", "20261121-000000-bbbb"])
    monkeypatch.setattr(store_module, "new_id", lambda: next(ids))
    assert [store.create().run_id for _ in range(2)] == ["20261121-000000-aaaa", "20261121-000000-bbbb"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "/",
        "../../etc",
        "../runs",
        "..%2f..",
        "%252e%252e",
        "..\\..",
        "C:\\x",
        "a\0b",
        "~nobody/x",
        "x" * 999,
    ],
)
def test_nothing_outside_is_a_run(sealed: RunFolder, store: Store, text: str) -> None:
    assert sealed.run.exists()
    with pytest.raises(InputError, match="no run"):
        store.resolve(text)


def test_a_linked_run_folder_is_refused_and_listed_apart(sealed: RunFolder, store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    other = store.create()
    other.path.rename(outside)
    other.path.symlink_to(outside)
    for text in (other.run_id, str(other.path)):
        with pytest.raises(IntegrityError, match="is a link"):
            store.resolve(text)
    assert [record.run_id for record in store.records()] == [sealed.run_id]
    assert [corrupt.run_id for corrupt in store.corrupt()] == [other.run_id]
    with pytest.raises(InputError, match="is not a run of"):
        store.delete(RunFolder(other.path))
    assert (outside / "run.json").exists()


def test_order_survives_a_wrong_clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for year in (2026, 1970, 2106, 2025):

        class Clock(datetime):
            @classmethod
            def now(cls, tz: object = None, year: int = year) -> datetime:  # type: ignore[override]
                assert tz is UTC
                return datetime(year, 1, 1, tzinfo=UTC)

        monkeypatch.setattr(store_module, "datetime", Clock)
        made.append(store.create().run_id)
    assert [record.run_id for record in store.records()] == made[::-1]
    assert store.resolve("latest").run_id == made[-1]


@pytest.mark.parametrize("counter", [b"", b"garbage", None])
def test_a_lost_counter_goes_on_after_the_newest_run(store: Store, counter: bytes | None) -> None:
    for _ in range(3):
        store.create()
    file = store.root / "sequence"
    file.unlink()
    if counter is not None:
        file.write_bytes(counter)
    assert store.create().read_record().sequence == 4


def test_delete_removes_one_run_and_no_other(sealed: RunFolder, store: Store) -> None:
    other = store.create()
    assert len(store.records()) == 2
    store.delete(sealed)
    assert [record.run_id for record in store.records()] == [other.run_id]
    assert [path.name for path in store.runs.iterdir()] == [other.run_id]
    with pytest.raises(InputError, match="still pending"):
        store.delete(other)
    with pytest.raises(InputError, match="not a run of"):
        store.delete(RunFolder(store.runs))
    with pytest.raises(InputError, match="not a run of"):
        store.delete(RunFolder(store.runs / ".." / "blobs"))
    assert other.run.exists()


def test_a_failing_disk_leaves_all_of_a_new_run_or_nothing(store: Store, failing_disk: FailingDisk) -> None:
    first = store.create()
    failures = 0
    for number in range(1, 40):
        raised = None
        with failing_disk(number, errno.ENOSPC) as failed:
            try:
                store.create()
            except StorageError as error:
                raised = error
        if not failed:
            break
        # filelock makes sure of the folder that is there anyway: the only failure that does not matter.
        assert raised or failed[0].startswith("mkdir"), failed
        if raised:
            failures += 1
            assert "No space left" in str(raised)
            assert str(store.root) in str(raised)
        records = store.records()
        assert {record.run_id for record in records} == set(store.names())
        assert first.run_id == records[-1].run_id
        assert not [path for path in store.runs.iterdir() if path.name.startswith(".")]
    # Lock, counter, hidden folder, record, rename, and making each durable.
    assert failures > 8
    assert store.create().run_id == store.records(limit=1)[0].run_id


def test_the_json_of_a_record_is_the_contracts(sealed: RunFolder) -> None:
    data = json.loads(sealed.run.read_bytes())
    assert {"run_id", "status", "notebook", "run_dir", "parameters", "seed", "recipe_digest", "result_digest"} <= set(
        data
    )
    assert {"metrics", "duration_s", "error"} <= set(data)
    assert data["run_dir"] == str(sealed.path)
    assert data["parameters"] == {"lr": 0.1}


def test_pages_of_runs(store: Store) -> None:
    ids = []
    for seed in range(5):
        run = store.create(NewRun(seed=seed, parameters={"lr": seed / 10} if seed else {}))
        ids.append(run.seal(status="succeeded").run_id)
    assert store.page(Query(limit=2))[0] == 5
    assert [record.run_id for record in store.page(Query(sort="seed", limit=2), 3)[1]] == ids[3:]
    # Runs without the key come last, on the last page.
    total, found = store.page(Query("seed != 4", "lr", 10), 1)
    assert (total, [record.run_id for record in found]) == (4, [ids[2], ids[3], ids[0]])
    assert store.page(Query(limit=2), 100) == (5, [])
