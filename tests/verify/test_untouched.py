"""The user's folder is after a replay what it was before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.execute import RunEvent, RunOptions, run_notebook
from reprobook.runs import Store, fsck
from reprobook.runs.aside import asides, set_aside
from reprobook.verify import VerifyOptions, verify_notebook, verify_run

WriteNotebook = Callable[..., Path]

_OLD_NS = 1_600_000_000_123_456_789
# A model is written in C, without an event; a log grows; a cache is replaced; one file is new, one has another name.
_CELLS = (
    "import random, sqlite3, pathlib, os, time",
    "with open('log.txt', 'a') as log:\n    log.write(f'{random.random()}\\n')",
    """\
db = sqlite3.connect('model.db')
db.execute('create table if not exists t (x)')
db.execute('insert into t values (?)', (random.random(),))
db.commit()
db.close()""",
    "pathlib.Path('out').mkdir(exist_ok=True)\npathlib.Path('out/best.txt').write_text(str(random.random()))",
    "run = pathlib.Path(f'runs/{time.time_ns()}')\nrun.mkdir(parents=True)\n(run / 'event.txt').write_text('x')",
)


def _state(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return content and time of every file but those of the store."""
    files = (path for path in folder.rglob("*") if path.is_file() and ".reprobook" not in path.parts)
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def _age(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and ".reprobook" not in path.parts:
            os.utime(path, ns=(_OLD_NS, _OLD_NS))


def test_a_replay_leaves_every_file_as_it_was(store: Store, write_notebook: WriteNotebook, tmp_path: Path) -> None:
    run = run_notebook(write_notebook(*_CELLS, "x = random.random()"), store, RunOptions())
    _age(tmp_path)
    before, folders = _state(tmp_path), sorted(tmp_path.glob("[!.]*/*"))
    found = verify_run(run, store)
    assert found.verdict == "diverged"
    assert _state(tmp_path) == before
    assert sorted(tmp_path.glob("[!.]*/*")) == folders
    assert not [*store.root.glob(".aside-*"), *found.notes]


def test_experiments_leave_every_file_as_it_was(store: Store, write_notebook: WriteNotebook, tmp_path: Path) -> None:
    run = run_notebook(write_notebook(*_CELLS[:3], "x = random.random()"), store, RunOptions())
    (tmp_path / "log.txt").unlink()
    _age(tmp_path)
    before = _state(tmp_path)
    found = verify_run(run, store, VerifyOptions(diagnose=True))
    assert found.verdict == "diverged"
    assert _state(tmp_path) == before


def test_a_notebook_that_was_never_recorded_overwrites_nothing(
    store: Store, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    (tmp_path / "model.db").write_bytes(b"")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "best.txt").write_text("trained for a week")
    path = write_notebook(*_CELLS)
    _age(tmp_path)
    before = _state(tmp_path)
    verify_notebook(path, store)
    assert _state(tmp_path) == before


def test_what_the_replay_alone_made_is_kept_in_the_store(
    store: Store, write_notebook: WriteNotebook, tmp_path: Path
) -> None:
    """Another process may have made it in the folder at that time."""
    run = run_notebook(
        write_notebook("import time", "open(f'at-{time.time_ns()}.txt', 'w').write('x')"), store, RunOptions()
    )
    before = _state(tmp_path)
    found = verify_run(run, store)
    assert _state(tmp_path) == before
    (moved,) = store.root.glob("made-*/at-*.txt")
    assert str(moved) in " ".join(found.notes)


@pytest.mark.parametrize("at", ["cell", "ended"])
def test_ctrl_c_puts_the_files_back(store: Store, write_notebook: WriteNotebook, tmp_path: Path, at: str) -> None:
    path = write_notebook("open('m.txt', 'w').write('1')", "open('new.txt', 'w').write('1')", "x = 1")
    run = run_notebook(path, store, RunOptions())
    (tmp_path / "new.txt").unlink()
    (tmp_path / "m.txt").write_text("mine")
    before = _state(tmp_path)
    seen = []

    def interrupt(event: RunEvent) -> None:
        if event.kind == at and event.cell in {2, None}:
            seen.append((tmp_path / "m.txt").read_text())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify_run(run, store, VerifyOptions(on_event=interrupt))
    assert seen == ["1"]
    assert _state(tmp_path) == before


def test_after_a_kill_fsck_puts_the_files_back_and_loses_none(store: Store, tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"mine")
    os.utime(model, ns=(_OLD_NS, _OLD_NS))
    script = f"""
import sys, time
from pathlib import Path
from reprobook.runs import Store
from reprobook.runs.aside import set_aside
with set_aside(Store(Path({str(store.root)!r}))) as aside:
    aside.keep([Path({str(model)!r})])
    Path({str(model)!r}).write_bytes(b"of the replay")
    print("ready", flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        assert not fsck(store).problems, "it lives, so nothing is wrong"
        # Another verification at the same time keeps what the first one found.
        with set_aside(store) as second:
            assert second.keep([model], asides(store, living=True)) == ()
            assert second.copy_of(str(model)).read_bytes() == b"mine"
        os.kill(process.pid, signal.SIGKILL)
    model.write_bytes(b"of the replay, or of the user since")
    (problem,) = fsck(store).problems
    assert str(model) in problem.problem
    assert not problem.repaired
    (problem,) = fsck(store, repair=True).problems
    assert problem.repaired
    assert (model.read_bytes(), model.stat().st_mtime_ns) == (b"mine", _OLD_NS)
    (replaced,) = store.root.glob("replaced-*/*model.bin")
    assert replaced.read_bytes() == b"of the replay, or of the user since"
    assert not fsck(store).problems


def test_a_file_without_room_for_a_copy_is_named(
    store: Store, write_notebook: WriteNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_notebook(write_notebook("open('m.txt', 'w').write('x' * 10)"), store, RunOptions())
    monkeypatch.setenv("REPROBOOK_KEEP_WRITTEN", "0")
    monkeypatch.setattr("reprobook.runs.aside._cloned", lambda *_: False)
    found = verify_run(run, store)
    assert found.verdict == "reproduced"
    assert str(tmp_path / "m.txt") in " ".join(found.notes)


def test_links_and_rights_stay(store: Store, tmp_path: Path) -> None:
    model, other, link = (tmp_path / name for name in ("model", "other", "link"))
    model.write_bytes(b"mine")
    model.chmod(0o640)
    other.hardlink_to(model)
    link.symlink_to(model)
    store.prepare()
    with set_aside(store) as aside:
        aside.keep([link, model])
        assert len(aside.paths) == 1
        time.sleep(0.01)
        model.write_bytes(b"that of a replay")
    assert other.read_bytes() == model.read_bytes() == b"mine"
    assert link.is_symlink()
    assert model.stat().st_mode & 0o777 == 0o640
