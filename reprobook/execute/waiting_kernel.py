"""A process that is started before jupyter_client is imported, and can become the kernel that it wants."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PROCESS = Path(__file__).with_name("kernel_process.py")


class WaitingKernel:
    """Starts the process; it ends by itself when this one does before it has become a kernel.

    Args:
        environment: Its environment.
        cwd: Its working folder.
    """

    def __init__(self, environment: Mapping[str, str], cwd: str) -> None:
        # As jupyter_client starts a kernel of this environment.
        self._environment = {**environment, "JPY_PARENT_PID": str(os.getpid())}
        self._environment.pop("PYTHONEXECUTABLE", None)
        self._cwd = cwd
        self._wanted = False
        self.process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, str(_PROCESS)],
            stdin=subprocess.PIPE,
            env=self._environment,
            cwd=cwd,
            start_new_session=True,
        )

    def be(self, command: Sequence[str], environment: Mapping[str, str] | None, cwd: str | None) -> bool:
        """Let the process become the kernel that this command would start; False if it would be another one."""
        asked = {**(environment or {}), "JPY_PARENT_PID": str(os.getpid())}
        ours = [sys.executable, "-m", "ipykernel_launcher"]
        self._wanted = (list(command[:3]), asked, cwd) == (ours, self._environment, self._cwd)
        if self._wanted:
            self._tell(json.dumps(command[3:]))
        return self._wanted

    def close(self) -> None:
        """End the process if it has not become a kernel."""
        if not self._wanted:
            self.process.kill()
            self._tell("")
            self.process.wait()

    def _tell(self, text: str) -> None:
        pipe = self.process.stdin
        # One that has died is found dead by whoever waits for its first answer.
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.write(text.encode())
                pipe.close()
