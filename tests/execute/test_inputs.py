from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reprobook.execute.inputs import files_read, keep_files, keep_modules, lay_out_modules
from reprobook.execute.workplace import lay_out, made_files, put_back
from reprobook.header import sha256_hex
from reprobook.runs import Blobs, NewRun, Store
from reprobook.trace import MISSING, CellTrace, Trace


def trace(*cells: dict[str, Any]) -> Trace:
    return Trace(cells=tuple(CellTrace(index=n, source_digest="s", order=n, **cell) for n, cell in enumerate(cells)))


def kept(tmp_path: Path, files: dict[str, bytes]) -> set[str]:
    """Write and keep files; return the names of those that the store has now."""
    blobs = Blobs(tmp_path / "blobs")
    digests = {name: sha256_hex(data) for name, data in files.items()}
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    keep_files(trace({"files_read": digests}), tmp_path, blobs)
    return {name for name, digest in digests.items() if blobs.path(digest).exists()}


def test_what_was_read_is_kept_by_content(tmp_path: Path) -> None:
    assert kept(tmp_path, {"data.csv": b"1", "sub/x.npy": b"2"}) == {"data.csv", "sub/x.npy"}


@pytest.mark.parametrize("name", [".env", "api_token.txt", "server.pem", ".aws/credentials", "password.json"])
def test_secrets_are_never_kept(tmp_path: Path, name: str) -> None:
    assert kept(tmp_path, {name: b"hunter2", "data.csv": b"1"}) == {"data.csv"}


def test_what_lies_elsewhere_was_changed_or_is_gone_is_not_kept(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    (tmp_path / "changed").write_text("new")
    outside = tmp_path.parent / "outside.csv"
    outside.write_text("1")
    read = {"changed": sha256_hex(b"old"), "gone": sha256_hex(b""), "never": MISSING, str(outside): sha256_hex(b"1")}
    keep_files(trace({"files_read": read}), tmp_path, blobs)
    assert list(blobs.digests()) == []


def test_the_allowance_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROBOOK_KEEP_INPUTS", "0.001")
    assert kept(tmp_path, {"a": b"1" * 400, "b": b"2" * 500, "big": b"3" * 900, "c": b"4" * 400}) == {"a", "b"}
    monkeypatch.setenv("REPROBOOK_KEEP_INPUTS", "0")
    assert kept(tmp_path, {"d": b"5"}) == set()


def test_files_that_the_run_made_are_no_inputs() -> None:
    found = trace(
        {"files_read": {"in": "1"}, "files_written": {"out": "2"}}, {"files_read": {"out": "2", "in": "3", "late": "4"}}
    )
    assert files_read(found) == {"in": "1", "late": "4"}
    assert made_files(found) == {"out"}


def test_modules_come_back_as_they_were(tmp_path: Path) -> None:
    store = Store(tmp_path / ".reprobook")
    run = store.create(NewRun())
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "__init__.py").write_text("from . import part\n")
    (tmp_path / "kit" / "part.py").write_text("X = 1\n")
    (tmp_path / "single.py").write_text("Y = 2\n")
    keep_modules(run, ["import kit, single, json"], tmp_path)
    (tmp_path / "kit" / "part.py").write_text("X = 9\n")
    assert lay_out_modules(run, tmp_path / "then")
    found = {
        path.relative_to(tmp_path / "then").as_posix(): path.read_text() for path in (tmp_path / "then").rglob("*.py")
    }
    assert found == {"kit/__init__.py": "from . import part\n", "kit/part.py": "X = 1\n", "single.py": "Y = 2\n"}
    assert not lay_out_modules(store.create(NewRun()), tmp_path / "none")


def test_a_folder_is_laid_out_without_touching_it(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    (folder / "sub").mkdir(parents=True)
    for name in ("keep", "drop", "sub/keep", "sub/drop"):
        (folder / name).write_text(name)
    blobs = Blobs(tmp_path / "blobs")
    digest = blobs.put(b"as recorded")
    into = lay_out(folder, {"drop", "sub/drop"}, tmp_path / "staged")
    assert put_back({"sub/drop": digest}, blobs, into)
    assert sorted(p.relative_to(into).as_posix() for p in into.rglob("*") if p.is_file()) == [
        "keep",
        "sub/drop",
        "sub/keep",
    ]
    assert (into / "sub/drop").read_text() == "as recorded"
    assert (folder / "sub/drop").read_text() == "sub/drop"
    assert not put_back({"x": sha256_hex(b"never kept")}, blobs, into)
