from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.runs import RunFolder, Store, current_owner, fsck
from reprobook.runs.files import StorageError


def test_a_sound_store_has_no_problems(sealed: RunFolder, store: Store) -> None:
    store.create()
    store.records()
    assert sealed.run.exists()
    report = fsck(store)
    assert (report.checked, report.problems) == (2, ())


def test_no_store_is_no_problem(store: Store) -> None:
    assert fsck(store, repair=True).checked == 0
    assert not store.root.exists()


def test_every_damaged_file_is_reported_and_none_is_changed(sealed: RunFolder, store: Store) -> None:
    sealed.source.write_bytes(b"edited")
    sealed.trace.unlink()
    other = store.create()
    other.run.write_bytes(b"\0")
    report = fsck(store, repair=True)
    assert {(problem.run_id, problem.place) for problem in report.problems} == {
        (sealed.run_id, f"{sealed.run_id}/source.ipynb"),
        (sealed.run_id, f"{sealed.run_id}/trace.json"),
        (other.run_id, f"{other.run_id}/run.json"),
    }
    assert report.damaged
    assert sealed.source.read_bytes() == b"edited"
    assert other.run.read_bytes() == b"\0"


def test_leftovers_dead_runs_and_the_index_are_repaired(sealed: RunFolder, store: Store) -> None:
    dead = store.create()
    dead.update(status="running", owner=current_owner().model_copy(update={"start_time": 1.0}))
    half = store.runs / ".new-0123456789abcdef"
    half.mkdir()
    (half / ".run.json.01234567.rbtmp").touch()
    (store.root / ".store.json.01234567.rbtmp").touch()
    (sealed.path / ".run.json.01234567.rbtmp").touch()
    (store.root / "index.sqlite").write_bytes(b"garbage" * 1000)
    found = fsck(store)
    assert {(problem.place.split("/")[-1], problem.repaired) for problem in found.problems} == {
        ("run.json", False),
        (".new-0123456789abcdef", False),
        (".store.json.01234567.rbtmp", False),
        (".run.json.01234567.rbtmp", False),
        ("index.sqlite", False),
    }
    assert half.exists()
    (store.root / "index.sqlite").write_bytes(b"garbage" * 1000)
    repaired = fsck(store, repair=True)
    assert len(repaired.problems) == 5
    assert not repaired.damaged
    assert dead.read_record().status == "interrupted"
    assert fsck(store).problems == ()
    assert sealed.check_integrity().status == "succeeded"


def test_a_temporary_file_of_a_living_run_is_left_alone(store: Store) -> None:
    run = store.create()
    temporary = run.path / ".run.json.01234567.rbtmp"
    temporary.touch()
    assert fsck(store, repair=True).problems == ()
    assert temporary.exists()


def test_a_row_that_lies_is_found(sealed: RunFolder, store: Store) -> None:
    other = store.create()
    store.records()
    data = sealed.run.read_bytes()
    sealed.run.unlink()
    sealed.run.write_bytes(data)
    (problem,) = fsck(store).problems
    assert "1 rows differ" in problem.problem
    assert fsck(store, repair=True).problems[0].repaired
    assert fsck(store).problems == ()
    assert other.run.exists()


def test_blobs_hold_what_their_name_says(store: Store, tmp_path: Path) -> None:
    store.prepare()
    digest = store.blobs.put(b"lock")
    (tmp_path / "lock").write_bytes(b"lock")
    assert store.blobs.put(tmp_path / "lock") == digest
    path = store.blobs.path(digest)
    assert path.stat().st_mode & 0o777 == 0o400
    copy = tmp_path / "copy"
    store.blobs.place(digest, copy)
    copy.write_bytes(b"edited in place")
    assert store.blobs.read(digest) == b"lock"
    assert fsck(store).problems == ()
    path.chmod(0o600)
    path.write_bytes(b"edited")
    with pytest.raises(IntegrityError, match=digest):
        store.blobs.read(digest)
    assert [problem.place for problem in fsck(store).problems] == [f"blobs/{digest}"]
    with pytest.raises(InputError, match="not a SHA-256"):
        store.blobs.path("../../etc/passwd")


@pytest.mark.parametrize(("name", "call"), [(".new-0123456789abcdef", "rmdir"), (".run.json.01234567.rbtmp", "unlink")])
def test_a_disk_that_lets_nothing_be_removed_is_named(
    store: Store, sealed: RunFolder, monkeypatch: pytest.MonkeyPatch, name: str, call: str
) -> None:
    left = store.runs / name if call == "rmdir" else sealed.path / name
    left.mkdir() if call == "rmdir" else left.touch()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        with pytest.raises(StorageError, match=f"cannot delete .*{name}: Permission denied"):
            fsck(store, repair=True)
    assert fsck(store, repair=True).problems
    assert not fsck(store).problems
