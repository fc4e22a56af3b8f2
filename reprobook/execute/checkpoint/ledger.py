"""The checkpoints of one job: where they lie, what they belong to, and when one is due."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from reprobook.errors import InputError
from reprobook.execute.checkpoint import archive
from reprobook.header import sha256_hex
from reprobook.runs.files import TEMPORARY_SUFFIX

FOLDER = "checkpoints"
SECONDS = "REPROBOOK_CHECKPOINT_SECONDS"
KILL_AFTER = "REPROBOOK_CHECKPOINT_KILL_AFTER"
_SUFFIX = ".checkpoint"
_EVERY = 60.0
_FORMAT = 1
_open: list[Ledger] = []


class Progress(Protocol):
    """What a job logged so far."""

    def captured(self) -> dict[str, Any]:
        """Return it as JSON."""

    def go_on_from(self, before: Mapping[str, Any]) -> None:
        """Log what an earlier process had logged by then."""


class Ledger:
    """The checkpoints in the output folder of a job.

    Args:
        out: The output folder.
        recipe: What a checkpoint must have been written by: the parameters, the seed, the device.
        resume: Whether to go on from the checkpoints that are there; else they are removed.

    Raises:
        InputError: If a checkpoint was written by another script or with other parameters.
        IntegrityError: If a checkpoint is damaged.
    """

    def __init__(self, out: Path, recipe: Mapping[str, Any], *, resume: bool) -> None:
        self._progress: Progress | None = None
        self.recipe = {**recipe, "script": _script_digest(), "format": _FORMAT}
        self.inside = False
        self._folder = out / FOLDER
        self._every = _seconds()
        self._saves = 0
        self._names: Counter[str] = Counter()
        if not resume:
            self.clear()
            return
        for path in self._files():
            self._check(path, archive.read(path)[0])
        if not self._files():
            tell(f"no checkpoint in {self._folder}, so it starts from the beginning")

    def open(self, progress: Progress) -> None:
        """Make this where ``rb.Checkpoint`` writes, until ``close``."""
        self._progress = progress
        _open.append(self)

    def close(self) -> None:
        """Write here no more."""
        _open.remove(self)

    @property
    def progress(self) -> Progress:
        """What is logged while this is open."""
        if self._progress is None:
            msg = "the ledger is not open"
            raise RuntimeError(msg)
        return self._progress

    def place(self, name: str) -> Path:
        """Return the file of the next checkpoint of this name: a function may be called several times."""
        self._names[name] += 1
        number = self._names[name]
        return self._folder / (f"{name}{_SUFFIX}" if number == 1 else f"{name}-{number}{_SUFFIX}")

    def is_due(self, since: float | None) -> bool:
        """Tell whether to save again; ``since`` is when it was done last, by the monotonic clock."""
        return since is None or time.monotonic() - since >= self._every

    def write(self, path: Path, document: Mapping[str, Any], blobs: list[bytes]) -> None:
        """Write a checkpoint."""
        self._folder.mkdir(exist_ok=True)
        archive.write(path, {"recipe": self.recipe, **document}, blobs)
        self._saves += 1
        if os.environ.get(KILL_AFTER) == str(self._saves):
            os.kill(os.getpid(), signal.SIGKILL)  # for the proof that what was written is enough to go on

    def clear(self) -> None:
        """Remove the checkpoints: the job came to its end, or begins anew."""
        for path in [*self._files(), *self._folder.glob(f".*{TEMPORARY_SUFFIX}")]:
            path.unlink()
        if self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))

    def _check(self, path: Path, document: Mapping[str, Any]) -> None:
        """See that a checkpoint is one of this script and these parameters."""
        before = document.get("recipe", {})
        if before.get("script") != self.recipe["script"] or before.get("format") != _FORMAT:
            msg = f"{path}: another script wrote this checkpoint, or an earlier state of this one"
            raise InputError(msg, hint="Run the script as it was, or start from the beginning without --resume.")
        if before != self.recipe:
            msg = f"{path}: the checkpoint was written with other parameters: {_difference(before, self.recipe)}"
            raise InputError(msg, hint="Give the same parameters, another --out, or start without --resume.")


def current() -> Ledger | None:
    """Return where to write; None outside a job."""
    return _open[-1] if _open else None


def tell(text: str) -> None:
    """Say what a resumed job does."""
    print(f"resume: {text}", file=sys.stderr)  # noqa: T201 - a script's message


def _seconds() -> float:
    """Return the least time between two checkpoints of a loop."""
    text = os.environ.get(SECONDS, str(_EVERY))
    try:
        return float(text)
    except ValueError:
        msg = f"{SECONDS} is {text!r}"
        raise InputError(msg, hint="Give the least number of seconds between two checkpoints, such as 300.") from None


def _script_digest() -> str:
    """Return the SHA-256 of the script that runs; empty if it is no file."""
    path = getattr(sys.modules.get("__main__"), "__file__", None)
    return sha256_hex(Path(path).read_bytes()) if path and Path(path).is_file() else ""


def _difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say in words how two recipes differ."""
    old = {**before.get("parameters", {}), **{key: before.get(key) for key in ("seed", "device")}}
    new = {**now["parameters"], **{key: now.get(key) for key in ("seed", "device")}}
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(f"{name} was {old.get(name)!r}, is {new.get(name)!r}" for name in names)
