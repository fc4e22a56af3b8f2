"""Probe: the machine's traits that change floating-point results, and what it is.

Nothing here depends on which libraries are loaded: the same machine gives the same answer in every process.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from reprobook.capture.gpu import read_driver
from reprobook.capture.processors import usable_cpus
from reprobook.header import Distribution, Hardware

# BLAS, oneDNN, ATen and NumPy choose their kernels by these; other flags change no result.
_INSTRUCTION_SETS = re.compile(
    r"sse4_2|avx|avx2|fma|f16c|avx512\w*|avx_\w+|avx10\w*|amx_\w+|asimd\w*|fphp|bf16|i8mm|sve\w*|sme|sme[\d_]\w*|vsx|v"
)
_THREAD_VARIABLE = re.compile(r"(?P<library>[A-Z]+)_(?:NUM|MAXIMUM|MAX)_THREADS")
_CPUINFO = Path("/proc/cpuinfo")


def read_hardware(environ: Mapping[str, str], distributions: Sequence[Distribution] = ()) -> Hardware:
    """Describe this machine; cuDNN is known by its distribution, so that no framework need be loaded."""
    cpu = _cpu_facts()
    driver = read_driver()
    cudnn = (item.version for item in distributions if item.name.startswith("nvidia-cudnn-"))
    return Hardware(
        machine=platform.machine(),
        instruction_sets=instruction_sets(cpu),
        cpu_count=usable_cpus(),
        threads=_thread_counts(environ),
        gpus=driver.gpus,
        cuda=driver.cuda,
        cudnn=next(cudnn, None) if driver.gpus else None,
        driver=driver.version,
        cpu=cpu.get("model name"),
        memory=_memory(),
    )


def _cpu_facts() -> dict[str, str]:
    """Read the first processor of ``/proc/cpuinfo``; empty where there is none.

    One block only: on a large machine the whole file takes the kernel tens of milliseconds.
    """
    facts: dict[str, str] = {}
    try:
        with _CPUINFO.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, colon, value = line.partition(":")
                if not colon and facts:
                    break
                facts[name.strip()] = value.strip()
    except OSError:
        pass
    return facts


def instruction_sets(cpu: Mapping[str, str]) -> tuple[str, ...]:
    """Return the instruction sets that decide results, sorted (``flags`` on x86, ``Features`` on ARM)."""
    flags = cpu.get("flags") or cpu.get("Features") or ""
    return tuple(sorted(flag for flag in flags.split() if _INSTRUCTION_SETS.fullmatch(flag)))


def _thread_counts(environ: Mapping[str, str]) -> dict[str, int]:
    """Return the thread counts asked for by library, as in ``{"omp": 4}``; of nested OpenMP levels the outer one."""
    counts: dict[str, int] = {}
    for name in sorted(environ):
        match = _THREAD_VARIABLE.fullmatch(name)
        outer = environ[name].partition(",")[0].strip()
        if match and outer.isdecimal():
            counts[match["library"].lower()] = int(outer)
    return counts


def _memory() -> int | None:
    """Return the memory of the machine in bytes."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
