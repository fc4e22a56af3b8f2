"""Whether this machine can have the device that a run is asked to train on, known without any framework."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

from reprobook.errors import EnvironmentMismatchError

# Of drivers that NVML does not speak for: ROCm (whose torch says "cuda" too), WSL, Jetson, a container without NVML.
_OTHER_DRIVERS = ("/dev/kfd", "/dev/dxg", "/dev/nvhost-gpu", "/dev/nvidia0")
_HINT = "Leave --device out, or say --device cpu; with --device auto `rb.device()` takes the best there is."


def check_device(asked: str, environ: Mapping[str, str] = os.environ) -> None:
    """Refuse a device that this machine surely has not; where that cannot be known, the kernel will tell.

    Raises:
        EnvironmentMismatchError: If it has none.
    """
    reason = {"cuda": _no_cuda, "mps": _no_mps}.get(asked, lambda _: "")(environ)
    if reason:
        msg = f"--device {asked}: {reason}; nothing ran"
        raise EnvironmentMismatchError(msg, hint=_HINT)


def _no_cuda(environ: Mapping[str, str]) -> str:
    """Say why there is no GPU for CUDA; empty where there is one, or may be one."""
    if environ.get("CUDA_VISIBLE_DEVICES", "all").strip() in {"", "-1"}:
        return f"CUDA_VISIBLE_DEVICES={environ['CUDA_VISIBLE_DEVICES']} hides every GPU"
    from reprobook.capture.gpu import read_driver  # noqa: PLC0415 - only who asks for a GPU pays for the models

    if read_driver().gpus or any(Path(each).exists() for each in _OTHER_DRIVERS):
        return ""
    return "this machine has no GPU that its drivers know of"


def _no_mps(environ: Mapping[str, str]) -> str:
    """Say why there is no GPU of Apple's."""
    del environ
    return "" if platform.system() == "Darwin" else "Apple's GPUs are only found in a Mac"
