"""Disks that are full, read-only, of another kind, or lose power (F3, F4, F5, F22)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.cli.app import run_command
from reprobook.runs import Store
from reprobook.runs.files import write_atomic

Write = Callable[..., Path]
Run = Callable[..., Any]

FULL_DISK = Path(__file__).with_name("full_disk.py")
_MAY_MOUNT = shutil.which("unshare") and subprocess.run(["unshare", "-m", "true"], check=False).returncode == 0
mounts = pytest.mark.skipif(not _MAY_MOUNT, reason="needs the right to mount (root)")
_RUN = (
    "import sys; from pathlib import Path; from reprobook.execute import RunOptions, run_notebook\n"
    "from reprobook.runs import Store, fsck\n"
    "store = Store(Path('.reprobook'))\n"
    "record = run_notebook(Path('nb.ipynb'), store, RunOptions(kernel='inline')).read_record()\n"
    "print(record.status, len(store.records()), len(fsck(store).problems))"
)


def _full(folder: Path, step: int) -> dict[str, Any]:
    command = ["unshare", "-m", sys.executable, str(FULL_DISK), str(folder), str(step)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@mounts
def test_a_disk_that_fills_leaves_no_torn_file_and_no_false_success(tmp_path: Path) -> None:
    report = _full(tmp_path, 32 << 10)
    assert report["wrong"] == []
    assert report["statuses"][-1] == "succeeded"
    assert set(report["statuses"][:-1]) <= {"none", "failed", "interrupted"}
    assert "failed" in report["statuses"]


@mounts
@pytest.mark.slow
def test_a_disk_that_fills_anywhere_leaves_no_torn_file(tmp_path: Path) -> None:
    assert _full(tmp_path, 4 << 10)["wrong"] == []


def _read_only(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a folder that is mounted read-only for it alone."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && '
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", mount + script, str(folder)],
        capture_output=True, text=True, check=False, env={**os.environ, "PATH": path},
    )  # fmt: skip


@mounts
def test_a_read_only_folder_is_told_before_a_kernel_starts(write: Write, tmp_path: Path) -> None:
    write("x = 1")
    done = _read_only(tmp_path, "reprobook run nb.ipynb")
    assert done.returncode == 1
    assert f"cannot make the folder {tmp_path / '.reprobook'}: Read-only file system" in done.stderr
    assert "starting a kernel" not in done.stderr
    assert "Traceback" not in done.stderr


@mounts
def test_a_read_only_folder_with_a_store_elsewhere_runs(
    write: Write, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    write("x = 1")
    elsewhere = tmp_path_factory.mktemp("store")
    done = _read_only(tmp_path, f"reprobook run nb.ipynb --store {elsewhere}")
    assert done.returncode == 0, done.stderr
    assert [record.status for record in Store(elsewhere).records()] == ["succeeded"]


@mounts
def test_a_read_only_store_is_read_and_not_written(run: Run, store: Store, tmp_path: Path) -> None:
    record = run("import reprobook as rb\nrb.log(loss=0.5)").read_record()
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}
    for words, code, said in (
        ("runs --json", 0, record.run_id),
        (f"show {record.run_id}", 0, "loss"),
        ("fsck", 0, "no damage"),
        (f"diff {record.run_id} {record.run_id}", 0, ""),
        ("whence nb.ipynb", 0, record.run_id),
        ("fsck --repair", 1, "Read-only file system"),
        (f"verify {record.run_id}", 1, "Read-only file system"),
    ):
        done = _read_only(tmp_path, f"reprobook {words}")
        assert done.returncode == code, (words, done.stderr)
        assert said in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


_MAGIC = """
import sys; from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
for source in ("%load_ext reprobook", "%reprotrain init --seed 1", "import reprobook as rb; rb.log(x=1)", "y = 41 + 1"):
    shell.run_cell(source)
print(shell.user_ns["y"])
"""


@mounts
def test_the_magic_says_so_and_the_session_goes_on(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (tmp_path / "session.py").write_text(_MAGIC)
    done = _read_only(tmp_path, f"IPYTHONDIR={tmp_path_factory.mktemp('ipython')} {sys.executable} session.py")
    assert done.returncode == 0, done.stderr
    assert "Read-only file system" in done.stdout + done.stderr
    assert done.stdout.strip().splitlines()[-1] == "42"


_OVERLAY = "mkdir low up work all && mount -t overlay overlay -o lowerdir=low,upperdir=up,workdir=work all"


@mounts
@pytest.mark.parametrize(
    ("kind", "mount"),
    [
        ("tmpfs", "mkdir all && mount -t tmpfs none all"),
        ("overlay", f"mkdir base && mount -t tmpfs none base && cd base && {_OVERLAY}"),
        ("vfat", "mkdir all && truncate -s 32M image && mkfs.vfat image >&2 && mount -o loop image all"),
    ],
)
def test_other_kinds_of_file_systems_work_or_are_refused(write: Write, tmp_path: Path, kind: str, mount: str) -> None:
    notebook = write("import reprobook as rb\nrb.log(loss=0.5)\nrb.save('model', [1])")
    script = f'cd "$0" && {mount} && cp {notebook} all/ && cd all && {sys.executable} -c "$1"'
    command = ["unshare", "-m", "sh", "-c", script, str(tmp_path), _RUN]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and ("mount" in done.stderr or "mkfs" in done.stderr):
        pytest.skip(f"no {kind} here: {done.stderr.strip()[:100]}")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["succeeded", "1", "0"]


def test_what_is_written_is_on_the_disk_before_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F5: data, then the rename, then the folder; with this order each prefix is the old or the new file."""
    calls: list[str] = []

    def noted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*arguments: Any, **options: Any) -> Any:
            is_folder = name == "fsync" and Path(f"/proc/self/fd/{arguments[0]}").readlink().is_dir()
            calls.append("fsync of the folder" if is_folder else name)
            return call(*arguments, **options)

        return noting

    for name in ("write", "fsync", "replace", "rename"):
        monkeypatch.setattr(os, name, noted(name, getattr(os, name)))
    write_atomic(tmp_path / "file", b"content")
    assert [name for name in calls if name in {"write", "fsync", "replace", "fsync of the folder"}] == [
        *("write", "fsync", "replace", "fsync of the folder")
    ]


def test_a_disk_that_fails_while_it_is_read_is_told_without_a_traceback(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The memory of a process is a file that fails when it is read from its beginning."""
    monkeypatch.chdir(tmp_path)
    store.create()
    assert run_command(["whence", "/proc/self/mem"]) == 1
    said = capsys.readouterr().err
    assert "error: [Errno 5]" in said
    assert "Traceback" not in said
