"""Files of a run that are torn, edited, missing or added: that run is named, and hides no other (F10, F21, A1, A2)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.errors import IntegrityError
from reprobook.header import open_header
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder, Store, fsck
from reprobook.runs.model import parse_record
from reprobook.trace import open_trace

Damage = Callable[[bytes], bytes]
Run = Callable[..., RunFolder]
Command = Callable[..., tuple[int, str]]

CELLS = ("import reprobook as rb\nx = 1", "rb.log(loss=0.5)\nrb.save('model', [1])")
DAMAGE: dict[str, Damage] = {
    "empty": lambda _: b"",
    "half": lambda data: data[: len(data) // 2],
    "two bytes less": lambda data: data[:-2],
    "tail of NUL": lambda data: data[:-20] + bytes(20),
    "all NUL": lambda data: bytes(len(data)),
    "no UTF-8": lambda data: b"\xff\xfe" + data,
    "NaN": lambda data: data.replace(b"{", b'{"x": NaN, ', 1) if b"{" in data else b"NaN" + data,
    "deep": lambda _: b"[" * 100_000,
    "deep and closed": lambda _: b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "another document": lambda _: b"[]\n",
    "one character": lambda data: data.replace(b"0", b"1", 1) if b"0" in data else data + b" ",
}
FILES = (
    *("header.json", "run.json", "trace.json", "source.ipynb", "executed.ipynb", "metrics.jsonl"),
    *("pylock.reprobook.toml", "artifacts/model.json"),
)


@pytest.fixture
def two(run: Run) -> tuple[RunFolder, RunFolder]:
    return run(*CELLS, seed=1), run(*CELLS, seed=2)


def test_whatever_is_damaged_is_named_and_hides_no_other_run(
    two: tuple[RunFolder, RunFolder], store: Store, command: Command
) -> None:
    damaged, other = two
    for name in FILES:
        whole = (damaged.path / name).read_bytes()
        for what, damage in DAMAGE.items():
            (damaged.path / name).write_bytes(damage(whole))
            assert (damaged.path / name).read_bytes() != whole, (name, what)
            listed = {record.run_id for record in store.records()}
            assert listed == ({other.run_id} if name == "run.json" else {damaged.run_id, other.run_id}), (name, what)
            code, said = command("show", damaged.run_id)
            assert code == 4, (name, what, said)
            assert f"{damaged.run_id}/{name}" in said, (name, what, said)
            assert "Traceback" not in said
        (damaged.path / name).write_bytes(whole)
    assert store.corrupt() == []
    assert damaged.check_integrity().status == "succeeded"


def test_before_anything_runs_an_edited_run_is_refused(
    two: tuple[RunFolder, RunFolder], store: Store, command: Command
) -> None:
    damaged, other = two
    for name in FILES:
        path = damaged.path / name
        whole = path.read_bytes()
        path.write_bytes(DAMAGE["one character"](whole))
        for words in (("verify", damaged.run_id), ("promote", damaged.run_id, "-o", "job")):
            code, said = command(*words)
            assert (code, name in said) == (4, True), said
        # The index may say that it knew the record otherwise.
        assert {problem.run_id for problem in fsck(store).problems} - {""} == {damaged.run_id}
        path.write_bytes(whole)
    assert len(store.names()) == 2
    assert other.check_integrity().status == "succeeded"


def test_a_file_that_was_added_or_taken_away_is_named(two: tuple[RunFolder, RunFolder], command: Command) -> None:
    run, other = two
    (run.path / "artifacts" / "more.bin").write_bytes(b"1")
    assert command("verify", run.run_id)[0] == 4
    other.trace.unlink()
    code, said = command("verify", other.run_id)
    assert code == 4
    assert "trace.json: the file is missing" in said


def test_a_seal_that_was_removed_or_made_older_is_refused_not_skipped(
    two: tuple[RunFolder, RunFolder], store: Store, command: Command
) -> None:
    """A2: an attacker takes the digest away, or claims a schema that had none."""
    run, _ = two
    record = json.loads(run.run.read_bytes())
    header = json.loads(run.header.read_bytes())
    edits = (
        (run.run, {key: value for key, value in record.items() if key != "record_digest"}),
        (run.run, record | {"files": {}}),
        (run.run, record | {"status": "pending"}),
        (run.header, {key: value for key, value in header.items() if not key.endswith("_digest")}),
        (run.header, header | {"schema": "reprobook.header/0"}),
        (run.header, header | {"schema": 0}),
        (run.header, header | {"schema": "reprobook.header/99"}),
    )
    for path, content in edits:
        whole = path.read_bytes()
        path.write_text(json.dumps(content))
        code, said = command("verify", run.run_id)
        assert (code, path.name in said) == (4, True), (content, said)
        path.write_bytes(whole)
    assert len(store.names()) == 2


def test_a_file_of_100_megabytes_is_refused_by_name(store: Store) -> None:
    run = store.create()
    size = 100 << 20
    padding = b" " * size
    readers: tuple[tuple[Callable[[bytes], object], bytes], ...] = (
        (lambda data: parse_record(data, "place"), b'{"run_id": "'),
        (lambda data: open_header(data, "place"), b"{"),
        (lambda data: open_trace(data, "place"), b"{"),
        (lambda data: read_notebook(data, "place"), b"{"),
    )
    for read, beginning in readers:
        with pytest.raises(Exception, match="place") as caught:
            read(beginning + padding)
        assert type(caught.value).__module__ == "reprobook.errors"
    run.metrics.write_bytes(b'{"name": "loss", "value": 0.5, "step": 1, "time": 0}\n' + bytes(size))
    assert run.last_metrics() == {"loss": 0.5}
    assert run.read_metrics().torn == "metrics.jsonl: torn at byte 53"
    assert [record.run_id for record in store.records()] == [run.run_id]


def test_a_journal_that_ends_anywhere_keeps_its_whole_lines(store: Store) -> None:
    run = store.create()
    for value in (0.5, math.nan, -math.inf):
        run.log_metric("loss", value)
    run.close_metrics()
    whole = run.metrics.read_bytes()
    for end in range(len(whole)):
        run.metrics.write_bytes(whole[:end])
        assert len(run.read_metrics().records) == whole[:end].count(b"\n")
        run.metrics.write_bytes(whole[:end] + bytes(10))
        assert len(run.read_metrics().records) == whole[:end].count(b"\n")


def test_a_newer_store_is_refused_by_every_command_and_never_rewritten(
    two: tuple[RunFolder, RunFolder], store: Store, command: Command, tmp_path: Path
) -> None:
    run, _ = two
    (store.root / "store.json").write_text('{"schema": "reprobook.store/2"}')
    before = {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()}
    for words in (
        *(("runs",), ("show", run.run_id), ("verify", run.run_id), ("run", "nb.ipynb"), ("fsck", "--repair")),
        *(("diff", run.run_id, run.run_id), ("whence", "nb.ipynb"), ("models",), ("promote", run.run_id)),
        ("compare", run.run_id, run.run_id, "--metric", "loss"),
    ):
        code, said = command(*words)
        assert code == 2, (words, said)
        assert "newer reprobook" in said
    assert {path: path.read_bytes() for path in store.root.rglob("*") if path.is_file()} == before
    assert (tmp_path / "nb.ipynb").exists()


def test_a_store_with_fields_of_a_later_release_is_read_or_named(
    two: tuple[RunFolder, RunFolder], store: Store
) -> None:
    """A record with a field that this release does not know is set apart by name, the others are listed."""
    run, other = two
    record = json.loads(run.run.read_bytes())
    with pytest.raises(IntegrityError, match=r"run\.json"):
        parse_record(json.dumps(record | {"colour": "red"}).encode(), "x/run.json")
    run.run.write_text(json.dumps(record | {"colour": "red"}))
    assert [each.run_id for each in store.records()] == [other.run_id]
    assert [each.run_id for each in store.corrupt()] == [run.run_id]
