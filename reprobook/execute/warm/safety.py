"""May this process fork? Only with one thread, and before any GPU was touched."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path
from typing import Any

_TASKS = Path("/proc/self/task")
_MAPS = Path("/proc/self/maps")
_DESCRIPTORS = Path("/proc/self/fd")
_DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri")
_PATIENCE_S = 1.0


def refusal(torch: Any) -> str:
    """Return why a fork of this process would not be safe; empty if it is.

    Args:
        torch: The module, if it was imported.
    """
    end_idle_threads()
    threads = other_threads()
    if threads:
        return f"its imports left threads alive ({', '.join(threads)})"
    if torch is not None and (torch.cuda.is_initialized() or torch.cuda._is_in_bad_fork()):  # noqa: SLF001  # the one flag that tells
        return "its imports started CUDA"
    if device := next((path for path in _open_files() if path.startswith(_DEVICES)), ""):
        return f"its imports opened {device}"
    return ""


def end_idle_threads() -> None:
    """End the workers of OpenBLAS, which it starts when it is loaded: as it does itself before a fork.

    It starts them again, as many, when it needs them.
    """
    if len(_tasks()) == 1:
        return
    for library in _mapped("openblas"):
        end = getattr(ctypes.CDLL(library), "blas_thread_shutdown_", None)
        if end is not None:
            end()
    deadline = time.monotonic() + _PATIENCE_S
    while len(_tasks()) > 1 and time.monotonic() < deadline:
        time.sleep(0.001)


def other_threads() -> tuple[str, ...]:
    """Return the names of all threads but the main one."""
    own = str(os.getpid())
    return tuple(_thread_name(each) for each in _tasks() if each != own)


def _tasks() -> list[str]:
    return sorted(each.name for each in _TASKS.iterdir())


def _thread_name(task: str) -> str:
    try:
        return (_TASKS / task / "comm").read_text().strip()
    except OSError:
        return task


def _mapped(part: str) -> list[str]:
    """Return the shared libraries of this process whose name has a part."""
    paths = {line.split(maxsplit=5)[5].strip() for line in _MAPS.read_text().splitlines() if part in line}
    return sorted(path for path in paths if part in Path(path).name and Path(path).is_file())


def _open_files() -> list[str]:
    found = []
    for each in list(_DESCRIPTORS.iterdir()):
        try:
            found.append(str(each.readlink()))
        except OSError:
            continue  # that of the listing itself
    return found
