from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.errors import InputError, IntegrityError
from reprobook.header import Code, Header, Origin, header_bytes, seal
from reprobook.runs import RunFolder, Store


def test_a_run_from_start_to_seal(sealed: RunFolder, header: Header) -> None:
    record = sealed.check_integrity()
    assert record.status == "succeeded"
    assert record.metrics == {"accuracy": 0.9}
    assert record.header_digest == header.header_digest
    assert record.files.keys() == {
        "header.json",
        "source.ipynb",
        "trace.json",
        "metrics.jsonl",
        "artifacts/weights.bin",
    }


def test_the_last_value_of_a_metric_counts(store: Store) -> None:
    run = store.create()
    for step, value in enumerate([3.0, math.nan, math.inf]):
        run.log_metric("loss", value, step)
    assert run.seal(status="failed").metrics == {"loss": math.inf}
    lines = [json.loads(line, parse_constant=pytest.fail) for line in run.metrics.read_text().splitlines()]
    assert [(line["name"], line["value"], line["step"]) for line in lines] == [
        ("loss", 3.0, 0),
        ("loss", "NaN", 1),
        ("loss", "Infinity", 2),
    ]


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[RunFolder], None]:
    def do(run: RunFolder) -> None:
        (run.path / name).write_bytes(change((run.path / name).read_bytes()))

    return do


def link(run: RunFolder) -> None:
    run.source.rename(run.path.parent.parent / "moved")
    run.source.symlink_to(run.path.parent.parent / "moved")


@pytest.mark.parametrize(
    ("tamper", "place"),
    [
        (edit("header.json", lambda data: data.replace(b'"python"', b'"Python"')), "header.json"),
        (edit("header.json", lambda data: data + b" "), "header.json"),
        (edit("header.json", lambda _: b""), "header.json"),
        (edit("source.ipynb", lambda data: data + b"\n"), "source.ipynb"),
        (edit("trace.json", lambda _: b"[1]"), "trace.json"),
        (edit("metrics.jsonl", lambda data: data.replace(b"0.9", b"1.0")), "metrics.jsonl"),
        (edit("artifacts/weights.bin", lambda data: b"\1" + data[1:]), "artifacts/weights.bin"),
        (edit("run.json", lambda data: data.replace(b"0.9", b"1.0")), "run.json"),
        (lambda run: run.trace.unlink(), "trace.json"),
        (lambda run: run.header.unlink(), "header.json"),
        (lambda run: run.run.unlink(), "run.json"),
        (lambda run: shutil.rmtree(run.artifacts), "artifacts/weights.bin"),
        (lambda run: (run.artifacts / "extra").touch(), "artifacts/extra"),
        (lambda run: run.trace_journal.touch(), "trace.jsonl"),
        (lambda run: (run.path / "folder").symlink_to("/"), "folder"),
        (link, "source.ipynb"),
    ],
)
def test_tampering_is_named(sealed: RunFolder, tamper: Callable[[RunFolder], None], place: str) -> None:
    tamper(sealed)
    with pytest.raises(IntegrityError, match=rf"^{sealed.run_id}/{place}: "):
        sealed.check_integrity()


def test_another_runs_header_is_found_out(sealed: RunFolder) -> None:
    other = seal(Header(code=Code(cells=("b" * 64,)), origin=Origin(created="2026-11-21T00:00:00Z")))
    sealed.header.write_bytes(header_bytes(other))
    with pytest.raises(IntegrityError, match="another run's"):
        sealed.check_integrity()


def test_a_record_is_final_and_a_header_frozen(sealed: RunFolder, store: Store, header: Header) -> None:
    with pytest.raises(InputError, match="has ended"):
        sealed.update(status="running")
    with pytest.raises(InputError, match="has ended"):
        sealed.seal(status="failed")
    run = store.create()
    run.write_header(header)
    with pytest.raises(InputError, match="frozen header"):
        run.write_header(header)
    with pytest.raises(InputError, match="cannot be sealed"):
        run.seal(status="running")


def test_a_moved_store_knows_its_own_paths(sealed: RunFolder, store: Store, tmp_path: Path) -> None:
    run = store.create()
    run.executed.write_text("{}")
    run.seal(status="succeeded", notebook=str(run.executed))
    moved = Store(store.root.rename(tmp_path / "elsewhere"))
    record = moved.records()[0]
    assert record == moved.folder(run.run_id).read_record()
    assert Path(record.notebook) == moved.runs / run.run_id / "executed.ipynb"
    moved.folder(run.run_id).check_integrity()
    assert moved.records()[1].run_dir == str(moved.runs / sealed.run_id)


def test_a_sealed_file_is_traced_to_its_run(sealed: RunFolder, store: Store) -> None:
    digest = sealed.read_record().files["artifacts/weights.bin"]
    assert store.whence(digest) == [(sealed.run_id, "artifacts/weights.bin")]
    assert store.whence("0" * 64) == []
    store.delete(sealed)
    assert store.whence(digest) == []
