"""A command of reprobook in a process of its own, so that the kernel stays free."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reprobook.widgets.refresh import HelperThread

# Exit codes under which a command has an answer: done, the notebook failed, not equivalent.
_ANSWERED = {0, 1, 3}
_LAST_LINES = 4

OnEnd = Callable[[dict[str, Any] | None, str], None]


class Child:
    """Runs ``reprobook WORDS --json``.

    Args:
        words: The command line without its program.
        cwd: The working folder.
        on_end: Called in a thread when it has ended, with the answer, or with None and the reason.
    """

    def __init__(self, words: Sequence[str], cwd: Path, on_end: OnEnd) -> None:
        self._on_end = on_end
        self._process = subprocess.Popen(  # noqa: S603  # our own command line
            [sys.executable, "-m", "reprobook", *words, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=cwd,
            start_new_session=True,  # Ctrl-C in the kernel is not meant for it
        )
        HelperThread(self._wait).start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def stop(self) -> None:
        """Ask it to end as by Ctrl-C: it leaves nothing broken."""
        self._process.terminate()

    def _wait(self) -> None:
        answer, said = self._process.communicate()
        if self._process.returncode in _ANSWERED:
            try:
                self._on_end(json.loads(answer), "")
            except ValueError:
                pass
            else:
                return
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        self._on_end(None, " ".join(lines[-_LAST_LINES:]) or f"it ended with code {self._process.returncode}")
