"""Signals, hung cells, and what a kernel leaves running (F11 to F15, F18)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from reprobook.execute import read_trace
from reprobook.runs import RunFolder, Store, fsck

Write = Callable[..., Path]
Run = Callable[..., RunFolder]

# Marks the process and its child, so that they are found again whoever their parent is by then.
_STAYS = """
import os, subprocess, sys, time, signal
{before}
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "{mark}"])
open("{mark}.pid", "w").write(str(os.getpid()))
t = time.monotonic()
while time.monotonic() < t + 300:
    time.sleep(0.1)
"""
_DEAF = "signal.signal(signal.SIGINT, signal.SIG_IGN)"


def _started(write: Write, tmp_path: Path, mark: str, before: str, *options: str) -> subprocess.Popen[str]:
    """Start a run on the command line, and wait until its second cell is at work."""
    path = write("x = 1", _STAYS.format(mark=mark, before=before), "y = 2", name=f"{mark}.ipynb")
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from reprobook.cli import main; main(sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", str(path), "--json", *options],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not (tmp_path / f"{mark}.pid").exists() and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(0.2)
    return process


def _marked(mark: str) -> list[int]:
    return [each.pid for each in psutil.process_iter(["cmdline"]) if mark in (each.info["cmdline"] or [])]


def _left(tmp_path: Path, mark: str, seconds: float = 5) -> list[int]:
    """Return the processes of a run that are still there so many seconds after it ended."""
    kernel = int((tmp_path / f"{mark}.pid").read_text())
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = [pid for pid in {kernel, *_marked(mark)} if psutil.pid_exists(pid) and not _is_zombie(pid)]
        if not found:
            return []
        time.sleep(0.1)
    return found


def _is_zombie(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


@pytest.mark.parametrize(
    ("name", "signals", "before"),
    [
        ("sigint", [signal.SIGINT], ""),
        pytest.param("sighup", [signal.SIGHUP], "", marks=pytest.mark.slow),
        pytest.param("deaf-sigterm", [signal.SIGTERM], _DEAF, marks=pytest.mark.slow),
        pytest.param("sigterm", [signal.SIGTERM], "", marks=pytest.mark.slow),
        pytest.param("deaf-sigint", [signal.SIGINT], _DEAF, marks=pytest.mark.slow),
        pytest.param("twice", [signal.SIGINT, signal.SIGINT], _DEAF, marks=pytest.mark.slow),
        pytest.param("thrice", [signal.SIGINT, signal.SIGTERM, signal.SIGINT], _DEAF, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_a_run_with_all_that_it_started(  # noqa: PLR0913  # fixtures, by name
    write: Write, store: Store, tmp_path: Path, *, name: str, signals: list[int], before: str
) -> None:
    mark = f"rbfault-{name}-{os.getpid()}"
    process = _started(write, tmp_path, mark, before)
    source = (tmp_path / f"{mark}.ipynb").read_bytes()
    for number in signals:
        process.send_signal(number)
        time.sleep(0.3)
    code = process.wait(timeout=60)
    assert _left(tmp_path, mark) == []
    (record,) = store.records()
    assert record.status == "interrupted"
    # After the second one it may die at once: then it is found dead, and marked.
    assert code == 130 or len(signals) > 1
    assert [cell.index for cell in read_trace(store.folder(record.run_id)).cells][:1] == [0]
    assert store.folder(record.run_id).check_integrity() == record
    assert [each.problem for each in fsck(store, repair=True).problems if not each.repaired] == []
    assert fsck(store).problems == ()
    assert (tmp_path / f"{mark}.ipynb").read_bytes() == source


@pytest.mark.parametrize("kernel", ["cold", "warm"])
def test_a_killed_driver_leaves_an_interrupted_run_and_no_process(
    write: Write, store: Store, tmp_path: Path, kernel: str
) -> None:
    """F1, F13 and F14: nobody is left to say so, and what the notebook put into a session of its own ends too."""
    mark = f"rbfault-kill-{kernel}-{os.getpid()}"
    sleeps = f'[sys.executable, "-c", "import time; time.sleep(300)", "{mark}"]'
    before = f"subprocess.Popen({sleeps}, start_new_session=True)"
    process = _started(write, tmp_path, mark, before, "--kernel", kernel)
    assert len(_marked(mark)) == 2
    process.kill()
    process.wait()
    assert _left(tmp_path, mark, seconds=20) == []
    (record,) = store.records()
    assert record.status == "interrupted"
    # Of a fork of a warm server there is still the fork to say so.
    assert record.error is not None
    assert record.error.ename == ("Interrupted" if kernel == "cold" else "KeyboardInterrupt")
    run = store.folder(record.run_id)
    assert run.check_integrity() == record


_SPINS_DEAF = """
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
print("begun", flush=True)
end = time.monotonic() + 300
while time.monotonic() < end: pass
"""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        pytest.param("deaf", _SPINS_DEAF, marks=pytest.mark.slow),
        pytest.param("loop", "print('begun', flush=True)\nwhile True: pass", marks=pytest.mark.slow),
        pytest.param(
            "C", "import ctypes\nprint('begun', flush=True)\nctypes.PyDLL(None).sleep(300)", marks=pytest.mark.slow
        ),
    ],
)  # fmt: skip
def test_a_hung_cell_is_ended_by_its_timeout(run: Run, name: str, body: str) -> None:
    """F12: and what it had printed is kept."""
    started = time.monotonic()
    folder = run("x = 1", body, "y = 2", name=f"{name}.ipynb", kernel="cold", timeout=2)
    record = folder.read_record()
    assert record.error is not None
    assert (record.status, record.error.cell, record.error.ename) == ("failed", 1, "CellTimeoutError")
    assert time.monotonic() - started < 120
    cells = _code_cells(folder)
    assert "begun" in "".join("".join(output.get("text", "")) for output in cells[1]["outputs"])
    assert cells[2]["execution_count"] is None
    assert [cell.index for cell in read_trace(folder).cells][:1] == [0]


@pytest.mark.slow
def test_a_kernel_out_of_memory_is_named_and_nothing_after_it_has_run(run: Run) -> None:
    """F11: the limit makes the allocation fail as it does where memory is out; killed, the kernel is dead."""
    folder = run(
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))\nx = 1",
        "data = bytearray(8 << 30)", "y = 2", kernel="cold",
    )  # fmt: skip
    record = folder.read_record()
    assert record.error is not None
    assert (record.status, record.error.cell, record.error.ename) == ("failed", 1, "MemoryError")
    assert [cell["execution_count"] is None for cell in _code_cells(folder)] == [False, False, True]


def _code_cells(folder: RunFolder) -> list[dict[str, Any]]:
    cells = json.loads(folder.executed.read_bytes())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def _kernelspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]) -> dict[str, Any]:
    folder = tmp_path / "jupyter" / "kernels" / "broken"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "broken", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return {"metadata": {"kernelspec": {"name": "broken", "language": "python", "display_name": "broken"}}}


@pytest.mark.parametrize(
    "argv",
    [
        ["/nowhere/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        [sys.executable, "-c", "raise SystemExit(3)", "{connection_file}"],
    ],
)
def test_a_kernel_that_does_not_start_has_not_run(
    run: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    """F15: the run has failed and says so, with no cell to blame."""
    folder = run("x = 1", kernel="cold", changes=_kernelspec(tmp_path, monkeypatch, argv))
    record = folder.read_record()
    assert record.error is not None
    assert (record.status, record.error.cell) == ("failed", None)
    assert record.error.hint
    assert store.records()[0].status == "failed"
    assert fsck(store).problems == ()


def test_a_kernel_that_dies_at_once_is_started_once_more(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another kernel may have taken a port that was chosen for it."""
    tries = tmp_path / "tries"
    code = (
        "import pathlib, sys; tries = pathlib.Path(sys.argv.pop(1)); first = not tries.exists(); tries.touch(); "
        "first and sys.exit('Address already in use'); "
        "from ipykernel import kernelapp; kernelapp.launch_new_instance()"
    )
    changes = _kernelspec(tmp_path, monkeypatch, [sys.executable, "-c", code, str(tries), "-f", "{connection_file}"])
    made = run("x = 1", kernel="cold", changes=changes)
    assert tries.exists()
    assert (made.read_record().status, made.read_record().error) == ("succeeded", None)
