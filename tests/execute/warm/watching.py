"""What the tests of warm kernels watch: servers, and things that take a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

MODULE = "reprobook.execute.warm.process"
# Machines are shared: how long something takes says nothing of the code.
PATIENCE_S = 90.0


class Servers:
    """The servers whose sockets lie in the runtime folder of a test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def alive(self) -> list[psutil.Process]:
        found = self._processes()
        return [each for each in found if each.ppid() not in {other.pid for other in found}]

    def forks(self) -> list[psutil.Process]:
        found = self._processes()
        return [each for each in found if each.ppid() in {other.pid for other in found}]

    def _processes(self) -> list[psutil.Process]:
        """Return servers and forks, which look alike."""
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            line = process.info["cmdline"] or []
            if MODULE in line and str(self.folder) in line[-1] and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def kill(self) -> None:
        for process in self.alive():
            process.kill()
        # Until then its socket still answers.
        until(lambda: not self.alive(), "the servers are dead")


def until(true: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
