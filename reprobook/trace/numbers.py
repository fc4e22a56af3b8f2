"""The numbers in a value, for those who want to know how far two runs lie apart."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MOST_BYTES = 256 * 2**20


def save_numbers(namespace: Mapping[str, Any], names: tuple[str, ...], folder: Path) -> None:
    """Write the numbers of some names to ``folder``, one flat ``.npy`` each; names without numbers are left out.

    Only for a process that is an experiment: what it costs and imports is no part of anyone's result.
    """
    import numpy as np  # noqa: PLC0415  # only here

    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        arrays = [np.asarray(array).ravel() for array in _arrays(namespace.get(name), np, set())]
        if any(array.dtype.kind not in "biuf" for array in arrays):
            continue  # integers beyond 64 bits, columns with missing integers: no array of numbers
        if arrays and sum(array.nbytes for array in arrays) <= _MOST_BYTES:
            np.save(folder / f"{name}.npy", np.concatenate(arrays), allow_pickle=False)


def _arrays(value: Any, numpy: Any, seen: set[int]) -> Iterator[Any]:
    """Yield the arrays of numbers in a value, in a fixed order."""
    torch, pandas = sys.modules.get("torch"), sys.modules.get("pandas")
    if id(value) in seen:
        return
    if isinstance(value, bool | int | float | numpy.number):
        yield numpy.array(value)
    elif isinstance(value, numpy.ndarray):
        if value.dtype.kind in "biuf":
            yield value
    elif torch and isinstance(value, torch.Tensor):
        plain = value.detach().cpu()
        yield (plain.float() if plain.dtype in {torch.bfloat16, torch.float16} else plain).numpy()
    elif torch and isinstance(value, torch.nn.Module):
        yield from _arrays(value.state_dict(), numpy, seen)
    elif pandas and isinstance(value, pandas.DataFrame | pandas.Series):
        frame = value.to_frame() if isinstance(value, pandas.Series) else value
        yield from (frame[column].to_numpy() for column in frame.select_dtypes("number"))
    elif isinstance(value, dict | list | tuple):
        seen.add(id(value))
        for each in value.values() if isinstance(value, dict) else value:
            yield from _arrays(each, numpy, seen)
