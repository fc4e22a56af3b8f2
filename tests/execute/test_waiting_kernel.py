"""The process that becomes a kernel: what it is then, and that it never stays behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from reprobook.execute import RunOptions, run_notebook
from reprobook.execute.waiting_kernel import WaitingKernel
from reprobook.runs import Store

if TYPE_CHECKING:
    from collections.abc import Callable

# What a process is, but for its numbers: written by a cell.
LOOK = """import builtins, json, os, signal, sys, threading, warnings
found = {
    "environment": dict(os.environ, LOOK=""), "path": sys.path, "arguments": sys.argv[0], "flags": sys.flags,
    "warnings": [repr(each) for each in warnings.filters], "builtins": dir(builtins), "cwd": os.getcwd(),
    "signals": [repr(signal.getsignal(each)) for each in (2, 15)], "input": sys.stdin.read(),
    "threads": sorted(each.name for each in threading.enumerate()),
    "names": sorted(vars(sys.modules["__main__"])), "leads": os.getsid(0) == os.getpgid(0) == os.getpid(),
}
open(os.environ["LOOK"], "w").write(json.dumps(found))
breakpoint()
x = 1
execfile("added.py")
assert x == 2
runfile("added.py")"""


def notebook(folder: Path, *sources: str) -> Path:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in sources
    ]
    path = folder / "nb.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    return path


def executed(path: Path, root: Path) -> str:
    record = run_notebook(path, Store(root), RunOptions()).read_record()
    assert record.error is None
    return str(record.status)


def test_it_becomes_the_kernel_that_jupyter_would_start(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose process is another one: here the first cell of the same notebook sees no difference."""
    (tmp_path / "added.py").write_text("x = globals().get('x', 0) + 1")
    path = notebook(tmp_path, LOOK)
    seen = []
    for become in (WaitingKernel.be, lambda *_: False):
        monkeypatch.setattr(WaitingKernel, "be", become)
        monkeypatch.setenv("LOOK", str(tmp_path / f"look-{len(seen)}"))
        assert executed(path, store.root) == "succeeded"
        seen.append(json.loads(Path(os.environ["LOOK"]).read_text()))
    assert seen[0] == seen[1]


def test_a_kernel_of_another_kind_is_started_as_ever(tmp_path: Path) -> None:
    waiting = WaitingKernel(dict(os.environ), str(tmp_path))
    own = [sys.executable, "-m", "ipykernel_launcher", "-f", "kernel.json"]
    assert not waiting.be([sys.executable, "-m", "other_launcher"], dict(os.environ), str(tmp_path))
    assert not waiting.be(own, {**os.environ, "OF_ITS_SPEC": "1"}, str(tmp_path))
    assert not waiting.be(own, dict(os.environ), str(tmp_path.parent))
    waiting.close()
    assert waiting.process.returncode == -signal.SIGKILL


def test_it_ends_when_nobody_tells_it_anything(tmp_path: Path) -> None:
    waiting = WaitingKernel(dict(os.environ), str(tmp_path))
    assert waiting.process.stdin is not None
    waiting.process.stdin.close()
    assert waiting.process.wait(60) == 0


def test_a_module_beside_the_notebook_comes_before_what_recording_imports(tmp_path: Path, store: Store) -> None:
    (tmp_path / "fqdn.py").touch()
    (tmp_path / "tomli_w.py").write_text("def dumps(document):\n    return ''\nMINE = True")
    source = "import sys, tomli_w\nassert tomli_w.MINE and 'reprobook.execute.session' in sys.modules"
    assert executed(notebook(tmp_path, source), store.root) == "succeeded"


# Whatever the driver is doing: nothing is started yet, importing, told, recording, running, ending.
@pytest.mark.parametrize("seconds", [0.15, 0.3, 0.5, 0.8, 1.2, 2.0])
def test_nothing_stays_behind_a_driver_that_is_killed(tmp_path: Path, seconds: float) -> None:
    mark = f"mark-{os.getpid()}-{seconds}"
    path = notebook(tmp_path, "x = 1", "import time\ntime.sleep(0.3)")
    driver = subprocess.Popen(
        [sys.executable, "-m", "reprobook", "run", str(path), "--store", str(tmp_path / "store")],
        env={**os.environ, "MARK": mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    driver.kill()
    driver.wait()
    wait_until(lambda: not marked(mark))


def marked(mark: str) -> list[int]:
    """Return the processes whose environment has a mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("MARK") == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
