"""The adapter of ``torch.profiler``: what torch does in one cell. Nothing here imports torch: the notebook did."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from reprobook.profile.model import Operation, TorchUse

# A trace of a whole training run would take gigabytes; its first steps are like the others.
_STEPS = 50
_MOST_OPERATIONS = 8
_MICRO = 1e-6
# Above the highest level that Kineto knows ("USDT"), which it logs for every start and stop.
_LEVEL, _SILENT = "KINETO_LOG_LEVEL", "6"
_LOADER = "enumerate(DataLoader)"
_WITH_WORKERS = "_MultiProcessingDataLoaderIter"
_COPIES = ("aten::copy_", "aten::clone", "aten::cat", "Memcpy ", "Memset ")


class TorchProfiler:
    """Follows torch through one cell, or through the first steps of its optimizers.

    ``follow`` gives None where torch is not imported, or the cell profiles itself.
    """

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._uses_cuda = bool(torch.cuda.is_initialized())
        kinds = torch.profiler.ProfilerActivity
        activities = [kinds.CPU, *([kinds.CUDA] if self._uses_cuda else [])]
        self._seconds: float | None = None
        self._steps = 0
        # `torch.optim` does not name its module of this name, so that it is no attribute.
        optimizers = sys.modules["torch.optim.optimizer"]
        with _quiet():
            self._profiler = torch.profiler.profile(activities=activities, acc_events=True, with_flops=True)
            if self._uses_cuda:
                torch.cuda.reset_peak_memory_stats()
            self._hook = optimizers.register_optimizer_step_post_hook(self._stepped)
            with _no_log():
                self._profiler.start()
        self._began = time.perf_counter()

    @classmethod
    def follow(cls, source: str) -> TorchProfiler | None:
        """Begin, if the cell can be followed."""
        torch = sys.modules.get("torch")
        # Two profilers at once end each other.
        known = torch is not None and hasattr(torch, "profiler") and "torch.optim.optimizer" in sys.modules
        if not known or "profiler" in source:
            return None
        return cls(torch)

    def _stepped(self, *_: Any) -> None:
        """Count a step of an optimizer; enough of them are enough."""
        self._steps += 1
        if self._steps >= _STEPS:
            self._stop()

    def _stop(self) -> None:
        if self._seconds is None:
            self._seconds = time.perf_counter() - self._began
            with _quiet():
                self._profiler.stop()

    def end(self) -> TorchUse:
        """End, and say what was seen."""
        self._hook.remove()
        self._stop()
        with _quiet():
            events = list(self._profiler.key_averages())
        return _use(events, self._seconds or 0.0, *self._gpu())

    def _gpu(self) -> tuple[int | None, int | None]:
        """Return the largest memory of tensors on the GPU, and the memory that it has."""
        cuda = self._torch.cuda
        if not cuda.is_initialized():
            return None, None
        return cuda.max_memory_allocated(), cuda.get_device_properties(cuda.current_device()).total_memory


def _use(events: Iterable[Any], seconds: float, gpu_peak: int | None, gpu_memory: int | None) -> TorchUse:
    """Sum up what was seen. A loader's time is that of all it calls, any other operation's its own."""
    data = copies = gpu = 0.0
    workers: bool | None = None
    operations: list[Operation] = []
    flops = 0.0
    for each in events:
        on_gpu = "CUDA" in str(each.device_type)
        own_gpu = each.self_device_time_total * _MICRO if on_gpu else 0.0
        own_cpu = 0.0 if on_gpu else each.self_cpu_time_total * _MICRO
        gpu += own_gpu
        flops += each.flops or 0
        if each.key.startswith(_LOADER):
            data += each.cpu_time_total * _MICRO
            workers = bool(workers) or _WITH_WORKERS in each.key
        if each.key.startswith(_COPIES):
            copies += own_gpu or own_cpu
        operations.append(Operation(name=each.key, calls=each.count, cpu_s=own_cpu, gpu_s=own_gpu))
    operations.sort(key=lambda each: -(each.cpu_s + each.gpu_s))
    return TorchUse(
        seconds=seconds,
        data_s=data,
        copy_s=copies,
        gpu_s=gpu,
        workers=workers,
        gpu_peak=gpu_peak,
        gpu_memory=gpu_memory,
        operations=tuple(operations[:_MOST_OPERATIONS]),
        calls=sum(each.calls for each in operations),
        flops=flops,
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the profiler says of itself out of the cell's output."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _no_log() -> Iterator[None]:
    """Keep the log of Kineto, which is C++ and writes past ``sys.stderr``, silent: it reads its level when it starts.

    A level that the user has set stays.
    """
    if _LEVEL in os.environ:
        yield
        return
    os.environ[_LEVEL] = _SILENT
    try:
        yield
    finally:
        del os.environ[_LEVEL]
