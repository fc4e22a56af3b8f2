"""The manager of a run's kernel: jupyter_client's, that sees at once when the kernel has ended."""

from __future__ import annotations

from typing import Any

from jupyter_client.manager import AsyncKernelManager

# jupyter_client looks ten times a second whether a kernel that was told to end has done so.
_LOOK_S = 0.01


class RunKernelManager(AsyncKernelManager):  # type: ignore[misc]  # jupyter_client is not followed
    """Manages the kernel of one run."""

    async def _async_finish_shutdown(self, **options: Any) -> None:
        await super()._async_finish_shutdown(**{"pollinterval": _LOOK_S, **options})
