"""The driver of a sweep as a process of its own: ``python -m reprobook.sweep.process STORE SWEEP``.

It outlives the notebook or the tab that started it. What goes wrong stands in the sweep's state, and in full in
``driver.log``.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.runs import Store
from reprobook.sweep.drive import drive
from reprobook.sweep.folder import SweepFolder, find_folder
from reprobook.sweep.model import ignore_event

_PATIENCE = 60.0  # seconds
# Kept, so that Python does not warn of children that go on.
_started: list[subprocess.Popen[bytes]] = []


def start_driver(folder: SweepFolder, store: Store) -> None:
    """Start the driver of a sweep, and wait until it drives.

    Raises:
        ReprobookError: If it ended before it could; the message holds the end of its log.
    """
    before = folder.stamp()
    with folder.log.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", __name__, str(store.root), folder.sweep_id],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _started[:] = [each for each in _started if each.poll() is None] + [process]
    until = time.monotonic() + _PATIENCE
    while folder.stamp() == before and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    if folder.stamp() == before:
        lines = folder.log.read_text(errors="replace").strip().splitlines()
        msg = f"the driver of sweep {folder.sweep_id} did not start: {lines[-1] if lines else 'it says nothing'}"
        raise ReprobookError(msg, hint=f"All that it said is in {folder.log}.")


def main(arguments: list[str]) -> int:
    """Drive the sweep that is named."""
    store = Store(Path(arguments[0]))
    try:
        drive(find_folder(store, arguments[1]), store, ignore_event)
    except KeyboardInterrupt:
        return 130
    except ReprobookError as error:
        print(f"{error} {error.hint}", file=sys.stderr)  # noqa: T201  # into the log
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
