"""The folder of a sweep, ``STORE/sweeps/ID``: its plan, its journal, what it is told, and who drives it."""

from __future__ import annotations

import difflib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from reprobook.errors import InputError
from reprobook.runs import Owner, Store, check_id, current_owner, is_dead, new_id
from reprobook.runs.files import make_folder, naming, read_bytes, write_atomic
from reprobook.sweep.journal import Journal
from reprobook.sweep.model import SweepStatus
from reprobook.sweep.plan import Plan
from reprobook.sweep.plan_file import parse_plan, plan_bytes

Control = Literal["run", "pause", "stop"]
_CONTROLS: dict[str, Control] = {"run": "run", "pause": "pause", "stop": "stop"}
_GOING_ON = {"running", "paused"}


@dataclass(frozen=True)
class State:
    """Where a sweep stands, as its last driver wrote it; ``owner`` is that driver's process."""

    status: SweepStatus
    owner: Owner | None = None
    error: str | None = None

    @property
    def alive(self) -> bool:
        """Whether the driver is at work, as far as can be told."""
        return self.status in _GOING_ON and self.owner is not None and not is_dead(self.owner)


class SweepFolder:
    """The files of one sweep; nothing is read when the object is made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sweep_id = path.name
        self.plan = path / "plan.json"
        self.source = path / "source.ipynb"
        self.log = path / "driver.log"
        self.journal = Journal(path / "trials.jsonl")
        self._control = path / "control"
        self._state = path / "state.json"
        self._lock = path / "driver.lock"

    def read_plan(self) -> Plan:
        """Return the plan.

        Raises:
            IntegrityError: If it is missing or damaged.
        """
        place = f"{self.sweep_id}/{self.plan.name}"
        return parse_plan(read_bytes(self.plan, place), place)

    def control(self) -> Control:
        """Return what the driver is told to do."""
        try:
            return _CONTROLS.get(self._control.read_text().strip(), "run")
        except OSError:
            return "run"

    def tell(self, control: Control) -> None:
        """Tell the driver what to do."""
        write_atomic(self._control, f"{control}\n".encode(), durable=False)

    def state(self) -> State:
        """Return where the sweep stands: interrupted, where its driver was killed before it could say so."""
        try:
            data = json.loads(self._state.read_bytes())
            owner = None if data["owner"] is None else Owner.model_validate(data["owner"])
            status = TypeAdapter(SweepStatus).validate_python(data["status"])
            state = State(status, owner, None if data["error"] is None else str(data["error"]))
        except (OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError):
            return State("interrupted")
        if state.status in _GOING_ON and not state.alive:
            return State("interrupted", state.owner)
        return state

    def stamp(self) -> int:
        """Return what changes whenever a driver writes where the sweep stands; 0 before the first did."""
        return self._state.stat().st_mtime_ns if self._state.exists() else 0

    def set_state(self, status: SweepStatus, error: str | None = None) -> None:
        """Write where the sweep stands; this process drives it."""
        owner = current_owner().model_dump(mode="json")
        data = {"status": status, "owner": owner, "error": error}
        write_atomic(self._state, json.dumps(data).encode() + b"\n", durable=False)

    @contextmanager
    def driven(self) -> Iterator[None]:
        """Be the one driver of the sweep: the lock is the system's, and dies with its holder.

        Raises:
            InputError: If another process is.
            StorageError: If the disk refuses.
        """
        lock = FileLock(self._lock, timeout=0, mode=0o600)
        with naming("lock", self._lock):
            try:
                lock.acquire()
            except Timeout as error:
                raise self._driven_elsewhere() from error
        try:
            owner = self.state().owner
            # Where a file system of several hosts keeps no locks, what the other driver wrote still counts.
            if self.state().alive and owner is not None and owner.host != current_owner().host:
                raise self._driven_elsewhere()
            yield
        finally:
            lock.release()

    def _driven_elsewhere(self) -> InputError:
        owner = self.state().owner
        who = f"process {owner.pid} on {owner.host}" if owner else "another process"
        msg = f"sweep {self.sweep_id} is driven by {who} already"
        return InputError(msg, hint="Watch it with `reprobook runs --where \"sweep == '…'\"`, or stop it first.")


def create_folder(store: Store, plan: Plan, source: bytes) -> SweepFolder:
    """Write a plan into a new folder; it is complete from the first moment that it is seen."""
    store.prepare()
    folder = SweepFolder(sweeps_of(store) / plan.sweep_id)
    make_folder(folder.path)
    write_atomic(folder.source, source)
    folder.tell("run")
    write_atomic(folder.plan, plan_bytes(plan))
    return folder


def new_sweep_id(store: Store) -> str:
    """Return an id that no sweep and no run of the store has."""
    while (sweeps_of(store) / (sweep_id := new_id())).exists() or (store.runs / sweep_id).exists():
        pass
    return sweep_id


def sweeps_of(store: Store) -> Path:
    """Return the folder of all sweeps."""
    return store.root / "sweeps"


def sweep_ids(store: Store) -> list[str]:
    """Return the ids of all sweeps, the oldest first."""
    plans = [(path.parent.name, path.stat().st_mtime_ns) for path in sweeps_of(store).glob("*/plan.json")]
    # Ids count seconds; within one, the time at which the plan was frozen tells.
    return [name for name, _ in sorted(plans, key=lambda each: (each[0][: -len("-abcd")], each[1]))]


def remove_folder(folder: SweepFolder) -> None:
    """Remove a sweep whose runs are gone; its plan first, without which a folder is no sweep.

    Raises:
        StorageError: If the disk refuses.
    """
    with naming("delete", folder.path):
        folder.plan.unlink(missing_ok=True)
        shutil.rmtree(folder.path)


def find_folder(store: Store, text: str) -> SweepFolder:
    """Find a sweep by ``latest``, its id, or a unique beginning of it.

    Raises:
        InputError: If there is none, or more than one.
    """
    known = sweep_ids(store)
    matches = known[-1:] if text == "latest" else [name for name in known if text and name.startswith(text)]
    matches = [text] if text in known else matches
    if len(matches) == 1:
        return SweepFolder(sweeps_of(store) / check_id(matches[0]))
    if matches:
        msg = f"{text!r} is the beginning of {len(matches)} sweeps: {', '.join(matches[:5])}"
        raise InputError(msg, hint="Type more of the id.")
    close = difflib.get_close_matches(text, known, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known[-3:])}." if known else "Start one."
    msg = f"no sweep {text!r} in {store.root}"
    raise InputError(msg, hint=hint)
