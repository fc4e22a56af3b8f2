"""A run that was made elsewhere comes into a store: whole and unchanged, or not at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.runs.archive import pack_run, unpack_run
from reprobook.runs.fsck import fsck
from reprobook.runs.plain_zip import unzip


@pytest.fixture
def elsewhere(tmp_path: Path) -> RunFolder:
    """A sealed run of another store, with an artifact and a blob."""
    store = Store(tmp_path / "elsewhere")
    run = store.create(NewRun(name="mine", parameters={"lr": 0.1}, notebook="/work/nb.ipynb", parent="s", trial=3))
    run.log_metric("loss", 0.5, 1)
    (run.make_artifacts() / "w.bin").write_bytes(b"weights")
    run.source.write_text("{}")
    store.blobs.put(b"data")
    run.seal(status="succeeded", notebook=str(run.executed))
    return run


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "here")


def test_a_run_is_carried_over_with_its_files_blobs_and_id(elsewhere: RunFolder, store: Store, tmp_path: Path) -> None:
    before = elsewhere.read_record()
    other = store.create()
    run = store.adopt(unpack_run(pack_run(elsewhere), tmp_path / "unpacked"))
    record = run.check_integrity()
    assert run.path == store.runs / before.run_id
    assert (record.run_dir, record.notebook) == (str(run.path), str(run.executed))
    assert record.sequence == other.read_record().sequence + 1
    assert (record.files, record.metrics, record.trial) == (before.files, {"loss": 0.5}, 3)
    assert [each.run_id for each in store.records("name == 'mine'")] == [before.run_id]
    assert list(store.blobs.digests()) == list(elsewhere.blobs.digests())
    assert not (tmp_path / "unpacked" / "runs" / before.run_id).exists()


def test_it_takes_the_place_that_was_reserved_for_it(elsewhere: RunFolder, store: Store, tmp_path: Path) -> None:
    record = elsewhere.read_record().model_copy(update={"files": {}, "status": "running", "metrics": {}})
    reserved = store.reserve(record)
    reserved.log_metric("loss", 0.9, 0)
    assert store.records()[0].status == "running"
    with pytest.raises(InputError, match="already"):
        store.reserve(record)
    run = store.adopt(unpack_run(pack_run(elsewhere), tmp_path / "unpacked"))
    assert run.check_integrity().metrics == {"loss": 0.5}
    assert run.read_record().sequence == 1
    assert not [path for path in store.runs.iterdir() if path.name.startswith(".")]


def test_a_reservation_of_a_dead_process_counts_as_interrupted(elsewhere: RunFolder, store: Store) -> None:
    record = elsewhere.read_record().model_copy(update={"files": {}, "status": "running"})
    run = store.reserve(record)
    owner = run.read_record().owner
    assert owner is not None
    run.update(owner=owner.model_copy(update={"pid": 2**22 + 1}))
    assert store.records()[0].status == "interrupted"


def test_the_same_run_twice_is_one_and_another_of_its_id_is_refused(
    elsewhere: RunFolder, store: Store, tmp_path: Path
) -> None:
    data = pack_run(elsewhere)
    first = store.adopt(unpack_run(data, tmp_path / "1"))
    assert store.adopt(unpack_run(data, tmp_path / "2")).path == first.path
    changed = unpack_run(data, tmp_path / "3")
    (changed.path / "artifacts" / "w.bin").write_bytes(b"others")
    with pytest.raises(IntegrityError, match=r"w\.bin"):
        store.adopt(changed)
    record = changed.read_record()
    changed.write_record(record.model_copy(update={"files": {}, "status": "running"}))
    changed.seal(status="succeeded")
    with pytest.raises(InputError, match="another run"):
        store.adopt(changed)
    assert first.check_integrity().files == elsewhere.read_record().files


def test_a_run_that_goes_on_is_neither_packed_nor_adopted(store: Store, tmp_path: Path) -> None:
    going = Store(tmp_path / "elsewhere").create()
    with pytest.raises(IntegrityError, match="not ended"):
        store.adopt(going)
    with pytest.raises(IntegrityError):
        unpack_run(pack_run(going), tmp_path / "unpacked")


@pytest.mark.parametrize(
    "name",
    ["../out", "/etc/out", "runs/../../out", "runs\\out", "runs//out", "blobs/ab/short", "other/file", "runs/x/y"],
)
def test_an_archive_with_a_strange_name_is_refused(elsewhere: RunFolder, tmp_path: Path, name: str) -> None:
    data = added(pack_run(elsewhere), zipfile.ZipInfo(name), b"x")
    with pytest.raises(IntegrityError):
        unpack_run(data, tmp_path / "unpacked" / "deeper")
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "unpacked" / "out").exists()


def test_links_repeated_names_and_bombs_are_refused(elsewhere: RunFolder, tmp_path: Path) -> None:
    link = zipfile.ZipInfo(f"runs/{elsewhere.run_id}/link")
    link.external_attr = 0o120777 << 16
    with pytest.raises(IntegrityError, match="no plain file"):
        unpack_run(added(pack_run(elsewhere), link, b"/etc/passwd"), tmp_path / "unpacked")
    with pytest.raises(IntegrityError, match="twice"), pytest.warns(UserWarning, match="Duplicate name"):
        unpack_run(added(pack_run(elsewhere), f"runs/{elsewhere.run_id}/run.json", b"{}"), tmp_path / "unpacked")
    bomb = added(pack_run(elsewhere), f"runs/{elsewhere.run_id}/large", bytes(1 << 20))
    with pytest.raises(IntegrityError, match="MB"):
        unzip(bomb, tmp_path / "bomb", largest=1 << 19)
    assert not (tmp_path / "bomb").exists()


def test_every_changed_byte_is_noticed(elsewhere: RunFolder, tmp_path: Path) -> None:
    for name in ("artifacts/w.bin", "metrics.jsonl", "run.json"):
        path = elsewhere.path / name
        before = path.read_bytes()
        data = replaced(pack_run(elsewhere), f"runs/{elsewhere.run_id}/{name}", before[:-2] + b"?\n")
        with pytest.raises(IntegrityError):
            unpack_run(data, tmp_path / name)
    with pytest.raises(IntegrityError, match="unpacked"):
        unpack_run(pack_run(elsewhere)[:-30], tmp_path / "torn")


def test_a_store_with_adopted_runs_is_sound(elsewhere: RunFolder, store: Store, tmp_path: Path) -> None:
    store.adopt(unpack_run(pack_run(elsewhere), tmp_path / "unpacked"))
    assert not fsck(store).problems


def added(data: bytes, entry: zipfile.ZipInfo | str, content: bytes) -> bytes:
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(entry, content)
    return buffer.getvalue()


def replaced(data: bytes, name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            new.writestr(entry.filename, content if entry.filename == name else old.read(entry))
    return buffer.getvalue()
