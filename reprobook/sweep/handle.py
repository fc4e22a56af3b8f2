"""A sweep seen from outside: read while it runs, paused, resumed, stopped. All of it goes through files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobook.runs import Store
from reprobook.sweep.model import OnSweepEvent, SweepOptions, SweepRecord, Trial, ignore_event

if TYPE_CHECKING:
    import pandas as pd  # takes a second to import


def start_sweep(notebook: Path, store: Store, options: SweepOptions) -> SweepHandle:
    """Freeze the plan of a sweep and start its driver: a process of its own, which outlives this one.

    Raises:
        InputError: If the notebook, a space, a constraint or another option is wrong: nothing ran.
    """
    raise NotImplementedError


def run_sweep(
    notebook: Path, store: Store, options: SweepOptions, on_event: OnSweepEvent = ignore_event
) -> SweepRecord:
    """Run a sweep in this process until it has ended, and return its record.

    Raises:
        InputError: If the notebook, a space, a constraint or another option is wrong: nothing ran.
        KeyboardInterrupt: On Ctrl-C or SIGTERM, after the sweep was left so that it can be resumed.
    """
    raise NotImplementedError


def resume_sweep(store: Store, sweep_id: str, on_event: OnSweepEvent = ignore_event) -> SweepRecord:
    """Go on with a sweep that was stopped, interrupted or killed, in this process; as ``run_sweep``.

    Raises:
        InputError: If there is no such sweep, or another process drives it.
    """
    raise NotImplementedError


def sweeps(store: Store) -> tuple[SweepHandle, ...]:
    """Return the sweeps of a store, newest first."""
    raise NotImplementedError


class SweepHandle:
    """One sweep of a store, whoever drives it.

    Args:
        store: The store that it is in.
        sweep_id: Its id.
    """

    def __init__(self, store: Store, sweep_id: str) -> None:
        self.store = store
        self.sweep_id = sweep_id

    @classmethod
    def open(cls, store: Store, sweep_id: str) -> SweepHandle:
        """Return the sweep with this id, a unique beginning of one, or ``latest``.

        Raises:
            InputError: If there is none.
        """
        raise NotImplementedError

    def record(self) -> SweepRecord:
        """Return what is known of it now; cheap, and safe while it runs."""
        raise NotImplementedError

    @property
    def alive(self) -> bool:
        """Whether a process drives it."""
        raise NotImplementedError

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return self.record().best

    def pause(self) -> None:
        """Start no further trial; those that run go on."""
        raise NotImplementedError

    def resume(self) -> None:
        """Go on, with a new driver where there is none; nothing where all is done."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the trials that run, and the driver; ``resume`` goes on from there."""
        raise NotImplementedError

    def wait(self, timeout: float | None = None, on_record: Callable[[SweepRecord], None] | None = None) -> SweepRecord:
        """Wait until nobody drives it, at most ``timeout`` seconds, and return the record.

        ``on_record`` is called with each new state, about twice a second.
        """
        raise NotImplementedError

    def frame(self) -> pd.DataFrame:
        """Return the trials as a pandas DataFrame: number, state, value, a column a parameter, run_id."""
        raise NotImplementedError

    def plot(self, kind: str = "history") -> Any:
        """Return a matplotlib figure: ``history``, ``parallel``, ``importance`` or ``curves``."""
        raise NotImplementedError
