"""A trial on a node of a cluster: what a Ray worker does for a task. Knows no Ray.

The run is made by a worker process of the local executor, in a store that is thrown away, and comes back as bytes.
"""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reprobook.runs import RunFolder, Store
from reprobook.runs.archive import pack_run
from reprobook.runs.model import record_bytes
from reprobook.sweep.executor.local import LocalExecutor
from reprobook.sweep.executor.parcel import Parcel, unpack_parcel
from reprobook.sweep.executor.port import ExecutorSettings, TrialEvent, TrialTask

_LOOK = 0.5  # seconds
# Set by Ray for its own workers; a run would take them for its circumstances.
_SET_BY_RAY = ("RAY_", "OMP_NUM_THREADS", "PYTHONBREAKPOINT")


@dataclass(frozen=True)
class Item:
    """What comes back of a task, piece by piece.

    Attributes:
        event: What happened.
        record: With ``started``: the record of the run, as bytes.
        archive: With ``ended``: the run, packed; empty where there was none.
    """

    event: TrialEvent
    record: bytes = b""
    archive: bytes = b""


@dataclass(frozen=True)
class Site:
    """Where and how the tasks of one sweep are carried out.

    Attributes:
        scratch: Folder for what is thrown away; None: that of the system.
        environment: Variables of the driver, where it is on the same machine; None: the node's own.
        gpus: Ray assigns each task its GPUs, by ``CUDA_VISIBLE_DEVICES``.
    """

    scratch: str | None = None
    environment: Mapping[str, str] | None = None
    gpus: bool = False


# Kept from task to task: to start a process and import everything takes longer than a short trial.
_pools: list[LocalExecutor] = []


def carry_out(task: TrialTask, parcel: Parcel | None, site: Site, is_cancelled: Callable[[], bool]) -> Iterator[Item]:
    """Make the run of a task, and yield what happens; the last item has ended it."""
    if is_cancelled():
        yield Item(TrialEvent(kind="ended", key=task.key, status="interrupted"))
        return
    with tempfile.TemporaryDirectory(prefix="reprobook-trial-", dir=site.scratch, ignore_cleanup_errors=True) as place:
        store = Store(Path(place) / "store")
        here = replace(unpack_parcel(task, parcel, Path(place) / "work"), store=str(store.root))
        if site.gpus:
            here = _with_gpus(here)
        pool = _pool()
        with _environment(site):
            pool.submit(here)
        ended = False
        while not ended:
            for event in pool.events(_LOOK):
                ended = event.kind == "ended"
                yield _item(event, store)
            if not ended and is_cancelled():
                pool.cancel(task.key)


def _item(event: TrialEvent, store: Store) -> Item:
    """Return an event with what belongs to it."""
    if event.kind == "started":
        return Item(event, record=record_bytes(store.folder(event.run_id).read_record()))
    if event.kind == "ended" and event.run_id:
        return Item(event, archive=_archive(store.folder(event.run_id)))
    return Item(event)


def _with_gpus(task: TrialTask) -> TrialTask:
    """Return a task whose process sees the GPUs that Ray has assigned to this one."""
    pins = task.options.pins
    variables = {**pins.environment, "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "")}
    return replace(task, options=replace(task.options, pins=replace(pins, environment=variables)))


def _archive(run: RunFolder) -> bytes:
    """Pack a run, if it was sealed: one whose process was killed just now may not be."""
    return pack_run(run) if run.read_record().ended else b""


def _pool() -> LocalExecutor:
    """Return the executor of this process."""
    if not _pools:
        _pools.append(LocalExecutor(ExecutorSettings()))
        atexit.register(lambda: _pools.pop().__exit__(None, None, None))
    return _pools[0]


@contextmanager
def _environment(site: Site) -> Iterator[None]:
    """Have the environment of the site for a moment: processes that start now get it."""
    before = dict(os.environ)
    own = {name: value for name, value in before.items() if not name.startswith(_SET_BY_RAY)}
    os.environ.clear()
    os.environ.update(own if site.environment is None else site.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
