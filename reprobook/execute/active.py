"""``rb.log``, ``rb.save`` and ``rb.device``: the same calls in a notebook, a headless run and a promoted script."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

from reprobook.errors import EnvironmentMismatchError
from reprobook.execute.sinklog import Place, SinkLog
from reprobook.execute.snapshot import Snapshot

_active: list[tuple[SinkLog, str]] = []


def activate(sinks: SinkLog, device: str = "auto") -> None:
    """Make this where ``rb.log`` writes, until ``deactivate``."""
    _active.append((sinks, device))


def deactivate(sinks: SinkLog) -> None:
    """Stop writing there."""
    _active[:] = [entry for entry in _active if entry[0] is not sinks]


def log(*, step: int | None = None, **values: Any) -> None:
    """Log metrics: ``rb.log(loss=0.3, accuracy=0.9, step=epoch)``.

    A value is a number, or an array or tensor of one element. Outside a recorded run a warning is given once.

    Raises:
        InputError: If a value is not one number; names the metric.
    """
    if sinks := active_sinks():
        sinks.log(values, step)


def save(name: str, value: Any, *, step: int | None = None, **states: Any) -> None:
    """Save an object as an artifact of the run: ``rb.save("model", model)``.

    With ``step``, or with what its training needs to go on (``optimizer=optimizer, schedule=schedule``), it is saved
    as a checkpoint: ``artifacts/MODEL/VERSION/TIME/`` with weights, states, the positions of the random generators and
    ``metadata.json``. ``rb.load`` takes it from there.

    Nothing is returned: a path at the end of a cell would be another one in each run.

    Raises:
        InputError: If the name is no plain file name, or a state cannot be saved.
    """
    if sinks := active_sinks():
        if step is None and not states:
            sinks.save(name, value)
        else:
            sinks.save_checkpoint(Snapshot(name, value, states, step))


def loaded_checkpoint(place: str) -> None:
    """Note which checkpoint this run goes on from."""
    if _active:
        _active[-1][0].loaded = place


def store_root() -> Path | None:
    """Return the store that this process's run is in, if it is in one."""
    return _active[-1][0].provenance.store if _active else None


def keep(name: str, data: bytes) -> None:
    """Keep a file with what is recorded, if anything is; unlike an artifact it is no result.

    Raises:
        InputError: If the name leads out of the folder.
    """
    if _active:
        _active[-1][0].keep(name, data)


def place() -> Place | None:
    """Return where what is recorded goes; None where nothing is."""
    return _active[-1][0].place if _active else None


def device() -> str:
    """Return the device to train on: ``cuda``, ``mps`` or ``cpu``; what the run asked for, else the best there is.

    Raises:
        EnvironmentMismatchError: If torch cannot use the one that was asked for.
    """
    asked = _active[-1][1] if _active else "auto"
    torch = sys.modules.get("torch")
    if asked != "auto":
        if torch is not None and asked != "cpu" and not _usable(torch, asked):
            msg = f"--device {asked}: torch {torch.__version__} finds no such device here"
            raise EnvironmentMismatchError(msg, hint="Leave --device out, or install a torch that is built for it.")
        return asked
    if torch is None:
        return "cpu"
    return "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"


def _usable(torch: Any, name: str) -> bool:
    """Tell whether torch can compute on this device here."""
    return bool(torch.cuda.is_available() if name == "cuda" else torch.backends.mps.is_available())


def active_sinks() -> SinkLog | None:
    """Return where to write; outside a recorded run, warn."""
    if _active:
        return _active[-1][0]
    warnings.warn("reprobook records nothing yet: run `%reprotrain init` first", stacklevel=3)
    return None
