"""What a process takes over from the one that starts it, and a fork of a server from whoever asked for it."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from pathlib import Path

LIMITS = {name: getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}


@dataclass(frozen=True)
class Circumstances:
    """What a process that is started takes over from the one that starts it.

    Attributes:
        environment: All its variables.
        cwd: Its working folder.
        umask: Of the files that it makes.
        limits: Of the system, by name: soft and hard.
    """

    environment: dict[str, str]
    cwd: str
    umask: int
    limits: dict[str, list[int]]

    @classmethod
    def of_this_process(cls, environment: dict[str, str], cwd: str) -> Circumstances:
        """Return those of this process, but for its variables and folder."""
        return cls(environment, cwd, _umask(), {name: list(resource.getrlimit(kind)) for name, kind in LIMITS.items()})


def _umask() -> int:
    """Return the umask; to ask the system for it is to change it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1], 8) for line in lines if line.startswith("Umask:"))
