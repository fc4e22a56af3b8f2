from __future__ import annotations

import math
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from reprobook.errors import InputError
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.runs.index import Index
from reprobook.runs.model import record_bytes


def fill(store: Store, records: list[RunRecord]) -> None:
    """Put records on disk as an import would: no index is told."""
    store.prepare()
    for record in records:
        folder = store.runs / record.run_id
        folder.mkdir()
        (folder / "run.json").write_bytes(record_bytes(record))


def generated(count: int) -> list[RunRecord]:
    draw = random.Random(0)  # noqa: S311
    return [
        RunRecord(
            run_id=f"20261121-{number:06d}-aaaa",
            sequence=number,
            status="succeeded" if number % 3 else "failed",
            name=draw.choice(["digits", "iris"]),
            parameters={"lr": draw.choice([0.1, 0.01, 0.001]), "width": draw.randrange(1, 64)},
            metrics={"accuracy": draw.random()} if number % 5 else {},
        )
        for number in range(1, count + 1)
    ]


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store, generated(20))
    assert len(store.records()) == 20
    return store


def ids(records: list[RunRecord]) -> list[str]:
    return [record.run_id for record in records]


def test_a_thousand_runs_are_filtered_and_sorted_right(store: Store) -> None:
    records = generated(3000)
    fill(store, records)
    scored = [record for record in records if "accuracy" in record.metrics]

    def best(keep: Callable[[RunRecord], bool]) -> list[str]:
        return ids(sorted(filter(keep, scored), key=lambda record: -record.metrics["accuracy"]))

    # Few match (the filter leads), many match (the order leads), and a join of both kinds.
    few = store.records("accuracy > 0.95 and lr == 0.1", "-accuracy")
    assert ids(few) == best(lambda run: run.metrics["accuracy"] > 0.95 and run.parameters["lr"] == 0.1)
    many = store.records("metrics.accuracy > 0.1 or width < 3", "-metrics.accuracy", 50)
    assert ids(many) == best(lambda run: run.metrics["accuracy"] > 0.1 or run.parameters["width"] < 3)[:50]
    both = store.records("status == 'failed' and accuracy < 0.99", "-accuracy", 2000)
    assert ids(both) == best(lambda run: run.status == "failed" and run.metrics["accuracy"] < 0.99)
    newest = store.records(limit=3)
    assert ids(newest) == ids(records[:-4:-1])
    assert few == [
        next(record for record in records if record.run_id == run.run_id).model_copy(
            update={"run_dir": str(store.runs / run.run_id)}
        )
        for run in few
    ]


def test_runs_without_the_sort_key_come_last_either_way(store: Store) -> None:
    values = {"b": 0.5, "c": math.nan, "d": None, "e": 0.1}
    fill(
        store,
        [
            RunRecord(run_id=f"20261121-{name * 6}", metrics={} if value is None else {"loss": value})
            for name, value in values.items()
        ],
    )
    for sort, first in (("loss", "eb"), ("-loss", "be")):
        order = "".join(run.run_id[-1] for run in store.records(sort=sort))
        assert order[:2] == first
        assert set(order[2:]) == {"c", "d"}


def test_names_mean_field_then_parameter_then_metric(store: Store) -> None:
    record = RunRecord(
        run_id="20261121-000000-aaaa",
        name="digits",
        parameters={"name": "not this", "loss": 1, "optimizer": {"lr": 0.1}},
        metrics={"loss": 2.0, "val/loss": 3.0},
    )
    fill(store, [record])
    for where in (
        "name == 'digits'",
        "loss == 1",
        "metrics.loss == 2",
        "optimizer.lr == 0.1",
        "metrics['val/loss'] > 2",
    ):
        assert ids(store.records(where)) == [record.run_id], where
    assert store.records("metrics.unknown > 0") == []
    with pytest.raises(InputError, match="'los'") as caught:
        store.records("los == 1")
    assert "loss" in caught.value.hint
    with pytest.raises(InputError, match="negative"):
        store.records(limit=-1)


def test_an_empty_store_answers_any_question(store: Store) -> None:
    assert store.records("accuracy > 0.5", "-accuracy", 3) == []


def overwrite(file: Path) -> None:
    file.write_bytes(b"\xff" * 8192)


def scramble(file: Path) -> None:
    """Damage the pages but not the header, so that the file opens and fails only when it is read."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    data = file.read_bytes()
    file.write_bytes(data[:200] + b"\xff" * (len(data) - 200))


def drop_table(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TABLE facts")
    connection.close()


def other_version(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    "damage", [Path.unlink, overwrite, scramble, drop_table, other_version, lambda file: file.write_bytes(b"")]
)
def test_a_lost_or_damaged_index_is_rebuilt(filled: Store, damage: Callable[[Path], None]) -> None:
    expected = filled.records("accuracy > 0.5")
    damage(filled.root / "index.sqlite")
    assert filled.records("accuracy > 0.5") == expected
    assert filled.index.problem() is None


def test_a_store_that_takes_no_index_is_still_listed(filled: Store, tmp_path: Path) -> None:
    expected = filled.records("accuracy > 0.5")
    # As root no folder is read-only; a folder in the file's place cannot be opened by anyone.
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    filled.index = Index(blocked, filled.runs)
    assert filled.records("accuracy > 0.5") == expected


def test_a_busy_index_does_not_stop_a_listing(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **options: connect(*args, **{**options, "timeout": 0.01}))
    other = connect(filled.root / "index.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    run = filled.create()
    assert filled.records(limit=1)[0].run_id == run.run_id
    other.execute("ROLLBACK")
    other.close()
    assert filled.records(limit=1)[0].run_id == run.run_id


@pytest.mark.parametrize("garbage", [b"", b"{", b"\0" * 300, b"\xff\xfe", b"[" * 100_000, b'{"status": NaN}'])
def test_one_corrupt_run_hides_no_other(filled: Store, garbage: bytes) -> None:
    names = ids(filled.records())
    broken = filled.runs / names[3] / "run.json"
    before = broken.read_bytes()
    broken.write_bytes(garbage)
    assert ids(filled.records()) == names[:3] + names[4:]
    (corrupt,) = filled.corrupt()
    assert corrupt.run_id == names[3]
    assert corrupt.problem.startswith(f"{names[3]}/run.json: ")
    broken.write_bytes(before)
    assert ids(filled.records()) == names
    assert filled.corrupt() == []


def test_a_run_folder_under_another_name_is_corrupt(filled: Store) -> None:
    names = ids(filled.records())
    shutil.copytree(filled.runs / names[0], filled.runs / "copy-of-a-run")
    assert ids(filled.records()) == names
    assert [corrupt.run_id for corrupt in filled.corrupt()] == ["copy-of-a-run"]


def test_changes_show_at_once(filled: Store) -> None:
    run = filled.create()
    for number in range(5):
        run.update(duration_s=float(number))
        assert filled.records(f"duration_s == {number} and sequence >= 1", limit=1)[0].run_id == run.run_id
    shutil.rmtree(run.path)
    assert run.run_id not in ids(filled.records())
    made = []
    for _ in range(20):
        made.append(filled.create().run_id)
        assert ids(filled.records(limit=1)) == made[-1:]
    assert RunFolder(filled.runs / made[0]).read_record() == filled.records(f"run_id == '{made[0]}'")[0]


def test_a_text_that_is_no_text_is_damage_of_the_index(store: Store) -> None:
    """Found by fuzzing: what SQLite says of such damage is no text either, and sqlite3 fails to raise it."""
    run = store.create()
    run.seal(status="failed")
    assert len(store.records()) == 1
    with closing(sqlite3.connect(store.root / "index.sqlite")) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("UPDATE sqlite_master SET sql = CAST(x'437265617465e67461' AS TEXT) WHERE name = 'runs'")
    assert [record.run_id for record in store.records()] == [run.run_id]
