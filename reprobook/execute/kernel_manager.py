"""The manager of a run's kernel: jupyter_client's, that has its process already, and sees at once when it has ended."""

from __future__ import annotations

from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from reprobook.execute.waiting_kernel import WaitingKernel

# jupyter_client looks ten times a second whether a kernel that was told to end has done so.
_LOOK_S = 0.01


class RunKernelManager(AsyncKernelManager):  # type: ignore[misc]  # jupyter_client is not followed
    """Manages the kernel of one run.

    Attributes:
        waiting: A process that can become the kernel, if it is the one that jupyter_client would start.
    """

    waiting: WaitingKernel | None = None

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        waiting, provisioner = self.waiting, self.provisioner
        if (
            waiting is None
            or type(provisioner) is not LocalProvisioner
            or not waiting.be(kernel_cmd, options.get("env"), options.get("cwd"))
        ):
            await super()._async_launch_kernel(kernel_cmd, **options)
            return
        # What it sets when it starts a process.
        provisioner.process, provisioner.cwd = waiting.process, options["cwd"]
        provisioner.pid = provisioner.pgid = waiting.process.pid
        self._reconcile_connection_info(provisioner.connection_info)

    async def _async_finish_shutdown(self, **options: Any) -> None:
        await super()._async_finish_shutdown(**{"pollinterval": _LOOK_S, **options})
