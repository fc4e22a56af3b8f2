"""``rb.load``: a checkpoint or artifact of an earlier run, checked, and read without ever running code from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.errors import InputError, IntegrityError
from reprobook.execute.active import loaded_checkpoint, store_root
from reprobook.execute.checkpoint import archive
from reprobook.execute.checkpoint.generators import put_global
from reprobook.execute.checkpoint.origins import Origins
from reprobook.execute.checkpoint.unpack import Unpacker
from reprobook.execute.snapshot import STATE, WEIGHTS
from reprobook.runs import Store
from reprobook.runs.checkpoints import StoredCheckpoint, find_checkpoint


@dataclass(frozen=True)
class Loaded:
    """What ``rb.load`` found.

    Attributes:
        value: Weights by name (torch tensors), an array, frame, text or plain data.
        place: Run id and path of the checkpoint.
        step: The training step at which it was saved.
        metrics: The metrics at that moment.
        parameters: The parameters of the run that saved it.
    """

    value: Any
    place: str
    step: int | None
    metrics: Mapping[str, float]
    parameters: Mapping[str, Any]


def load(
    name: str, into: Any = None, /, *, generators: bool = False, store: Path | str | None = None, **states: Any
) -> Loaded:
    """Load a model that ``rb.save(name, model, step=…)`` saved: ``rb.load("digits@production", model)``.

    Args:
        name: ``MODEL`` (the newest of a run that succeeded), ``MODEL@ALIAS`` or ``MODEL@RUN``.
        into: A model that the weights are put into, by ``load_state_dict``.
        generators: Move the global random generators to where they stood, too.
        store: The run store; default: that of this run, else that of the project.
        states: Optimizers and so on that were saved with it, by the same names; their state is put back.

    Raises:
        InputError: If there is none, it holds no such state, or it is a pickle, which could run anything.
        IntegrityError: If a file was edited.
    """
    root = store or store_root()
    found = find_checkpoint(Store.open(None if root is None else Path(root), Path.cwd()), name)
    found.check()
    value = _read_value(found)
    kept = _states(found, states)
    if into is not None:
        into.load_state_dict(value)
    for each, state in states.items():
        state.load_state_dict(kept[each])
    if generators:
        put_global(kept[""])
    loaded_checkpoint(found.place)
    about = found.metadata
    metrics = {each: float(number) for each, number in about.metrics.items()}
    return Loaded(value, found.place, about.step, metrics, about.parameters)


def _states(found: StoredCheckpoint, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Return the saved states by name, and the positions of the generators under no name."""
    document, blobs = archive.read(found.folder / STATE)
    unpacker = Unpacker(Origins(), blobs)
    kept = {name: unpacker.value(node) for name, node in document["states"]}
    missing = [name for name in wanted if name not in kept]
    if missing:
        msg = f"{found.place} was saved without {', '.join(missing)}"
        raise InputError(msg, hint=f"It holds: {', '.join(kept) or 'the weights alone'}.")
    return kept | {"": unpacker.value(document["generators"])}


def _read_value(found: StoredCheckpoint) -> Any:
    """Read the weights in whatever format they were written.

    Raises:
        InputError: If it is a pickle.
        IntegrityError: If there are none.
    """
    for name in found.metadata.files:
        path = found.folder / name
        if path.stem == WEIGHTS and path.suffix in _READERS:
            return _READERS[path.suffix](path)
        if path.suffix == ".pkl":
            msg = f"{found.place}/{name} is a pickle: loading one runs whatever it says"
            raise InputError(msg, hint="Save weights, arrays or plain data instead of an object.")
    msg = f"{found.place}: there are no weights in it"
    raise IntegrityError(msg)


def _safetensors(path: Path) -> Any:
    from safetensors.torch import load_file  # noqa: PLC0415 - an optional dependency

    return load_file(path)


def _array(path: Path) -> Any:
    import numpy as np  # noqa: PLC0415 - only where arrays were saved

    return np.load(path, allow_pickle=False)


def _frame(path: Path) -> Any:
    import pandas as pd  # noqa: PLC0415 - an optional dependency

    return pd.read_csv(path, index_col=0)


_READERS: Mapping[str, Callable[[Path], Any]] = {
    ".safetensors": _safetensors,
    ".npy": _array,
    ".csv": _frame,
    ".txt": lambda path: path.read_text(encoding="utf-8"),
    ".bin": lambda path: path.read_bytes(),
    ".json": lambda path: json.loads(path.read_bytes()),
}
