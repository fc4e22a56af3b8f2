"""Imports that leave threads alive, and so are left to the forks: found once by a server, known to all that follow."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobook.execute.warm.key import software
from reprobook.runs.files import write_atomic

Modules = dict[str, list[str]]
_PREFIX = "withheld-"


@dataclass(frozen=True)
class Withheld:
    """The file that says which these are, for one state of the installed packages."""

    path: Path

    @classmethod
    def of(cls, folder: Path) -> Withheld:
        """Return that of this interpreter, in the folder of the servers."""
        text = json.dumps([sys.executable, software()])
        return cls(folder / f"{_PREFIX}{hashlib.sha256(text.encode()).hexdigest()[:32]}.json")

    def read(self) -> Modules:
        """Return the statements, and which modules each brings."""
        try:
            found: Modules = json.loads(self.path.read_bytes())
        except (OSError, ValueError):
            found = {}
        return found

    def add(self, statement: str, modules: Sequence[str]) -> None:
        """Add a statement; what is said of packages that were changed since is forgotten.

        Raises:
            OSError: If it cannot be written.
        """
        content = self.read() | {statement: list(modules)}
        for each in self.path.parent.glob(f"{_PREFIX}*"):
            if each != self.path:
                each.unlink(missing_ok=True)
        write_atomic(self.path, json.dumps(content).encode())
