"""The kernel provisioner ``reprobook-warm``: Jupyter's kernels as forks of a warm server.

The kernel is a real ipykernel, with comms, widgets, input, interrupts and restarts. Nothing of papermill is imported
here: papermill loads provisioners while it is itself being imported.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from reprobook.errors import ReprobookError
from reprobook.execute.warm.circumstances import Circumstances
from reprobook.execute.warm.connection import Fork, Request, fork
from reprobook.execute.warm.imports import early_imports
from reprobook.execute.warm.key import Plan, server_environment
from reprobook.execute.warm.refusal import ColdOnlyError
from reprobook.notebook import read_notebook

_LAUNCH = ["-m", "ipykernel_launcher"]
_SESSION = "JPY_SESSION_NAME"


class WarmProvisioner(LocalProvisioner):  # type: ignore[misc]  # jupyter_client is not followed
    """Starts a kernel as a fork; as a process of its own where there can be no fork, and logs why."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Start the kernel and return how to reach it."""
        environment = dict(kwargs.get("env") or os.environ)
        cwd = str(kwargs.get("cwd") or Path.cwd())
        try:
            # A server that has to start takes seconds, which others of the event loop do not wait for.
            made = await asyncio.to_thread(_forked, cmd, environment, cwd)
        except ColdOnlyError as refused:
            self.log.warning("%s; a cold one is started", refused)
            return await super().launch_kernel(cmd, **kwargs)
        self.process = ForkedProcess(made, cmd)
        self.pid = self.pgid = made.pid
        self.cwd = cwd
        return self.connection_info


class ForkedProcess:
    """A fork, in the place of ``subprocess.Popen``: the kernel is a child of the server, not of this process.

    Args:
        made: The fork.
        args: The command that a process of its own would have had.
    """

    stdin = stdout = stderr = None

    def __init__(self, made: Fork, args: list[str]) -> None:
        self._fork = made
        self.args = args
        self.pid = made.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, None while it runs."""
        return self._fork.exit_code

    def poll(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self._fork.wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: If it has not ended within these seconds.
        """
        code = self._fork.wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal to it, and to what it started."""
        if self.poll() is None:
            self._fork.signal(number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


def _forked(command: list[str], environment: Mapping[str, str], cwd: str) -> Fork:
    """Have a kernel forked.

    Raises:
        ColdOnlyError: If there can be no fork.
    """
    program, *arguments = command
    if os.path.realpath(program) != os.path.realpath(sys.executable) or arguments[:2] != _LAUNCH:
        reason = f"{' '.join(command[:3])} is not the kernel of this environment"
        raise ColdOnlyError(reason)
    # As jupyter_client sets it; here it is the server that watches over the requester.
    variables = {**environment, "JPY_PARENT_PID": str(os.getpid())}
    plan = Plan(statements=_early_imports(environment, cwd), environment=server_environment(variables), role="kernel")
    circumstances = Circumstances.of_this_process(variables, cwd)
    return fork(plan, Request("kernel", circumstances, cwd, (1, 2), arguments[2:]))


def _early_imports(environment: Mapping[str, str], cwd: str) -> tuple[str, ...]:
    """Return the imports of the notebook that the kernel is for, where Jupyter Server names it."""
    path = Path(cwd, environment.get(_SESSION, ""))
    try:
        notebook = read_notebook(path.read_bytes(), path.name)
    except (OSError, ReprobookError):
        return ()
    return early_imports(tuple(cell.source for cell in notebook.code_cells))
