"""``rb.sweep`` and ``rb.runs``: the driver is a process of its own, the session stays as it was."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest

import reprobook as rb
from reprobook.errors import InputError
from reprobook.runs import Store
from reprobook.sweep.handle import SweepHandle, sweeps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[..., Path]

FAST: dict[str, Any] = {"metric": "loss", "direction": "min", "trials": 3, "jobs": 2}


def test_a_sweep_and_its_runs_as_frames(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = random.getstate()
    handle = rb.sweep(write(), spaces={"lr": "log:1e-3:1e-2", "width": rb.Int(1, 2)}, fixed={"kind": "b"}, **FAST)
    assert random.getstate() == state
    assert not handle.alive
    assert handle.record().status == "succeeded"
    assert "3 of 3 trials" in capsys.readouterr().err

    trials = handle.frame()
    assert list(trials.columns) == ["state", "loss", "lr", "width", "duration_s", "step", "cached", "run_id", "error"]
    assert list(trials.index) == [0, 1, 2]
    assert set(trials["state"]) == {"complete"}
    assert handle.best is not None
    assert handle.best.value == trials["loss"].min()

    runs = rb.runs(sweep=handle, store=tmp_path / ".reprobook", sort="trial")
    assert list(runs.index) == list(trials["run_id"])
    assert list(runs["lr"]) == list(trials["lr"])
    assert list(runs["loss"]) == list(trials["loss"])
    assert set(runs["parent"]) == {handle.sweep_id}
    assert len(rb.runs("width == 1", "latest", store=tmp_path / ".reprobook")) == sum(trials["width"] == 1)
    assert runs.plot(x="lr", y="loss", kind="scatter") is not None

    bundle = handle._repr_mimebundle_()  # what a notebook calls
    assert "best: trial" in bundle["text/plain"]
    assert "<table>" in bundle["text/html"]
    assert handle.plot("history") is not None
    with pytest.raises(InputError, match="histroy"):
        handle.plot("histroy")


def test_without_waiting_it_goes_on_and_is_paused_stopped_and_resumed(write: Write, tmp_path: Path) -> None:
    cell = (
        "import time, pathlib, reprobook as rb\nwhile pathlib.Path('hold').exists(): time.sleep(0.05)\nrb.log(loss=lr)"
    )
    (tmp_path / "hold").touch()
    handle = rb.sweep(write("lr = 0.1", cell), spaces={"lr": rb.Float(0.0, 1.0)}, wait=False, **FAST)
    assert handle.alive
    assert [each.sweep_id for each in sweeps(handle.store)] == [handle.sweep_id]
    wait_for(lambda: any(trial.run_id for trial in handle.record().trials))
    handle.pause()
    wait_for(lambda: handle.record().status == "paused")
    handle.stop()
    record = handle.wait(90)
    assert record.status == "stopped"
    assert {trial.state for trial in record.trials} == {"interrupted"}
    (tmp_path / "hold").unlink()
    handle.resume()
    assert handle.wait(90).status == "succeeded"
    assert len(handle.record().trials) == 3
    handle.resume()  # all is done: nothing happens
    assert not handle.alive


def wait_for(condition: Callable[[], Any]) -> None:
    until = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.05)


def test_the_driver_outlives_the_process_that_started_it(write: Write, tmp_path: Path) -> None:
    code = f"import reprobook as rb; print(rb.sweep({str(write())!r}, metric='loss', trials=3, wait=False).sweep_id)"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    handle = SweepHandle.open(Store(tmp_path / ".reprobook"), started.stdout.strip())
    assert handle.wait(90).status == "succeeded"


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"spaces": {"lrr": "log:1:2"}}, "'lrr'", "Did you mean lr?"),
        ({"samplr": "grid"}, "'samplr'", "Did you mean 'sampler'?"),
        ({"sampler": "girds"}, "girds", "Did you mean 'grid'?"),
    ],
)
def test_a_mistake_is_an_error_before_a_process_starts(
    write: Write, tmp_path: Path, options: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        rb.sweep(write(), **{**FAST, **options})
    assert hint.replace("'", "") in refused.value.hint.replace("'", "")
    assert not (tmp_path / ".reprobook").exists()


def test_outside_a_notebook_it_must_be_named() -> None:
    with pytest.raises(InputError, match="which notebook is open"):
        rb.sweep(metric="loss")


def test_a_driver_that_cannot_start_says_why(write: Write, tmp_path: Path) -> None:
    handle = rb.sweep(write(), wait=True, **FAST)
    plan = tmp_path / ".reprobook" / "sweeps" / handle.sweep_id / "plan.json"
    (plan.parent / "state.json").unlink()
    plan.write_bytes(b"{}")
    with pytest.raises(rb.errors.ReprobookError, match="not a readable plan"):
        handle.resume()
    assert not [
        child for child in psutil.Process(os.getpid()).children() if "reprobook.sweep" in " ".join(child.cmdline())
    ]
