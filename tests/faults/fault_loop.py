"""Kill an operation, or fail the disk under it, at its first step, its second, … until it completes undisturbed.

The method is SQLite's (https://www.sqlite.org/testing.html, "anomaly testing"). A step is one call that changes files;
each attempt is made by a fork of this process, in a store that holds the work of all earlier attempts, killed ones
included: nothing is cleaned up in between.

    python fault_loop.py {run,create,sweep,promote,fsck} {kill,ENOSPC,EIO,EACCES} FOLDER [STRIDE]
    python fault_loop.py {run,sweep} random FOLDER KILLS

prints one JSON document: the number of steps, how often it was stopped, and each thing that was found wrong. The second
kills after random times, always the same ones.
"""

from __future__ import annotations

import errno
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprobook.errors import ReprobookError
from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.execute.heavy import import_nbformat
from reprobook.execute.inline import execution  # noqa: F401  # what a run imports, once for all forks
from reprobook.promote import JobOptions, promote_notebook
from reprobook.promote.job_folder import PROOF
from reprobook.runs import RunFolder, Store, current_owner, fsck
from reprobook.runs.files import sha256_file
from reprobook.space import Int
from reprobook.sweep.folder import SweepFolder, sweep_ids
from reprobook.sweep.handle import resume_sweep, run_sweep
from reprobook.sweep.model import SweepOptions
from reprobook.sweep.record import read_record

CALLS = ("open", "write", "fsync", "rename", "replace", "mkdir", "unlink", "rmdir", "ftruncate", "utime")
CELLS = (
    "import reprobook as rb\nx = 1",
    "rb.log(loss=0.5, step=0)",
    "rb.save('model', [1, 2])\nrb.log(loss=0.25, step=1)",
)
Operation = Callable[[Path, Store], None]


def run(notebook: Path, store: Store) -> None:
    """Run a notebook from beginning to end."""
    record = run_notebook(notebook, store, RunOptions(kernel="inline", seed=1)).read_record()
    if record.error is not None:
        print(record.error.evalue, file=sys.stderr)  # what went wrong is said, if not raised
        os._exit(2)


def create(_: Path, store: Store) -> None:
    """Create an empty run."""
    store.create()


def sweep(notebook: Path, store: Store) -> None:
    """Run a sweep of two trials."""
    spaces = {"x": Int(1, 9)}
    options = SweepOptions(metric="loss", spaces=spaces, sampler="random", trials=2, executor="inline", cache=False)
    run_sweep(notebook, store, options, lambda _: None)


def resume(_: Path, store: Store) -> None:
    """Go on with the newest sweep."""
    resume_sweep(store, sweep_ids(store)[-1])


def promote(notebook: Path, store: Store) -> None:
    """Promote the first run into the one folder, unproved: what a proof runs, other tests interrupt."""
    first = min(store.records(), key=lambda record: record.sequence)
    out = notebook.with_name("job")
    promote_notebook(store.folder(first.run_id), store, JobOptions(), out=out, verify=False)


def mend(_: Path, store: Store) -> None:
    """Repair a store that a killed process left something in."""
    dead = store.create()
    dead.update(status="running", owner=current_owner().model_copy(update={"start_time": 1.0}))
    fsck(store, repair=True)


OPERATIONS = {"run": run, "create": create, "sweep": sweep, "promote": promote, "fsck": mend}


class Saboteur:
    """Strikes at the N-th call that changes a file below a folder.

    Args:
        number: Which one; 0: only count.
        strike: What to do then.
        folder: Only calls that name something below it, or no path at all, count.
    """

    def __init__(self, number: int, strike: Callable[[], None], folder: Path) -> None:
        self.count = 0
        self._number = number
        self._strike = strike
        self._folder = folder
        self._owner = os.getpid()

    def watch(self) -> None:
        """Begin to count."""
        for name in CALLS:
            setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **options: Any) -> Any:
            if self._counts(call.__name__, args):
                self.count += 1
                if self.count == self._number:
                    self._strike()
            return call(*args, **options)

        return watched

    def _counts(self, name: str, args: tuple[Any, ...]) -> bool:
        if os.getpid() != self._owner:
            return False
        if isinstance(args[0], int):
            return Path(f"/proc/self/fd/{args[0]}").readlink().is_relative_to(self._folder)
        reads = name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return not reads and Path(os.fsdecode(args[0])).absolute().is_relative_to(self._folder)


def attempt(  # noqa: PLR0913  # the last one by name
    operation: Operation, notebook: Path, store: Store, number: int, fault: str, *, after: float | None = None
) -> tuple[int, int, str]:
    """Make the operation once in a fork; return how it ended, how many steps it counted, and what it said.

    With ``after`` it is killed so many seconds after it began, if it has not ended by then.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(writing, 2)
        saboteur = Saboteur(number, _strike(fault), notebook.parent)
        saboteur.watch()
        code = 0
        try:
            operation(notebook, store)
        except ReprobookError as error:
            print(error, file=sys.stderr)
            code = 2
        finally:
            os.write(writing, f"\ncounted {saboteur.count}".encode())
            os._exit(code if sys.exception() is None else 3)
    os.close(writing)
    if after is not None and not select.select([reading], [], [], after)[0]:
        os.kill(child, signal.SIGKILL)
    said = b""
    while piece := os.read(reading, 1 << 16):
        said += piece
    os.close(reading)
    status = os.waitpid(child, 0)[1]
    counted = int(said.rpartition(b"counted ")[2] or 0) if b"counted " in said else 0
    return status, counted, said.decode(errors="replace")


def _strike(fault: str) -> Callable[[], None]:
    if fault == "kill":
        return lambda: os.kill(os.getpid(), signal.SIGKILL)

    def fail() -> None:
        code = getattr(errno, fault)
        raise OSError(code, os.strerror(code))

    return fail


def write_notebook(folder: Path) -> tuple[Path, bytes]:
    """Write the notebook that is run; returns it and its bytes."""
    notebook = folder / "nb.ipynb"
    cells = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": text, "outputs": [], "execution_count": None}
        for n, text in enumerate(CELLS)
    ]
    source = json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()
    notebook.write_bytes(source)
    return notebook, source


class Loop:
    """One operation, and what is found wrong after it was disturbed.

    Args:
        what: The name of the operation.
        folder: An empty folder, for notebook and store.
    """

    def __init__(self, what: str, folder: Path) -> None:
        import_nbformat()
        self.operation = OPERATIONS[what]
        self.notebook, self.source = write_notebook(folder)
        self.store = Store(folder / ".reprobook")
        self.wrong: list[str] = []
        self._read: set[str] = set()
        self._undisturbed("at first", run)
        self.first = self.store.folder(self.store.records()[0].run_id)
        self._lay_out()
        self.steps = self._undisturbed("undisturbed", self.operation)

    def _undisturbed(self, when: str, operation: Operation) -> int:
        status, steps, said = attempt(operation, self.notebook, self.store, 0, "kill")
        if status:
            self.wrong.append(f"{when}: {operation.__name__}: status {status}: {said[-2000:]}")
        return steps

    def _lay_out(self, number: int = 0) -> None:
        """Let there be what the operation is to meet with."""
        if self.operation is promote and number:
            self._lay_out_job(number)
        if self.operation is mend:
            (self.store.runs / ".new-0123456789abcdef").mkdir(exist_ok=True)
            (self.store.root / ".store.json.01234567.rbtmp").touch()

    def _lay_out_job(self, number: int) -> None:
        """Let the folder of the job be, by turns, as it was left, none, and the job of another run."""
        job, other = self.notebook.with_name("job"), self.notebook.with_name("other")
        if not other.exists():
            source = self.store.folder(self.first.run_id)
            promote_notebook(source, self.store, JobOptions(launchers=("slurm",)), out=other, verify=False)
        if number % 3:
            shutil.rmtree(job, ignore_errors=True)
        if number % 3 == 1:
            shutil.copytree(other, job)

    def disturb(self, number: int, fault: str, after: float | None = None) -> bool:
        """Make the operation, stop it, and look at what is left; what there is to go on with must go on.

        Return whether it was stopped: it takes a step more or less than the first time where folders are there already.
        """
        when = f"step {number}" if after is None else f"after {after:.3f} s"
        self._lay_out(number)
        status, counted, said = attempt(self.operation, self.notebook, self.store, number, fault, after=after)
        by_signal = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        ended = not by_signal and os.waitstatus_to_exitcode(status) in {0, 2}
        completed = status == 0 and counted < number
        if not (by_signal or completed if fault == "kill" and after is None else by_signal or ended):
            self.wrong.append(f"{when}: status {status}: {said[-2000:]}")
        found = self.complaints()
        if self.operation is sweep and sweep_ids(self.store):
            # A trial that a full disk failed has failed, and says so; one that was killed is made again.
            found += self._sweeps(when, {"complete"} if fault == "kill" else {"complete", "failed"})
        if self.operation is promote:
            self._undisturbed(f"{when}, again", promote)
            found += self._job()
        self.wrong += [f"{when}: {each}" for each in found]
        return not completed

    def complaints(self) -> list[str]:
        """Return what the store or the notebook do not keep of what they promise after any fault.

        Of a run that has ended all is read once, and once more at the end: else each step takes longer than the last.
        """
        found = [f"corrupt: {each.run_id}: {each.problem}" for each in self.store.corrupt()]
        records = self.store.records()
        if self.first.run_id not in {record.run_id for record in records}:
            found.append("the run before is not listed")
        if self.notebook.read_bytes() != self.source:
            found.append("the notebook was changed")
        found += [f"{record.run_id} is {record.status} for ever" for record in records if not record.ended]
        for record in [each for each in records if each.run_id not in self._read]:
            self._read.add(record.run_id)
            folder = self.store.folder(record.run_id)
            if record.status == "succeeded":
                found += self._lacking(folder)
            if record.files:
                folder.check_integrity()
        return found

    def _lacking(self, run: RunFolder) -> list[str]:
        """Return what a run that is said to have succeeded has not left."""
        kept = (run.source, run.header, run.trace, run.executed)
        if missing := [path.name for path in kept if not path.exists()]:
            return [f"{run.run_id} succeeded without {missing}"]
        cells = len(read_trace(run).cells)
        return [f"{run.run_id} succeeded with {cells} cells"] if cells != len(CELLS) else []

    def _sweeps(self, when: str, states: set[str]) -> list[str]:
        """Go on with the newest sweep; whatever it had, it ends with both of its trials, in one of these states."""
        folder = SweepFolder(self.store.root / "sweeps" / sweep_ids(self.store)[-1])
        before = read_record(folder)
        found = [f"the sweep is {before.status}"] if before.status in {"running", "paused"} else []
        if before.status != "succeeded":
            self._undisturbed(f"{when}, resumed", resume)
        after = read_record(folder)
        if len(after.trials) != 2 or not {trial.state for trial in after.trials} <= states:  # both
            found.append(f"resumed, its trials are {[trial.state for trial in after.trials]}")
        kept = {trial.number: trial for trial in before.trials if trial.finished and trial.state == "complete"}
        lost = [number for number, trial in kept.items() if after.trials[number] != trial]
        return found + [f"trial {number} was lost" for number in lost]

    def _job(self) -> list[str]:
        """Compare the files of the job with what its proof says of them."""
        job = self.notebook.with_name("job")
        if not (job / PROOF).exists():
            return ["there is no job"]
        names = json.loads((job / PROOF).read_bytes())["files"]
        found = {path.relative_to(job).as_posix() for path in job.rglob("*") if path.is_file()} - {PROOF}
        wrong = [f"the job holds {sorted(found ^ names.keys())}"] if found != names.keys() else []
        return wrong + [f"{name} is torn" for name in found & names.keys() if sha256_file(job / name) != names[name]]

    def report(self) -> dict[str, Any]:
        """Repair the store, use it once more, and say what was wrong in all of it."""
        repaired = fsck(self.store, repair=True)
        self.wrong += [f"fsck: {each.place}: {each.problem}" for each in repaired.problems if not each.repaired]
        self.wrong += [f"fsck again: {each.place}: {each.problem}" for each in fsck(self.store).problems]
        self._undisturbed("afterwards", self.operation)
        self._read.clear()
        self.wrong += [f"at the end: {each}" for each in self.complaints()]
        return {"steps": self.steps, "wrong": self.wrong, "runs": len(self.store.names())}


def main(what: str, fault: str, folder: Path, number: int = 1) -> dict[str, Any]:
    """Loop until the operation completes, or as often as asked, and report."""
    loop = Loop(what, folder)
    if fault != "random":
        stopped = sum(loop.disturb(step, fault) for step in range(1, loop.steps + 1, number))
        return loop.report() | {"stopped": stopped}
    started = time.monotonic()
    attempt(loop.operation, loop.notebook, loop.store, 0, "kill")
    longest = (time.monotonic() - started) * 1.1
    chance = random.Random(20261129)  # noqa: S311 - the same times again
    for _ in range(number):
        loop.disturb(0, "kill", after=chance.uniform(0, longest))
    return loop.report()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int((sys.argv[4:] or ["1"])[0])), indent=1))
