"""Generators, threads, kernels and other settings of the numeric libraries, at their import if that is later."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Any

from reprobook.ambient.pinned.native import set_native
from reprobook.ambient.stand_in import Replacements

_SEED = 20260101


def pin_generators(replacements: Replacements, names: Sequence[str]) -> None:
    """Seed the global generators; a notebook that seeds them itself goes on from its own seed."""
    if "python" in names:
        random.seed(_SEED)
    actions: dict[str, Callable[[Any], Any]] = {}
    if "numpy" in names:
        actions["numpy.random"] = lambda module: module.seed(_SEED)
    if "torch" in names:
        actions["torch"] = lambda module: module.manual_seed(_SEED)
    elif "cuda" in names:
        actions["torch"] = lambda module: module.cuda.manual_seed_all(_SEED)
    replacements.after_import(actions)


def pin_threads(replacements: Replacements, number: int) -> None:
    """Set the number of threads of one operation, in torch and in what BLAS and OpenMP libraries come with others."""

    def limit(_: Any) -> None:
        with suppress(ImportError):  # only where it is installed
            import_module("threadpoolctl").threadpool_limits(number)

    replacements.after_import({"torch": lambda module: module.set_num_threads(number)})
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


def pin_sorts(replacements: Replacements) -> None:
    """Let sorts keep the order of what is equal."""
    replacements.after_import(
        {
            "numpy": partial(_stable_numpy, replacements),
            "torch": partial(_stable_torch, replacements),
            "pandas": partial(_stable_pandas, replacements),
        }
    )


def _stable_numpy(replacements: Replacements, numpy: Any) -> None:
    for name in ("sort", "argsort"):
        replacements.stand_in(numpy, name, lambda original, args, kwargs: original(*args, **_stable(kwargs, args, 2)))
        method = getattr(numpy.ndarray, name)

        def stable(self: Any, *args: Any, _method: Any = method, **kwargs: Any) -> Any:
            return _method(self, *args, **_stable(kwargs, args, 1))

        set_native(numpy.ndarray, name, stable)


def _stable(kwargs: dict[str, Any], args: Sequence[Any], position: int) -> dict[str, Any]:
    """Return the keywords of a sort with a stable algorithm, unless it is named by position."""
    if len(args) > position:
        return kwargs
    return {name: value for name, value in kwargs.items() if name not in ("kind", "stable")} | {"kind": "stable"}


def _stable_torch(replacements: Replacements, torch: Any) -> None:
    for owner in (torch, torch.Tensor):
        for name in ("sort", "argsort"):
            original = getattr(owner, name)

            def stable(*args: Any, _original: Any = original, **kwargs: Any) -> Any:
                return _original(*args, **{**kwargs, "stable": True})

            replacements.put(owner, name, stable)


def _stable_pandas(replacements: Replacements, pandas: Any) -> None:
    for owner in (pandas.DataFrame, pandas.Series):
        original = owner.sort_values

        def stable(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            return _original(self, *args, **{**kwargs, "kind": "stable"})

        replacements.put(owner, "sort_values", stable)


def pin_processors(replacements: Replacements, number: int) -> None:
    """Tell the process of so many processors."""

    def count(*_: Any) -> int:
        return number

    for name in ("cpu_count", "process_cpu_count"):
        replacements.stand_in(os, name, count)
    replacements.stand_in(os, "sched_getaffinity", lambda *_: set(range(number)))
    os.environ["LOKY_MAX_CPU_COUNT"] = str(number)
    replacements.after_import({"psutil": lambda module: replacements.stand_in(module, "cpu_count", count)})
