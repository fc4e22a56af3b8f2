"""Bring objects back from what ``pack`` wrote: those that are there in place, the others new.

Only the classes named here, and those of objects that the script itself made before the loop, come into being: a
checkpoint cannot make anything else, whoever wrote it.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from reprobook.errors import IntegrityError
from reprobook.execute.checkpoint.arrays import fill, made
from reprobook.execute.checkpoint.generators import put
from reprobook.execute.checkpoint.kinds import attributes, kind_of
from reprobook.execute.checkpoint.origins import Origins
from reprobook.execute.checkpoint.pack import DICTIONARIES, FACTORIES, Node

# What comes of a document that ``pack`` did not write; MemoryError and OverflowError by its sizes.
UNREADABLE = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, MemoryError, OverflowError),
    RuntimeError,  # torch's
)


class Unpacker:
    """Reads the objects of one checkpoint."""

    def __init__(self, origins: Origins, blobs: Sequence[bytes]) -> None:
        self._origins = origins
        self._blobs = blobs
        self._made: list[Any] = []

    def fill(self, nodes: Sequence[Node]) -> None:
        """Give the objects that are there the content that they had.

        Raises:
            IntegrityError: If other objects are there than when the checkpoint was written.
        """
        if len(nodes) != len(self._origins.objects):
            what = f"{len(nodes)} objects then, {len(self._origins.objects)} now"
            raise _other(what)
        for number, node in enumerate(nodes):
            if node is None:
                continue
            try:
                self._fill(self._origins.objects[number], node)
            except UNREADABLE as error:
                what = f"{self._origins.paths[number]}: {error}"
                raise _other(what) from error

    def value(self, node: Node) -> Any:
        """Return a value."""
        if not isinstance(node, dict):
            return node
        if "is" in node:
            return self._origins.objects[node["is"]]
        if "at" in node:
            return self._origins.objects[node["at"]].detach()
        if "made" in node:
            return self._made[node["made"]]
        if "new" in node:
            return self._new(node)
        (kind, content), *rest = node.items()
        return _PLAIN[kind](self, content, *(part for _, part in rest))

    def values(self, nodes: Sequence[Node]) -> list[Any]:
        """Return several values."""
        return [self.value(node) for node in nodes]

    def blob(self, number: int) -> bytes:
        """Return raw bytes."""
        return self._blobs[number]

    def _new(self, node: Mapping[str, Node]) -> Any:
        """Make an object; it is known before its parts are, which may hold it."""
        place = len(self._made)
        self._made.append(None)
        if node["new"] in ("array", "tensor"):
            value = made(node["new"], node["about"], self._blobs[node["data"]])
            self._made[place] = value
            if node.get("grad") is not None:
                value.grad = self.value(node["grad"])
            return value
        value = self._empty(node["new"])
        self._made[place] = value
        self._fill(value, node)
        return value

    def _empty(self, what: Node) -> Any:
        if isinstance(what, str):
            return _EMPTY[what]()
        if "like" in what:
            cls: Any = type(self._origins.objects[what["like"]])
            return cls.__new__(cls)
        return defaultdict(FACTORIES[what["defaultdict"]]) if "defaultdict" in what else deque(maxlen=what["deque"])

    def _fill(self, target: Any, node: Mapping[str, Node]) -> None:
        """Give an object its content, in place."""
        if "state" in node:
            put(target, self.value(node["state"]))
        elif "about" in node:
            fill(target, node["about"], self._blobs[node["data"]])
            if "grad" in node:
                target.grad = self.value(node["grad"])
        elif "data" in node:
            target[:] = self._blobs[node["data"]]
        if "items" in node:
            self._fill_items(target, node["items"])
        if "attributes" in node:
            self._fill_attributes(target, node["attributes"])

    def _fill_items(self, target: Any, nodes: Sequence[Node]) -> None:
        """Fill a container by the methods of its builtin base: a subclass may do more than store."""
        kind = kind_of(target)
        if kind == "dict":
            pairs = [(self.value(key), self.value(item)) for key, item in nodes]
            dict.clear(target) if type(target) is dict else target.clear()
            for key, item in pairs:
                (dict.__setitem__ if not hasattr(target, "move_to_end") else type(target).__setitem__)(
                    target, key, item
                )
        elif kind == "list":
            list.__setitem__(target, slice(None), self.values(nodes))
        elif kind == "set":
            items = self.values(nodes)
            set.clear(target)
            set.update(target, items)
        else:
            items = self.values(nodes)
            target.clear()
            target.extend(items)

    def _fill_attributes(self, target: Any, nodes: Sequence[tuple[str, Node]]) -> None:
        found = {name: self.value(node) for name, node in nodes}
        for name in attributes(target).keys() - found.keys():
            object.__delattr__(target, name)
        for name, value in found.items():
            own = getattr(target, "__dict__", None)
            if isinstance(own, dict) and (name in own or not hasattr(type(target), name)):
                own[name] = value
            else:
                object.__setattr__(target, name, value)


def _scalar(_: Unpacker, dtype: str, data: str) -> Any:
    numpy: Any = __import__("numpy")
    return numpy.frombuffer(bytes.fromhex(data), numpy.dtype(dtype))[0]


def _torch(name: str, content: Any) -> Any:
    torch: Any = __import__("torch")
    return {"Size": torch.Size, "device": torch.device, "dtype": lambda text: getattr(torch, text.partition(".")[2])}[
        name
    ](content)


_EMPTY: Mapping[str, Callable[[], Any]] = {**DICTIONARIES, "list": list, "set": set, "bytearray": bytearray}
_PLAIN: Mapping[str, Callable[..., Any]] = {
    "float": lambda _, text: float(text),
    "complex": lambda _, text: complex(text),
    "tuple": lambda self, items: tuple(self.values(items)),
    "frozenset": lambda self, items: frozenset(self.values(items)),
    "bytes": lambda self, number: self.blob(number),
    "range": lambda _, bounds: range(*bounds),
    "scalar": _scalar,
    "path": lambda _, text: Path(text),
    **{f"torch.{name}": lambda _, content, name=name: _torch(name, content) for name in ("Size", "device", "dtype")},
}


def _other(what: str) -> IntegrityError:
    msg = f"the objects before the loop are not those of the checkpoint: {what}"
    return IntegrityError(msg, hint="Libraries, data or the code beside the script changed; start without --resume.")
