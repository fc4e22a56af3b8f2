"""What sort of object a checkpoint has before it, and what it consists of."""

from __future__ import annotations

import datetime as dt
import enum
import logging
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterator
from functools import partial
from pathlib import PurePath
from threading import Lock, RLock
from typing import Any, Literal

from reprobook.execute.checkpoint.arrays import is_array, is_tensor
from reprobook.execute.checkpoint.generators import is_generator
from reprobook.trace.content.anatomy import attributes_of, has_hidden_state, identity, is_iterator, loaded

Kind = Literal[
    "plain", "list", "dict", "set", "deque", "bytearray", "array", "tensor", "generator", "instance", "fixed", "foreign"
]
CONTAINERS: dict[Kind, type] = {"list": list, "dict": dict, "set": set, "deque": deque, "bytearray": bytearray}
# Their content is read through their methods.
_SHOWN = frozenset(identity(each) for each in (*CONTAINERS.values(), OrderedDict, defaultdict))
_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, range, tuple, frozenset})
_FIXED = (
    *(types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, types.GenericAlias, type),
    *(partial, enum.Enum, slice, type(...), logging.Logger, type(Lock()), type(RLock())),
    *(dt.date, dt.time, dt.timedelta, dt.tzinfo),
)
# Whole values of these count as one: they keep their content where Python's attributes do not show it.
_WHOLE = frozenset({"pandas", "polars", "pyarrow", "PIL", "matplotlib", "sklearn", "xgboost", "lightgbm", "catboost"})


def kind_of(value: Any) -> Kind:
    """Return what sort of object this is: ``plain`` is immutable and can be written down as it stands.

    ``fixed`` is taken to be the same in every run of one script (functions, classes), ``foreign`` is what keeps its
    state out of sight.
    """
    if type(value) in _ATOMS or _is_plain_of_library(value) or isinstance(value, PurePath):
        return "plain"
    if is_generator(value):
        return "generator"
    if is_array(value):
        return "array"
    if is_tensor(value):
        return "tensor"
    if isinstance(value, _FIXED) or _is_dtype(value):
        return "fixed"
    if type(value).__module__.partition(".")[0] in _WHOLE:
        return "foreign"
    if is_iterator(type(value)) or has_hidden_state(type(value), _SHOWN):
        return "foreign"
    return next((kind for kind, container in CONTAINERS.items() if isinstance(value, container)), "instance")


def is_scalar(value: Any) -> bool:
    """Tell a NumPy scalar."""
    numpy = loaded("numpy")
    return numpy is not None and isinstance(value, numpy.generic) and not value.dtype.hasobject


def attributes(value: Any) -> dict[str, Any]:
    """Return the attributes that an object holds itself."""
    if type(value).__name__ == "OptimizedModule" and hasattr(value, "_orig_mod"):
        return {"_orig_mod": value._orig_mod}  # noqa: SLF001 - of torch.compile, whose own parts are compiled code
    found = attributes_of(value)
    if isinstance(value, defaultdict):
        found.pop("default_factory", None)
    return found


def parts(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield what an object consists of, in an order that is the same in every run, with where it stands."""
    if isinstance(value, (list, tuple, deque)):
        yield from ((f"{path}[{at}]", part) for at, part in enumerate(value))
    elif isinstance(value, dict):
        for at, (key, part) in enumerate(value.items()):
            yield f"key {at} of {path}", key
            yield f"{path}[{key!r}]" if type(key) in (str, int) else f"value {at} of {path}", part
    if type(value) not in _ATOMS and kind_of(value) in {"instance", *CONTAINERS}:
        yield from ((f"{path}.{name}", part) for name, part in attributes(value).items())


def keeps_own_state(value: Any) -> bool:
    """Tell the objects of torch that a checkpoint of torch would hold by ``state_dict``: the rest of them is fixed."""
    torch = loaded("torch")
    if torch is None:
        return False
    data = torch.utils.data
    known: tuple[type, ...] = (torch.nn.Module, torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler)
    return isinstance(value, (*known, torch.amp.GradScaler, data.DataLoader, data.Dataset, data.Sampler))


def _is_plain_of_library(value: Any) -> bool:
    torch = loaded("torch")
    return is_scalar(value) or (torch is not None and isinstance(value, (torch.Size, torch.dtype, torch.device)))


def _is_dtype(value: Any) -> bool:
    numpy = loaded("numpy")
    return numpy is not None and isinstance(value, numpy.dtype)
