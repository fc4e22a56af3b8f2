"""A sweep seen from outside: read while it runs, paused, resumed, stopped. All of it goes through files."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobook.errors import InputError
from reprobook.execute.preparation import read_source
from reprobook.execute.warm import WarmServer
from reprobook.runs import Store
from reprobook.sweep.drive import drive
from reprobook.sweep.folder import SweepFolder, create_folder, find_folder, new_sweep_id, sweep_ids
from reprobook.sweep.frame import trials_frame
from reprobook.sweep.model import OnSweepEvent, SweepOptions, SweepRecord, Trial, ignore_event
from reprobook.sweep.plan import make_plan
from reprobook.sweep.process import start_driver
from reprobook.sweep.record import read_record
from reprobook.sweep.text import sweep_html, sweep_text

if TYPE_CHECKING:
    import pandas as pd  # takes a second to import

_LOOK = 0.5  # seconds


def start_sweep(notebook: Path, store: Store, options: SweepOptions) -> SweepHandle:
    """Freeze the plan of a sweep and start its driver: a process of its own, which outlives this one.

    Raises:
        InputError: If the notebook, a space, a constraint or another option is wrong: nothing ran.
    """
    folder = _freeze(notebook, store, options)
    start_driver(folder, store)
    return SweepHandle(store, folder.sweep_id)


def run_sweep(
    notebook: Path,
    store: Store,
    options: SweepOptions,
    on_event: OnSweepEvent = ignore_event,
    server: WarmServer | None = None,
) -> SweepRecord:
    """Run a sweep in this process until it has ended, and return its record.

    Args:
        notebook: The notebook.
        store: The store that the runs go into.
        options: What is asked.
        on_event: Told of what happens.
        server: What its runs are forked from, where ``early_server`` has started it.

    Raises:
        InputError: If the notebook, a space, a constraint or another option is wrong: nothing ran.
        KeyboardInterrupt: On Ctrl-C or SIGTERM, after the sweep was left so that it can be resumed.
    """
    folder = _freeze(notebook, store, options)
    drive(folder, store, on_event, server)
    return read_record(folder)


def resume_sweep(store: Store, sweep_id: str, on_event: OnSweepEvent = ignore_event) -> SweepRecord:
    """Go on with a sweep that was stopped, interrupted or killed, in this process; as ``run_sweep``.

    Raises:
        InputError: If there is no such sweep, or another process drives it.
    """
    folder = find_folder(store, sweep_id)
    folder.tell("run")
    drive(folder, store, on_event)
    return read_record(folder)


def _freeze(notebook: Path, store: Store, options: SweepOptions) -> SweepFolder:
    """Check all of it, and write the plan."""
    source = read_source(notebook)
    return create_folder(store, make_plan(new_sweep_id(store), notebook, source, options), source)


def sweeps(store: Store) -> tuple[SweepHandle, ...]:
    """Return the sweeps of a store, newest first."""
    return tuple(SweepHandle(store, sweep_id) for sweep_id in reversed(sweep_ids(store)))


class SweepHandle:
    """One sweep of a store, whoever drives it.

    Args:
        store: The store that it is in.
        sweep_id: Its id.
    """

    def __init__(self, store: Store, sweep_id: str) -> None:
        self.store = store
        self.sweep_id = sweep_id
        self._folder = find_folder(store, sweep_id)

    @classmethod
    def open(cls, store: Store, sweep_id: str) -> SweepHandle:
        """Return the sweep with this id, a unique beginning of one, or ``latest``.

        Raises:
            InputError: If there is none.
        """
        return cls(store, find_folder(store, sweep_id).sweep_id)

    def record(self) -> SweepRecord:
        """Return what is known of it now; cheap, and safe while it runs."""
        return read_record(self._folder)

    @property
    def alive(self) -> bool:
        """Whether a process drives it."""
        return self._folder.state().alive

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return self.record().best

    def pause(self) -> None:
        """Start no further trial; those that run go on."""
        self._folder.tell("pause")

    def resume(self) -> None:
        """Go on, with a new driver where there is none; nothing where all is done."""
        if self._folder.control() == "stop":
            self.wait()  # a driver that is about to leave does not look at what it is told any more
        self._folder.tell("run")
        if not self.alive and self._folder.state().status != "succeeded":
            start_driver(self._folder, self.store)

    def stop(self) -> None:
        """End the trials that run, and the driver; ``resume`` goes on from there."""
        self._folder.tell("stop")

    def wait(self, timeout: float | None = None, on_record: Callable[[SweepRecord], None] | None = None) -> SweepRecord:
        """Wait until nobody drives it, at most ``timeout`` seconds, and return the record.

        ``on_record`` is called with each new state, about twice a second.
        """
        until = float("inf") if timeout is None else time.monotonic() + timeout
        seen = None
        while True:
            alive = self.alive  # first: what was written before the end is then in the record
            record = self.record()
            if on_record is not None and record != seen:
                on_record(record)
            seen = record
            left = until - time.monotonic()
            if not alive or left <= 0:
                return record
            time.sleep(min(_LOOK, left))

    def frame(self) -> pd.DataFrame:
        """Return the trials as a pandas DataFrame: number, state, value, a column a parameter, run_id."""
        return trials_frame(self.record())

    def plot(self, kind: str = "history") -> Any:
        """Return a matplotlib figure: ``history``, ``parallel``, ``importance`` or ``curves``.

        Raises:
            InputError: If there is no such figure.
        """
        from reprobook.sweep.figures import FIGURES  # noqa: PLC0415 - matplotlib takes a second to import

        if kind not in FIGURES:
            msg = f"there is no figure {kind!r} of a sweep"
            raise InputError(msg, hint=f"There are: {', '.join(FIGURES)}.")
        return FIGURES[kind](self.record(), self.store)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        record = self.record()
        return {"text/plain": sweep_text(record), "text/html": sweep_html(record)}

    def __repr__(self) -> str:
        return f"SweepHandle({self.sweep_id!r})"
