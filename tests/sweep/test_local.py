"""The local executor with real kernels: the same results, and what is left when something is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from comparing import results

from reprobook.sweep.handle import SweepHandle, resume_sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprobook.runs import Store
    from reprobook.sweep.model import SweepEvent, SweepRecord

    Sweep = Callable[..., SweepRecord]
    Write = Callable[..., Path]

SLOW_CELL = """\
import time, pathlib, reprobook as rb
pathlib.Path(f"begun-{width}").touch()
while pathlib.Path("hold").exists():
    time.sleep(0.05)
rb.log(loss=lr * width, step=0)"""
PATIENCE = 90.0


def wait_for(condition: Callable[[], Any]) -> Any:
    """Wait until something holds, however slow the machine is."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.05)
    return found


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def all_gone(processes: list[psutil.Process]) -> bool:
    return not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def command(notebook: Path, *options: str) -> list[str]:
    fixed = ["--metric", "loss", "--direction", "min", "--trials", "4", "--kernel", "cold", "--json"]
    return [sys.executable, "-m", "reprobook", "sweep", str(notebook), *fixed, *options]


def start(notebook: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start `reprobook sweep` in the background, its cells held up."""
    (notebook.parent / "hold").touch()
    return subprocess.Popen(command(notebook, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def release(notebook: Path) -> None:
    (notebook.parent / "hold").unlink()


def begun(notebook: Path) -> list[Path]:
    return list(notebook.parent.glob("begun-*"))


@pytest.fixture
def held(write: Write) -> Path:
    """A notebook whose cell says that it has begun, and goes on when it is released."""
    return write("lr = 0.5\nwidth = 1", SLOW_CELL)


SPACES = ("--param", "width=int:1:4", "--sampler", "grid", "--no-cache")


def test_the_pool_gives_what_one_process_gives(sweep: Sweep) -> None:
    expected = sweep(trials=5)
    assert {trial.state for trial in expected.trials} == {"complete"}
    assert results(sweep(trials=5, executor="local", jobs=2, kernel="cold", cache=False)) == results(expected)


def test_a_trial_that_fails_is_noted_and_the_others_go_on(sweep: Sweep, write: Write) -> None:
    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=1 / (width - 2))")
    found = sweep(notebook, sampler="grid", trials=None, executor="local", kernel="cold", jobs=2, spaces=width_space())
    assert [trial.state for trial in found.trials] == ["complete", "failed", "complete"]
    assert found.trials[1].error is not None
    assert "ZeroDivisionError" in found.trials[1].error


def width_space() -> Any:
    from reprobook.space import Int  # noqa: PLC0415

    return {"width": Int(1, 3)}


@pytest.mark.parametrize("target", ["worker", "kernel"])
def test_a_killed_worker_or_kernel_costs_one_more_run(held: Path, store: Store, target: str) -> None:
    process = start(held, *SPACES, "--jobs", "2")
    wait_for(lambda: len(begun(held)) == 2)
    workers = psutil.Process(process.pid).children()
    victim = workers[0] if target == "worker" else workers[0].children()[0]
    victim.kill()
    wait_for(lambda: all_gone([victim]))
    release(held)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    record = SweepHandle.open(store, "latest").record()
    assert [trial.state for trial in record.trials] == ["complete"] * 4
    assert [trial.value for trial in record.trials] == [0.5, 1.0, 1.5, 2.0]
    statuses = [each.status for each in store.records(f"sweep == '{record.sweep_id}'")]
    assert sorted(statuses) == ["interrupted" if target == "worker" else "failed", *["succeeded"] * 4]
    wait_for(lambda: all_gone(workers))


@pytest.mark.parametrize("moment", ["trials run", "some have ended"])
def test_a_driver_killed_by_sigkill_leaves_a_sweep_that_can_be_resumed(held: Path, store: Store, moment: str) -> None:
    process = start(held, *SPACES, "--jobs", "2")
    wait_for(lambda: len(begun(held)) == 2)
    if moment == "some have ended":
        release(held)
        wait_for(lambda: sum(trial.finished for trial in SweepHandle.open(store, "latest").record().trials) >= 1)
    processes = family(process.pid)
    process.kill()
    process.communicate()
    before = SweepHandle.open(store, "latest").record()
    assert before.status == "interrupted"
    wait_for(lambda: all_gone(processes))
    (held.parent / "hold").unlink(missing_ok=True)
    after = resume_sweep(store, before.sweep_id)
    assert after.status == "succeeded"
    assert [trial.value for trial in after.trials] == [0.5, 1.0, 1.5, 2.0]
    for trial in before.trials:
        if trial.finished:
            assert after.trials[trial.number] == trial
    succeeded = [each.trial for each in store.records(f"sweep == '{after.sweep_id}' and status == 'succeeded'")]
    assert sorted(succeeded) == [0, 1, 2, 3]  # type: ignore[type-var]  # each once: nothing was made again


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_no_process_and_a_sweep_that_can_be_resumed(
    held: Path, store: Store, number: signal.Signals
) -> None:
    process = start(held, *SPACES, "--jobs", "2")
    wait_for(lambda: len(begun(held)) == 2)
    processes = family(process.pid)
    os.kill(process.pid, number)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert all_gone(processes)
    record = SweepHandle.open(store, "latest").record()
    assert record.status == "interrupted"
    assert {trial.state for trial in record.trials} == {"interrupted"}
    assert {each.status for each in store.records(f"sweep == '{record.sweep_id}'")} == {"interrupted"}
    release(held)
    assert [trial.value for trial in resume_sweep(store, "latest").trials] == [0.5, 1.0, 1.5, 2.0]


def test_a_second_driver_is_refused(held: Path, store: Store) -> None:
    process = start(held, *SPACES)
    wait_for(lambda: begun(held))
    second = [sys.executable, "-m", "reprobook", "sweep", "--resume", "latest", "--store", str(store.root)]
    refused = subprocess.run(second, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert f"driven by process {process.pid}" in refused.stderr
    release(held)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_a_pruned_trial_is_ended_while_it_runs(sweep: Sweep, write: Write, store: Store) -> None:
    cell = """\
import time, reprobook as rb
for step in range(40):
    rb.log(loss=width, step=step)
    if width > 7:
        time.sleep(0.25)"""
    from reprobook.space import Choice  # noqa: PLC0415

    notebook = write("width = 1", cell)
    events: list[SweepEvent] = []
    space = Choice(1, 2, 3, 4, 5, 6, 7, 8, 9)
    found = sweep(
        notebook,
        events,
        sampler="grid",
        trials=None,
        executor="local",
        kernel="cold",
        prune=True,
        spaces={"width": space},
    )
    assert [trial.state for trial in found.trials] == ["complete"] * 5 + ["complete"] * 2 + ["pruned"] * 2
    last = store.folder(str(found.trials[8].run_id))
    assert last.read_record().status == "interrupted"
    assert len(last.read_metrics().records) < 40
    assert found.trials[8].step == 0
    assert found.trials[8].value == 9
