"""Write an object that a notebook saves to a file; nothing here ever loads a pickle."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprobook.errors import InputError

Writer = Callable[[Any, Path], object]


def save_object(value: Any, folder: Path, name: str) -> Path:
    """Write a value to ``folder`` under ``name``, in the format that suits its type, and return the file.

    torch modules and state dicts become safetensors, arrays ``.npy``, frames ``.csv``, figures ``.png``, text and
    bytes stay as they are, plain data becomes JSON; other objects (scikit-learn estimators) are pickled, which
    reprobook writes but never loads.

    Raises:
        InputError: If the name is no plain file name.
    """
    check_name(name)
    suffix, write = _writer(value)
    path = folder / (name if name.endswith(suffix) else name + suffix)
    write(value, path)
    return path


def check_name(name: str) -> None:
    """Refuse a name that would lead out of its folder.

    Raises:
        InputError: If the name is no plain file name.
    """
    if not name or name != Path(name).name or name in {".", ".."} or not name.isprintable():
        msg = f"artifact name {name!r} is no plain file name"
        raise InputError(msg, hint="Use letters, digits, '-', '_' and '.', for example rb.save('model', model).")


def _writer(value: Any) -> tuple[str, Writer]:
    """Choose suffix and writer by type; libraries are looked up, never imported, as a value implies its library."""
    torch, numpy, pandas = (sys.modules.get(name) for name in ("torch", "numpy", "pandas"))
    figure = sys.modules.get("matplotlib.figure")
    if torch and (isinstance(value, torch.nn.Module) or _is_state_dict(value, torch)):
        return ".safetensors", _write_safetensors
    if numpy and isinstance(value, numpy.ndarray) and not value.dtype.hasobject:
        return ".npy", lambda array, path: numpy.save(path, array, allow_pickle=False)
    if pandas and isinstance(value, pandas.DataFrame | pandas.Series):
        return ".csv", lambda frame, path: frame.to_csv(path)
    if figure and isinstance(value, figure.Figure):
        # Without the version of matplotlib, which would change the bytes of an equal picture.
        return ".png", lambda drawn, path: drawn.savefig(path, metadata={"Software": None})
    if isinstance(value, str):
        return ".txt", lambda text, path: path.write_text(text, encoding="utf-8")
    if isinstance(value, bytes):
        return ".bin", lambda data, path: path.write_bytes(data)
    if _is_json(value):
        return ".json", lambda data, path: path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return ".pkl", lambda data, path: path.write_bytes(pickle.dumps(data))


def _is_state_dict(value: Any, torch: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(item, torch.Tensor) for item in value.values())


def _is_json(value: Any) -> bool:
    """Say whether JSON gives the value back as it is."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError, RecursionError):
        return False


def _write_safetensors(value: Any, path: Path) -> None:
    """Write weights; tensors that share memory are written once each, as plain copies."""
    from safetensors.torch import save_file  # noqa: PLC0415 - an optional dependency

    state = value if isinstance(value, dict) else value.state_dict()
    save_file({key: tensor.detach().cpu().contiguous().clone() for key, tensor in state.items()}, path)
