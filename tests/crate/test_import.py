"""An imported run is whole, marked, and executed by nobody who was not told that it is trusted."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import signal
import stat
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.card import model_card
from reprobook.crate import export_run, import_run
from reprobook.errors import InputError, IntegrityError, UntrustedError
from reprobook.promote import JobOptions, promote_notebook
from reprobook.runs import RunFolder, Store, fsck, plain_zip
from reprobook.runs.checkpoints import find_checkpoint
from reprobook.verify import VerifyOptions, verify_notebook, verify_run
from reprobook.verify.recorded import recorded_run


def test_it_is_the_run_and_is_marked(run: RunFolder, archive: Path, store: Store) -> None:
    taken = import_run(archive, store)
    record, before = taken.check_integrity(), run.read_record()
    assert (record.run_id, record.metrics, record.parameters) == (before.run_id, before.metrics, before.parameters)
    assert (record.result_digest, record.recipe_digest) == (before.result_digest, before.recipe_digest)
    assert record.foreign is not None
    assert record.foreign.startswith("run.zip (SHA-256 ")
    assert (record.notebook, record.owner, record.source) == (str(taken.executed), None, None)
    assert (taken.artifacts / "x.npy").read_bytes() == (run.artifacts / "x.npy").read_bytes()
    assert not fsck(store).problems
    assert not list(store.root.glob(".incoming-*"))
    card = model_card(taken)
    assert "| `table.csv` | `" in card
    assert "{python}" not in card


def test_it_is_verified_only_when_trusted_and_then_reproduced(archive: Path, store: Store) -> None:
    taken = import_run(archive, store)
    with pytest.raises(UntrustedError, match=r"imported from run\.zip"):
        verify_run(taken, store)
    assert [record.kind for record in store.records()] == ["run"]
    found = verify_run(taken, store, VerifyOptions(trust=True, kernel="inline"))
    assert found.verdict == "reproduced", found
    taken.check_integrity()


def test_it_is_promoted_only_when_trusted(archive: Path, store: Store, tmp_path: Path) -> None:
    taken = import_run(archive, store)
    with pytest.raises(UntrustedError, match="imported from"):
        promote_notebook(taken, store, out=tmp_path / "job")
    assert not (tmp_path / "job").exists()
    assert promote_notebook(taken, store, JobOptions(trust=True), out=tmp_path / "job").equivalent is True


def test_it_stands_for_no_notebook_of_this_machine(run: RunFolder, archive: Path, store: Store) -> None:
    taken = import_run(archive, store)
    notebook = run.path.parents[2] / "nb.ipynb"
    assert recorded_run(notebook, store) is None
    # A notebook that carries its header is the imported run's.
    carrying = store.root.parent / "copy.ipynb"
    content = json.loads(taken.executed.read_bytes())
    content["metadata"]["reprobook"] = {"header": json.loads(taken.header.read_bytes()), "run_id": taken.run_id}
    carrying.write_text(json.dumps(content))
    with pytest.raises(UntrustedError):
        verify_notebook(carrying, store)


def test_its_checkpoints_are_taken_only_by_the_name_of_the_run(
    make_run: Callable[..., RunFolder], store: Store, tmp_path: Path
) -> None:
    made = make_run("import numpy as np\nimport reprobook as rb", "lr = 1", "rb.save('m', {'w': np.ones(2)}, step=1)")
    assert made.read_record().status == "succeeded", made.read_record().error
    taken = import_run(export_run(made, tmp_path / "run.zip").path, store)
    with pytest.raises(InputError, match="no checkpoint"):
        find_checkpoint(store, "m")
    found = find_checkpoint(store, f"m@{taken.run_id}")
    found.check()
    assert found.metadata.header_digest == taken.read_header().header_digest


def test_nothing_of_it_is_unpickled(make_run: Callable[..., RunFolder], store: Store, tmp_path: Path) -> None:
    fired = tmp_path / "fired"

    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (fired,))

    made = make_run("import reprobook as rb", "lr = 1", "rb.save('note', 'text')")
    (made.artifacts / "model.pkl").write_bytes(pickle.dumps(Payload()))
    record = made.read_record()
    made.write_record(record.model_copy(update={"status": "running", "files": {}}))
    made.seal(status="succeeded")
    taken = import_run(export_run(made, tmp_path / "run.zip").path, store)
    taken.check_integrity()
    assert not fsck(store).problems
    assert store.records()[0].run_id == taken.run_id
    assert not fired.exists()


def test_another_run_of_its_id_is_not_replaced(archive: Path, store: Store, run: RunFolder) -> None:
    first = import_run(archive, store)
    assert import_run(archive, store).path == first.path
    home = Store(run.path.parents[1])
    with pytest.raises(InputError, match="another run"):
        import_run(archive, home)
    run.check_integrity()
    assert not list(home.root.glob(".incoming-*"))


def rebuilt(archive: Path, target: Path, *more: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    """Write an archive with further entries."""
    shutil.copy(archive, target)
    with zipfile.ZipFile(target, "a") as opened:
        for entry, content in more:
            opened.writestr(entry, content)
    return target


def entry(name: str, mode: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    return made


HOSTILE = {
    "leads out": [(entry("../out"), b"x")],
    "leads out below": [(entry("runs/../../out"), b"x")],
    "absolute": [(entry("/tmp/out"), b"x")],  # noqa: S108
    "drive": [(entry("C:\\out"), b"x")],
    "link": [(entry("runs/link", stat.S_IFLNK | 0o777), b"/etc/passwd")],
    "device": [(entry("runs/device", stat.S_IFCHR | 0o666), b"")],
    "pipe": [(entry("runs/pipe", stat.S_IFIFO | 0o666), b"")],
    "socket": [(entry("runs/socket", stat.S_IFSOCK | 0o666), b"")],
    "folder that is a link": [(entry("runs/folder/", stat.S_IFLNK | 0o777), b"/etc")],
    "set-uid": [(entry("runs/tool", stat.S_IFREG | 0o4755), b"x")],
    "set-gid": [(entry("runs/tool", stat.S_IFREG | 0o2755), b"x")],
    "one name in two cases": [(entry("blobs/AB/x"), b"1"), (entry("blobs/ab/x"), b"2")],
    "folder in two cases": [(entry("Runs/x"), b"1")],
    "a file and a folder": [(entry("other"), b"1"), (entry("other/x"), b"2")],
    "bomb": [("blobs/bomb", bytes(64 << 20))],
    "control characters": [(entry("runs/a\nb"), b"x")],
    "long name": [(entry("runs/" + "a/" * 1000), b"x")],
    "not one run": [(entry("runs/20260101-000000-abcd/run.json"), b"{}")],
    "something else": [(entry("README.md"), b"x")],
}


@pytest.mark.parametrize("more", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_that_could_do_harm_is_refused(
    archive: Path, store: Store, tmp_path: Path, more: list[tuple[zipfile.ZipInfo | str, bytes]]
) -> None:
    for each, _ in more:
        if isinstance(each, zipfile.ZipInfo):
            each.compress_type = zipfile.ZIP_DEFLATED
    target = tmp_path / "hostile.zip"
    shutil.copy(archive, target)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as opened:
        for each, content in more:
            opened.writestr(each, content)
    _is_refused(target, store)


def _is_refused(target: Path, store: Store, match: str | None = None) -> None:
    """See that an archive is refused, and that nothing of it is left."""
    before = {path for path in target.parent.rglob("*") if store.root not in path.parents}
    with pytest.raises(IntegrityError, match=match):
        import_run(target, store)
    assert not store.names()
    assert not list(store.blobs.digests())
    assert not list(store.root.glob(".incoming-*"))
    assert {path for path in target.parent.rglob("*") if store.root not in path.parents} - before <= {store.root}
    assert not Path("/tmp/out").exists()  # noqa: S108


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_refused(archive: Path, store: Store, tmp_path: Path, run: RunFolder) -> None:
    target = rebuilt(archive, tmp_path / "twice.zip", (f"runs/{run.run_id}/run.json", b"{}"))
    _is_refused(target, store, "a name twice")


def test_too_many_entries_are_refused(
    archive: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plain_zip, "MOST_ENTRIES", 5)
    _is_refused(Path(shutil.copy(archive, tmp_path / "many.zip")), store, "entries")


def test_a_huge_table_of_contents_is_refused_before_it_is_read(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 10^6 entries: the end of a zip that says so, as 64-bit zips do.
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 10**6, 10**6, 60 * 10**6, 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 0, 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    target = tmp_path / "huge.zip"
    target.write_bytes(end64 + locator + end)

    def never(*_: object) -> None:
        pytest.fail("the table of contents was read")

    monkeypatch.setattr(zipfile, "ZipFile", never)
    _is_refused(target, store, "1000000 entries")


def test_files_that_share_bytes_are_refused(archive: Path, store: Store, tmp_path: Path) -> None:
    data = bytearray(archive.read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        first, second = opened.infolist()[:2]
    # Each entry of the table names where its file is; the second now says: where the first is.
    at = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    data[at + 42 : at + 46] = first.header_offset.to_bytes(4, "little")
    assert second.header_offset != first.header_offset
    (tmp_path / "shared.zip").write_bytes(data)
    _is_refused(tmp_path / "shared.zip", store, "overlap")


def test_every_changed_byte_is_noticed(archive: Path, store: Store, tmp_path: Path, run: RunFolder) -> None:
    with zipfile.ZipFile(archive) as opened:
        content = {name: opened.read(name) for name in opened.namelist()}
    for name in content:
        if name.startswith(("runs/", "blobs/")):
            changed = {**content, name: content[name][:-2] + b"?" + content[name][-1:]}
            with zipfile.ZipFile(tmp_path / "changed.zip", "w") as opened:
                for each, data in changed.items():
                    opened.writestr(each, data)
            _is_refused(tmp_path / "changed.zip", store)
    assert run.run_id


@pytest.mark.parametrize("data", [b"PK\x03\x04" + bytes(40), b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_refused(store: Store, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    _is_refused(tmp_path / "x.zip", store)


@pytest.mark.parametrize("data", [b"", b"P", b"import sys\n" * 100])
def test_what_is_no_zip_is_said_to_be_none(store: Store, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mk.py").write_bytes(data)
    with pytest.raises(IntegrityError, match="is no archive of reprobook") as refused:
        import_run(tmp_path / "mk.py", store)
    assert "Pack it again" not in refused.value.hint
    assert not list(store.root.glob(".incoming-*"))


def _kill_at(number: int) -> Any:
    """Return an audit hook that kills this process at its N-th change of a file."""
    count = iter(range(1, sys.maxsize))
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def hook(event: str, args: tuple[Any, ...]) -> None:
        changes = event in {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.utime"}
        opens = event == "open" and isinstance(args[2], int) and args[2] & writes
        if (changes or opens) and next(count) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def _forked_import(archive: Path, store: Store, number: int) -> bool:
    """Import in a fork that is killed at this step; return whether it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(_kill_at(number))
            import_run(archive, store)
        finally:
            os._exit(0 if sys.exception() is None else 1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFEXITED(status)


@pytest.mark.parametrize("stride", [3, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_step_it_leaves_nothing_half_imported(
    archive: Path, store: Store, run: RunFolder, stride: int
) -> None:
    for number in (*range(1, 12), *range(12, 1000, stride)):
        ended = _forked_import(archive, store, number)
        names = store.names()
        assert names in ([], [run.run_id])
        for name in names:
            assert store.folder(name).check_integrity().foreign is not None
        if ended:
            break
        if names:
            store.delete(store.folder(run.run_id))
        assert not fsck(store, repair=True).damaged
    assert number > 20
    assert not list(store.root.glob(".incoming-*"))
    assert not fsck(store).problems
