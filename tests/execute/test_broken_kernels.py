"""Kernels that leave something running, or that break what speaks for them."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from reprobook.execute import read_trace, silence
from reprobook.execute.descendants import descendants, end_descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprobook.runs import RunFolder

    Run = Callable[..., RunFolder]

_LEAVES = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"])
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "{mark}"], start_new_session=True)
"""
_ENDS = ["pass", "raise ValueError", "os.kill(os.getpid(), 9)"]


def _marked(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if mark in (process.info["cmdline"] or [])]


@pytest.mark.parametrize("end", _ENDS)
def test_nothing_that_a_kernel_started_outlives_the_run(run: Run, end: str) -> None:
    mark = f"reprobook-test-{os.getpid()}-{_ENDS.index(end)}"
    cells = [_LEAVES.format(mark=mark), end]
    try:
        run(*cells)
        left = [process for process in _marked(mark) if process.status() != psutil.STATUS_ZOMBIE]
        # Of a kernel that was killed nobody can say what had left its process group.
        assert len(left) == (1 if "kill" in end else 0)
    finally:
        for process in _marked(mark):
            process.kill()


def test_a_process_that_is_deaf_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    deaf = f"import signal, time; signal.signal(15, signal.SIG_IGN); open({str(ready)!r}, 'w'); time.sleep(600)"
    starts = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {deaf!r}])"
    with psutil.Popen([sys.executable, "-c", starts], start_new_session=True) as parent:
        while not ready.exists():
            assert parent.poll() is None
        below = descendants(parent.pid)
        parent.kill()
        parent.wait()
        assert end_descendants(parent.pid, below) == 1
        _, alive = psutil.wait_procs(below, timeout=10)
        assert all(process.status() == psutil.STATUS_ZOMBIE for process in alive)


def test_no_group_of_ours_is_ever_ended() -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        end_descendants(0, [])
        end_descendants(os.getpgrp(), [])
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == []


def test_a_cell_that_breaks_jupyters_own_messages_fails_by_name(run: Run) -> None:
    folder = run("x = 1", "import json\njson.dumps = lambda *a, **k: 'x'", "y = 2")
    record = folder.read_record()
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.cell == 1
    assert "cannot be understood" in record.error.evalue
    # The recorder wrote on: what came before stands in the trace.
    assert [cell.index for cell in read_trace(folder).cells][:1] == [0]


@pytest.mark.slow
def test_a_kernel_that_takes_no_messages_is_given_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `json.loads` it answers nobody; its heart beats on, and it would be waited for for ever."""
    monkeypatch.setattr(silence, "_LONGEST_S", 20.0)
    folder = run("x = 1", "import json\njson.loads = lambda *a, **k: 1 / 0", "y = 2")
    record = folder.read_record()
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.cell == 2
    assert "takes no cell" in record.error.evalue
    assert "replace a function" in record.error.hint
    assert [cell.index for cell in read_trace(folder).cells] == [0, 1]


def test_a_silent_kernel_that_computes_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "_LONGEST_S", 0.0)
    kernel = silence.Silence(os.getpid())
    assert not kernel.is_final  # it was asked nothing
    kernel.ask()
    assert kernel.is_final
    monkeypatch.setattr(silence, "_IDLE_S", 0.0)
    assert not kernel.is_final
    monkeypatch.undo()
    kernel.ask()
    assert not kernel.is_final
    monkeypatch.setattr(silence, "_LONGEST_S", 0.0)
    kernel.hear()
    assert not kernel.is_final
