"""The objects that a loop finds when it begins, numbered: the code before the loop makes them again in every run."""

from __future__ import annotations

from typing import Any

from blake3 import blake3

from reprobook.execute.checkpoint.arrays import describe, place
from reprobook.execute.checkpoint.kinds import Kind, keeps_own_state, kind_of, parts
from reprobook.trace import digest_value


class Origins:
    """Every mutable object that can be reached from the state of a loop.

    Numbers follow from the order of the state and of each object's parts: two runs of one script number alike.
    Attributes and items are told apart by identity, so what two of them share they share again after a restart.
    """

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self.paths: list[str] = []
        self.kinds: list[Kind] = []
        self._marks: dict[int, str] = {}
        self._numbers: dict[int, int] = {}
        self._places: dict[tuple[Any, ...], int] = {}
        self._classes: dict[type, int] = {}

    def add(self, name: str, value: Any) -> None:
        """Number an object and everything that it holds."""
        waiting = [(name, value, False)]
        while waiting:
            path, each, inside = waiting.pop()
            if id(each) in self._numbers:
                continue
            kind = kind_of(each)
            if kind == "plain":
                waiting += [(*part, inside) for part in reversed(list(parts(each, path)))]
                continue
            if kind == "foreign" and inside:
                kind = "fixed"
            self._number(each, path, kind)
            inside = inside or keeps_own_state(each)
            waiting += [(*part, inside) for part in reversed(list(parts(each, path)))]

    def number_of(self, value: Any) -> int | None:
        """Return the number of an object; None if it was not there when the loop began."""
        return self._numbers.get(id(value))

    def number_at(self, tensor: Any) -> int | None:
        """Return the number of the tensor that lies at the same place in memory."""
        where = place(tensor)
        return None if where is None else self._places.get(where)

    def number_of_class(self, cls: type) -> int | None:
        """Return the number of an object of exactly this class."""
        return self._classes.get(cls)

    def is_unchanged(self, number: int) -> bool:
        """Tell whether an object has the content that it had when the loop began."""
        mark = self._marks.get(number)
        return mark is not None and mark == _mark(self.objects[number], self.kinds[number])

    def _number(self, value: Any, path: str, kind: Kind) -> None:
        number = len(self.objects)
        self._numbers[id(value)] = number
        self.objects.append(value)  # kept, or another object could come to have its id
        self.paths.append(path)
        self.kinds.append(kind)
        self._classes.setdefault(type(value), number)
        if kind == "tensor" and (where := place(value)) is not None:
            self._places.setdefault(where, number)
        if kind in {"array", "foreign"} or (kind == "tensor" and not value.requires_grad):
            mark = _mark(value, kind)
            self._marks |= {} if mark is None else {number: mark}


def _mark(value: Any, kind: Kind) -> str | None:
    """Return a digest of an object's content; None if part of it is out of sight."""
    if kind != "foreign":
        about, data = describe(value)
        return blake3(data).hexdigest() + repr(about)
    found = digest_value(value)
    return None if found.opaque or found.kind.startswith("sampled:") else found.digest
