"""A process that outlives the driver of a run, and then ends the kernel with all that it started.

A driver that is killed by SIGKILL can end nothing any more. ipykernel sees its parent die and exits; what the notebook
had started would stay. The guard holds the other end of a pipe, which the system closes with the driver.

    python guard.py PID
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import psutil


class Guard:
    """Guards a kernel, from now on until ``close``.

    Args:
        kernel: Its process id.
    """

    def __init__(self, kernel: int) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter
            # A file of its own, which needs nothing of ours as long as it waits. -P: nothing beside it is a module.
            [sys.executable, "-P", __file__, str(kernel)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what kills the driver's group or terminal leaves it
        )

    def close(self) -> None:
        """End the guard: the kernel has ended, or its driver ends it."""
        self._process.kill()  # before the pipe is closed, which would mean that the driver is dead
        self._process.communicate()


def guard(kernel: int) -> None:
    """Wait until the driver is dead, then end a kernel and all that it started."""
    with suppress(psutil.Error):
        process = psutil.Process(kernel)
        sys.stdin.buffer.read()
        process.suspend()  # it starts nothing more, and stays the parent of what it has started; raises if it is gone
        from reprobook.execute.descendants import descendants, end_descendants  # noqa: PLC0415 - see above

        below = descendants(kernel)
        process.kill()
        end_descendants(kernel, below)


if __name__ == "__main__":
    guard(int(sys.argv[1]))
