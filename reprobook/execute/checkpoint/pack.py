"""Write objects down: as JSON, with raw bytes beside it. See ``unpack`` for the way back."""

from __future__ import annotations

import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from reprobook.errors import InputError
from reprobook.execute.checkpoint.arrays import describe, is_tensor
from reprobook.execute.checkpoint.generators import position
from reprobook.execute.checkpoint.kinds import Kind, attributes, is_scalar, kind_of
from reprobook.execute.checkpoint.origins import Origins

Node = Any  # JSON
DICTIONARIES: Mapping[str, Callable[..., Any]] = {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}
FACTORIES: Mapping[str, Callable[[], Any]] = {"list": list, "dict": dict, "set": set, "int": int, "float": float}


class Packer:
    """Writes the objects of one checkpoint.

    Attributes:
        blobs: The raw bytes that nodes refer to by number.
    """

    def __init__(self, origins: Origins) -> None:
        self.blobs: list[bytes] = []
        self._origins = origins
        self._made: dict[int, int] = {}
        self._alive: list[Any] = []  # or a later object could come to have the id of one that is gone

    def content(self, number: int) -> Node:
        """Return the content of an object that was there when the loop began.

        Raises:
            InputError: If it changed, and what changed in it cannot be saved; names it.
        """
        value, path = self._origins.objects[number], self._origins.paths[number]
        kind = self._origins.kinds[number]
        if kind == "fixed" or self._origins.is_unchanged(number):
            return None
        if kind == "foreign":
            raise _refused(path, value)
        return self._content(value, path, kind)

    def value(self, value: Any, path: str) -> Node:
        """Return a value as it stands, objects that were there when the loop began by their number.

        Raises:
            InputError: If it cannot be saved; names it.
        """
        if value is None or type(value) in (bool, int, str) or (type(value) is float and math.isfinite(value)):
            return value
        if (number := self._origins.number_of(value)) is not None:
            return {"is": number}
        kind = kind_of(value)
        if kind == "plain":
            return self._plain(value, path)
        if kind in {"fixed", "foreign", "generator"}:
            raise _refused(path, value)
        if kind == "tensor" and (number := self._origins.number_at(value)) is not None:
            return {"at": number}
        if id(value) in self._made:
            return {"made": self._made[id(value)]}
        self._made[id(value)] = len(self._made)
        self._alive.append(value)
        return {"new": self._class(value, path, kind), **self._content(value, path, kind)}

    def _plain(self, value: Any, path: str) -> Node:
        """Return an immutable value."""
        if type(value) in (float, complex):
            return {type(value).__name__: repr(value)}
        if type(value) in (tuple, frozenset):
            return {type(value).__name__: self._items(value, path)}
        if type(value) is bytes:
            return {"bytes": self._blob(value)}
        if type(value) is range:
            return {"range": [value.start, value.stop, value.step]}
        if is_scalar(value):
            return {"scalar": value.dtype.str, "hex": value.tobytes().hex()}
        if isinstance(value, PurePath):
            return {"path": str(value)}
        return {f"torch.{type(value).__name__}": list(value) if isinstance(value, tuple) else str(value)}

    def _content(self, value: Any, path: str, kind: Kind) -> dict[str, Node]:
        """Return what an object holds."""
        if kind == "generator":
            return {"state": self.value(position(value), path)}
        if kind in {"array", "tensor"}:
            about, data = describe(value)
            grad = {"grad": self.value(value.grad, f"{path}.grad")} if is_tensor(value) and value.is_leaf else {}
            return {"about": about, "data": self._blob(data), **grad}
        found: dict[str, Node] = {}
        if kind == "dict":
            found["items"] = [
                [self.value(key, f"a key of {path}"), self.value(value[key], f"{path}[{key!r}]")]
                for key in dict.keys(value)
            ]
        elif kind == "bytearray":
            found["data"] = self._blob(bytes(value))
        elif kind != "instance":
            found["items"] = self._items(value, path)
        own = attributes(value)
        if kind == "instance" or own:
            found["attributes"] = [[name, self.value(part, f"{path}.{name}")] for name, part in own.items()]
        return found

    def _items(self, value: Any, path: str) -> list[Node]:
        items = list(value)
        if isinstance(value, (set, frozenset)) and not all(kind_of(each) == "plain" for each in items):
            raise _refused(path, value)  # the order of other objects is another one in each run
        return [self.value(each, f"{path}[{at}]") for at, each in enumerate(items)]

    def _class(self, value: Any, path: str, kind: Kind) -> Node:
        """Return what a new object is made of; a class of the script is known by an object that has it."""
        cls = type(value)
        if kind == "array" or (kind == "tensor" and cls.__module__.startswith("torch")):
            return kind
        if cls is defaultdict:
            names = [name for name, factory in FACTORIES.items() if factory is value.default_factory]
            if names:
                return {"defaultdict": names[0]}
        if cls is deque:
            return {"deque": value.maxlen}
        if cls in (list, set, bytearray, *DICTIONARIES.values()):
            return cls.__name__
        if (number := self._origins.number_of_class(cls)) is not None:
            return {"like": number}
        raise _refused(path, value)

    def _blob(self, data: bytes) -> int:
        self.blobs.append(data)
        return len(self.blobs) - 1


def _refused(path: str, value: Any) -> InputError:
    cls = type(value)
    name = cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
    msg = f"{path} changes in the loop, and a {name} cannot be saved in a checkpoint"
    hint = (
        "Take it out of the loop's state: keep tensors, arrays, numbers, lists and dicts, or promote without --resume."
    )
    return InputError(msg, hint=hint)
