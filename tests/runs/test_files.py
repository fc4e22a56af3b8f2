from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from reprobook.errors import IntegrityError
from reprobook.runs.files import (
    JsonLines,
    StorageError,
    is_inside,
    make_folder,
    read_bytes,
    write_atomic,
    write_together,
)

FailingDisk = Callable[[int, int], AbstractContextManager[list[str]]]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EACCES])
def test_a_file_holds_old_or_new_content_whichever_call_fails(
    tmp_path: Path, failing_disk: FailingDisk, code: int
) -> None:
    path = tmp_path / "run.json"
    old, new = b"old" * 1000, b"new" * 1000
    failures = 0
    for number in range(1, 20):
        path.write_bytes(old)
        try:
            with failing_disk(number, code):
                write_atomic(path, new)
        except StorageError as error:
            failures += 1
            assert str(path) in str(error)  # noqa: PT017
            assert path.read_bytes() in {old, new}
        else:
            assert path.read_bytes() == new
            break
        finally:
            assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]
    # open, write, fsync, rename, open the folder, fsync it
    assert failures == 6


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_files_that_are_written_together_are_each_old_or_new_and_in_their_order(
    tmp_path: Path, failing_disk: FailingDisk, code: int
) -> None:
    paths = [tmp_path / name for name in ("header.json", "lock.toml", "run.json")]
    failures = set()
    for number in range(1, 40):
        for path in paths:
            path.write_bytes(b"old")
        try:
            with failing_disk(number, code):
                write_together(dict.fromkeys(paths, b"new"))
        except StorageError as error:
            failures.update(path.name for path in paths if str(path) in str(error))
        else:
            assert [path.read_bytes() for path in paths] == [b"new"] * 3
            break
        finally:
            found = [path.read_bytes() for path in paths]
            # None is new before those that come before it are.
            assert found == sorted(found, key=[b"new", b"old"].index)
            assert {entry.name for entry in tmp_path.iterdir()} == {path.name for path in paths}
    assert failures == {path.name for path in paths}


def test_all_are_on_the_disk_before_the_first_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (calls.append("fsync"), fsync(descriptor))[1])
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), replace(*paths))[1])
    write_together({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert calls == ["fsync", "fsync", "replace", "replace", "fsync"]


def test_a_short_write_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, bytes(data)[:7]))
    write_atomic(tmp_path / "file", b"0123456789" * 10)
    assert (tmp_path / "file").read_bytes() == b"0123456789" * 10


def test_files_and_folders_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_folder(tmp_path / "a" / "b")
        write_atomic(tmp_path / "a" / "file", b"x")
        JsonLines(tmp_path / "a" / "lines").append({"a": 1})
    finally:
        os.umask(before)
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b")} == {0o700}
    assert {stat.S_IMODE((tmp_path / "a" / name).stat().st_mode) for name in ("file", "lines")} == {0o600}


def test_a_journal_stops_at_a_torn_tail_and_says_where(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'{"cell": 0}\n{"cell": 1}\n{"ce')
    lines = JsonLines(path).read()
    assert [record["cell"] for record in lines.records] == [0, 1]
    assert lines.torn == "trace.jsonl: torn at byte 24"


@pytest.mark.parametrize("garbage", [b"\0" * 64 + b"\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n", b"[1]\n", b"\n"])
def test_a_journal_stops_at_garbage(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'{"cell": 0}\n' + garbage + b'{"cell": 1}\n')
    lines = JsonLines(path).read()
    assert lines.records == ({"cell": 0},)
    assert lines.torn == "trace.jsonl: torn at byte 12"


def test_appending_after_a_torn_tail_loses_no_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b'{"cell": 0}\n{"ce')
    JsonLines(path).append({"cell": 1})
    assert JsonLines(path).read().records == ({"cell": 0}, {"cell": 1})


def test_a_journal_on_a_full_disk_ends_with_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "trace.jsonl"
    journal = JsonLines(path)
    journal.append({"cell": 0})
    write = os.write
    calls = 0

    def filling(descriptor: int, data: memoryview) -> int:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:5])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", filling)
        with pytest.raises(StorageError, match=re.escape(str(path))):
            journal.append({"cell": 1})
    journal.append({"cell": 2})
    assert journal.read().records == ({"cell": 0}, {"cell": 2})


def test_links_and_fifos_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "fifo", "missing"):
        with pytest.raises(IntegrityError, match=f"r1/{name}"):
            read_bytes(tmp_path / name, f"r1/{name}")


def test_containment_compares_components_not_text(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store-evil" / "run").mkdir(parents=True)
    (tmp_path / "store" / "link").symlink_to(tmp_path / "store-evil" / "run")
    assert is_inside(tmp_path / "store" / "run", tmp_path / "store")
    for outside in ("store", "store-evil/run", "store/../store-evil/run", "store/link"):
        assert not is_inside(tmp_path / outside, tmp_path / "store")
