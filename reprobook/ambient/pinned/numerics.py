"""Generators, threads, kernels and other settings of the numeric libraries, at their import if that is later."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from reprobook.ambient.stand_in import Replacements

_SEED = 20260101


def pin_generators(replacements: Replacements, names: Sequence[str]) -> None:
    """Seed the global generators, and those that are to be seeded anew without a seed.

    A notebook that seeds them itself goes on from its own seed.
    """
    if "python" in names:
        _seed(replacements, random)
    actions: dict[str, Callable[[Any], Any]] = {}
    if "numpy" in names:
        actions["numpy.random"] = partial(_seed, replacements)
    if "torch" in names:
        actions["torch"] = partial(_seed_torch, replacements)
    elif "cuda" in names:
        actions["torch"] = lambda module: module.cuda.manual_seed_all(_SEED)
    replacements.after_import(actions)


def _seed(replacements: Replacements, module: Any) -> None:
    """Seed the generator behind a module's functions."""
    module.seed(_SEED)
    replacements.stand_in(module, "seed", _with_seed)


def _with_seed(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    is_given = any(each is not None for each in (*args[:1], *kwargs.values()))
    return original(*args, **kwargs) if is_given else original(_SEED)


def _seed_torch(replacements: Replacements, torch: Any) -> None:
    torch.manual_seed(_SEED)
    replacements.stand_in(torch, "seed", lambda *_: torch.manual_seed(_SEED).initial_seed())


def pin_threads(replacements: Replacements, number: int) -> None:
    """Set the number of threads of one operation, in torch and in what BLAS and OpenMP libraries come with others."""

    def limit(_: Any) -> None:
        with suppress(ImportError):  # only where it is installed
            import_module("threadpoolctl").threadpool_limits(number)

    def limit_torch(torch: Any) -> None:
        torch.set_num_threads(number)
        replacements.stand_in(torch, "set_num_threads", lambda *_: None)

    replacements.after_import({"torch": limit_torch})
    # Each brings a library of its own.
    replacements.after_import(dict.fromkeys(("numpy.linalg", "scipy.linalg", "sklearn.utils"), limit))


def pin_kernels(replacements: Replacements) -> None:
    """Choose deterministic kernels, and fill memory before it is used."""
    replacements.after_import(
        {"torch": _choose_deterministic, "numpy": partial(_fill_memory, replacements)},
    )


def _choose_deterministic(torch: Any) -> None:
    # The public call imports inductor, for a second.
    torch._C._set_deterministic_algorithms(True, warn_only=True)  # noqa: FBT003, SLF001  # torch's signature
    torch.utils.deterministic.fill_uninitialized_memory = True
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def _fill_memory(replacements: Replacements, numpy: Any) -> None:
    """Let ``empty`` give zeros."""
    zeros = numpy.zeros

    def empty(_: Any, args: Any, kwargs: Any) -> Any:
        return zeros(*args, **kwargs)

    def empty_like(original: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        found = original(*args, **kwargs)
        found[...] = numpy.zeros((), found.dtype)
        return found

    replacements.stand_in(numpy, "empty", empty)
    replacements.stand_in(numpy, "empty_like", empty_like)


def pin_processors(replacements: Replacements, number: int) -> None:
    """Tell the process of so many processors."""

    def count(*_: Any) -> int:
        return number

    for name in ("cpu_count", "process_cpu_count"):
        replacements.stand_in(os, name, count)
    replacements.stand_in(os, "sched_getaffinity", lambda *_: set(range(number)))
    os.environ["LOKY_MAX_CPU_COUNT"] = str(number)
    replacements.after_import({"psutil": lambda module: replacements.stand_in(module, "cpu_count", count)})
