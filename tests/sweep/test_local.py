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

from reprobook.space import Int
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
PATIENCE = 300.0


def wait_for(condition: Callable[[], Any]) -> Any:
    """Wait until something holds, however slow the machine is."""
    until = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < until, "nothing happened"
        time.sleep(0.05)
    return found


def processes_of(store: Store, pid: int) -> list[psutil.Process]:
    """Return what a driver has started, and what drives the runs that go on."""
    owners = [record.owner.pid for record in store.records("status == 'running'") if record.owner]
    kernels = [child for owner in owners for child in psutil.Process(owner).children(recursive=True)]
    return [*psutil.Process(pid).children(recursive=True), *map(psutil.Process, owners), *kernels]


def all_gone(processes: list[psutil.Process]) -> bool:
    return not [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def command(notebook: Path, *options: str) -> list[str]:
    fixed = ["--metric", "loss", "--direction", "min", "--trials", "4", "--json"]
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


KERNELS = ["warm", pytest.param("cold", marks=pytest.mark.slow)]


@pytest.mark.parametrize("jobs", [pytest.param(1, marks=pytest.mark.slow), 2])
@pytest.mark.parametrize("kernel", KERNELS)
def test_the_pool_gives_what_one_process_gives(sweep: Sweep, kernel: str, jobs: int) -> None:
    expected = sweep(trials=5)
    assert {trial.state for trial in expected.trials} == {"complete"}
    found = sweep(trials=5, executor="local", jobs=jobs, kernel=kernel, cache=False)
    assert results(found) == results(expected)


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_trial_that_fails_is_noted_and_the_others_go_on(sweep: Sweep, write: Write, kernel: str) -> None:
    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=1 / (width - 2))")
    spaces = {"width": Int(1, 3)}
    found = sweep(notebook, sampler="grid", trials=None, executor="local", kernel=kernel, jobs=2, spaces=spaces)
    assert [trial.state for trial in found.trials] == ["complete", "failed", "complete"]
    assert found.trials[1].error is not None
    assert "ZeroDivisionError" in found.trials[1].error


def test_what_no_fork_can_do_runs_in_a_cold_kernel_and_says_so(sweep: Sweep, write: Write) -> None:
    notebook = write("width = 1", "import reprobook as rb\nrb.log(loss=width + (get_ipython().kernel is None))")
    events: list[SweepEvent] = []
    found = sweep(notebook, events, spaces={"width": Int(1, 3)}, trials=2, executor="local", kernel="warm")
    assert {trial.state for trial in found.trials} == {"complete"}
    assert len([event for event in events if event.kind == "note" and "no warm kernel" in event.text]) == 1


@pytest.mark.parametrize(
    ("target", "kernel"),
    [("fork", "warm"), *(pytest.param(target, "cold", marks=pytest.mark.slow) for target in ("worker", "kernel"))],
)
def test_what_is_killed_in_a_trial_costs_one_more_run(held: Path, store: Store, target: str, kernel: str) -> None:
    process = start(held, *SPACES, "--jobs", "2", "--kernel", kernel)
    wait_for(lambda: len(begun(held)) == 2)
    started = processes_of(store, process.pid)
    owner = psutil.Process(store.records("trial == 0")[0].owner.pid)  # type: ignore[union-attr]
    victim = owner.children()[0] if target == "kernel" else owner
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
    wait_for(lambda: all_gone(started))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("moment", ["trials run", pytest.param("some have ended", marks=pytest.mark.slow)])
def test_a_driver_killed_by_sigkill_leaves_a_sweep_that_can_be_resumed(
    held: Path, store: Store, moment: str, kernel: str
) -> None:
    process = start(held, *SPACES, "--jobs", "2", "--kernel", kernel)
    wait_for(lambda: len(begun(held)) == 2)
    started = processes_of(store, process.pid)
    if moment == "some have ended":
        release(held)
        wait_for(lambda: sum(trial.finished for trial in SweepHandle.open(store, "latest").record().trials) >= 1)
    process.kill()
    process.communicate()
    before = SweepHandle.open(store, "latest").record()
    assert before.status == "interrupted"
    wait_for(lambda: all_gone(started))
    (held.parent / "hold").unlink(missing_ok=True)
    after = resume_sweep(store, before.sweep_id)
    assert after.status == "succeeded"
    assert [trial.value for trial in after.trials] == [0.5, 1.0, 1.5, 2.0]
    for trial in before.trials:
        if trial.finished:
            assert after.trials[trial.number] == trial
    succeeded = [each.trial for each in store.records(f"sweep == '{after.sweep_id}' and status == 'succeeded'")]
    assert sorted(succeeded) == [0, 1, 2, 3]  # type: ignore[type-var]  # each once: nothing was made again


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_ctrl_c_leaves_no_process_and_a_sweep_that_can_be_resumed(
    held: Path, store: Store, number: signal.Signals, kernel: str
) -> None:
    process = start(held, *SPACES, "--jobs", "2", "--kernel", kernel)
    wait_for(lambda: len(begun(held)) == 2)
    started = processes_of(store, process.pid)
    os.kill(process.pid, number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    wait_for(lambda: all_gone(started))
    record = SweepHandle.open(store, "latest").record()
    assert f"reprobook sweep --resume {record.sweep_id}" in said.decode()
    assert record.status == "interrupted"
    assert {trial.state for trial in record.trials} == {"interrupted"}
    assert {each.status for each in store.records(f"sweep == '{record.sweep_id}'")} == {"interrupted"}
    release(held)
    assert [trial.value for trial in resume_sweep(store, "latest").trials] == [0.5, 1.0, 1.5, 2.0]


@pytest.mark.slow
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


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_pruned_trial_is_ended_while_it_runs(sweep: Sweep, write: Write, store: Store, kernel: str) -> None:
    cell = """\
import time, reprobook as rb
for step in range(40):
    rb.log(loss=width, step=step)
    if width > 8:
        time.sleep(0.25)"""
    options = {"sampler": "grid", "trials": None, "prune": True, "spaces": {"width": Int(1, 9)}, "cache": False}
    notebook = write("width = 1", cell)
    found = sweep(notebook, executor="local", kernel=kernel, **options)
    # The last is the first that may know of five complete ones.
    assert [trial.state for trial in found.trials] == ["complete"] * 8 + ["pruned"]
    last = found.trials[8]
    assert (last.step, last.value) == (0, 9)
    run = store.folder(str(last.run_id))
    assert run.read_record().status == "interrupted"
    assert len(run.read_metrics().records) < 40
