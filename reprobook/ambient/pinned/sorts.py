"""Sorts that keep the order of what is equal, in NumPy, pandas and torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from reprobook.ambient.pinned.native import set_native
from reprobook.ambient.stand_in import Replacements


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

    argsort = numpy.argsort

    def argpartition(a: Any, _kth: Any, axis: Any = -1, *_: Any, **__: Any) -> Any:
        return argsort(a, axis=axis, kind="stable")

    # What is sorted as a whole is partitioned everywhere.
    replacements.stand_in(numpy, "argpartition", lambda _, args, kwargs: argpartition(*args, **kwargs))
    set_native(numpy.ndarray, "argpartition", argpartition)


def _stable(kwargs: dict[str, Any], args: Sequence[Any], position: int) -> dict[str, Any]:
    """Return the keywords of a sort with a stable algorithm, unless it is named by position."""
    if len(args) > position:
        return kwargs
    return {name: value for name, value in kwargs.items() if name not in ("kind", "stable")} | {"kind": "stable"}


def _stable_torch(replacements: Replacements, torch: Any) -> None:
    sort = torch.sort

    def topk(values: Any, k: int, dim: int = -1, largest: Any = True, *_: Any, **__: Any) -> Any:  # noqa: FBT002
        found = sort(values, dim=dim, descending=bool(largest), stable=True)
        return torch.return_types.topk((found.values.narrow(dim, 0, k), found.indices.narrow(dim, 0, k)))

    for owner in (torch, torch.Tensor):
        replacements.put(owner, "topk", topk)
        for name in ("sort", "argsort"):
            replacements.put(owner, name, _stably(getattr(owner, name)))


def _stably(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a sort of torch that is stable."""

    def stable(values: Any, dim: Any = -1, descending: Any = False, **kwargs: Any) -> Any:  # noqa: FBT002  # as torch's
        return original(values, dim=dim, descending=descending, **{**kwargs, "stable": True})

    return stable


def _stable_pandas(replacements: Replacements, pandas: Any) -> None:
    for owner in (pandas.DataFrame, pandas.Series):
        original = owner.sort_values

        def stable(self: Any, *args: Any, _original: Any = original, **kwargs: Any) -> Any:
            return _original(self, *args, **{**kwargs, "kind": "stable"})

        replacements.put(owner, "sort_values", stable)
