"""Kill an operation, or fail the disk under it, at its first step, its second, … until it completes undisturbed.

The method is SQLite's (https://www.sqlite.org/testing.html, "anomaly testing"). A step is one call that changes files;
each attempt is made by a fork of this process, in a store that holds the work of all earlier attempts, killed ones
included: nothing is cleaned up in between.

    python fault_loop.py {run,create} {kill,ENOSPC,EIO,EACCES} FOLDER [STRIDE]

prints one JSON document: the number of steps, and each thing that was found wrong.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprobook.errors import ReprobookError
from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.execute.heavy import import_nbformat
from reprobook.execute.inline import execution  # noqa: F401  # what a run imports, once for all forks
from reprobook.runs import RunFolder, Store, fsck

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


def attempt(operation: Operation, notebook: Path, store: Store, number: int, fault: str) -> tuple[int, int, str]:
    """Make the operation once in a fork; return how it ended, how many steps it counted, and what it said."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(writing, 2)
        saboteur = Saboteur(number, _strike(fault), store.root)
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


def complaints(store: Store, source: bytes, notebook: Path, first: RunFolder) -> list[str]:
    """Return what the store or the notebook do not keep of what they promise after any fault."""
    found = [f"corrupt: {each.run_id}: {each.problem}" for each in store.corrupt()]
    records = store.records()
    if first.run_id not in {record.run_id for record in records}:
        found.append("the run before is not listed")
    first.check_integrity()
    if notebook.read_bytes() != source:
        found.append("the notebook was changed")
    for record in records:
        folder = store.folder(record.run_id)
        if not record.ended:
            found.append(f"{record.run_id} is {record.status} for ever")
        elif record.status == "succeeded" and len(read_trace(folder).cells) != len(CELLS):
            found.append(f"{record.run_id} succeeded with {len(read_trace(folder).cells)} cells")
        if record.files:
            folder.check_integrity()
    return found


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


def main(what: str, fault: str, folder: Path, stride: int = 1) -> dict[str, Any]:
    """Loop until the operation completes, and report."""
    import_nbformat()
    operation = {"run": run, "create": create}[what]
    notebook, source = write_notebook(folder)
    store = Store(folder / ".reprobook")
    status, steps, said = attempt(run, notebook, store, 0, fault)
    if status:
        return {"steps": 0, "wrong": [f"undisturbed: status {status}: {said}"]}
    first = store.folder(store.records()[0].run_id)
    _, steps, _ = attempt(operation, notebook, store, 0, fault)
    wrong: list[str] = []
    for number in range(1, steps + 1, stride):
        status, _, said = attempt(operation, notebook, store, number, fault)
        ended = (
            os.WTERMSIG(status) == signal.SIGKILL if fault == "kill" else os.waitstatus_to_exitcode(status) in {0, 2}
        )
        if not ended:
            wrong.append(f"step {number}: status {status}: {said[-2000:]}")
        wrong += [f"step {number}: {each}" for each in complaints(store, source, notebook, first)]
    report = fsck(store, repair=True)
    wrong += [f"fsck: {each.place}: {each.problem}" for each in report.problems if not each.repaired]
    wrong += [f"fsck again: {each.place}: {each.problem}" for each in fsck(store).problems]
    status, _, said = attempt(operation, notebook, store, 0, fault)
    if status:
        wrong.append(f"afterwards: status {status}: {said}")
    return {"steps": steps, "wrong": wrong, "runs": len(store.names())}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int((sys.argv[4:] or ["1"])[0])), indent=1))
