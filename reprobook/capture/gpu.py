"""Adapter for NVML, the NVIDIA driver's own library.

It knows the GPUs without CUDA: no context is made, so that the process may still fork, and the answer does not
depend on which framework is loaded. API: NVIDIA "NVML API Reference Guide".
"""

from __future__ import annotations

import ctypes
import dataclasses
import sys

from reprobook.header import Gpu


@dataclasses.dataclass(frozen=True)
class Driver:
    """What the NVIDIA driver says: its version, the newest CUDA it serves, and the GPUs in its order."""

    version: str | None = None
    cuda: str | None = None
    gpus: tuple[Gpu, ...] = ()


class _Memory(ctypes.Structure):
    """``nvmlMemory_t``, in bytes."""

    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


def read_driver(library: str = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1") -> Driver:
    """Ask the driver; an empty answer where there is none (no library, or no GPU behind it)."""
    try:
        nvml = ctypes.CDLL(library)
    except OSError:
        return Driver()
    if nvml.nvmlInit_v2() != 0:
        return Driver()
    try:
        cuda = ctypes.c_int()
        nvml.nvmlSystemGetCudaDriverVersion_v2(ctypes.byref(cuda))
        version = _text(nvml.nvmlSystemGetDriverVersion)
        # 13020 is 13.2: major * 1000 + minor * 10.
        cuda_version = f"{cuda.value // 1000}.{cuda.value % 1000 // 10}" if cuda.value else None
        return Driver(version=version, cuda=cuda_version, gpus=_gpus(nvml))
    finally:
        nvml.nvmlShutdown()


def _gpus(nvml: ctypes.CDLL) -> tuple[Gpu, ...]:
    """Describe each GPU of the machine."""
    count = ctypes.c_uint()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    return tuple(_gpu(nvml, index) for index in range(count.value))


def _gpu(nvml: ctypes.CDLL, index: int) -> Gpu:
    """Describe one GPU; what the driver does not say stays None."""
    handle, memory = ctypes.c_void_p(), _Memory()
    major, minor = ctypes.c_int(), ctypes.c_int()
    if nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) != 0:
        return Gpu(name="unknown")
    known = nvml.nvmlDeviceGetCudaComputeCapability(handle, ctypes.byref(major), ctypes.byref(minor)) == 0
    sized = nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == 0
    return Gpu(
        name=_text(nvml.nvmlDeviceGetName, handle) or "unknown",
        capability=f"{major.value}.{minor.value}" if known else None,
        memory=memory.total if sized else None,
    )


def _text(function: ctypes._NamedFuncPointer, *arguments: ctypes.c_void_p) -> str | None:
    """Call a function that fills a buffer with text; None if it fails."""
    buffer = ctypes.create_string_buffer(96)
    failed = function(*arguments, buffer, len(buffer)) != 0
    return None if failed else buffer.value.decode(errors="replace")
