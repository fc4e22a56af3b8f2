"""Count objects in the order in which somebody asks who they are, in place of their addresses.

Reached are ``id()`` as the notebook calls it, the default ``repr`` and ``hash`` of its own classes, and the hashes of
tensors and modules of torch; not those of other C types and of functions.
"""

from __future__ import annotations

import builtins
import itertools
import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from reprobook.ambient.pinned.asker import asker, is_own
from reprobook.ambient.stand_in import Replacements

_BASE = 0x7F0000000000
_STEP = 16

_id = id
_known: dict[int, tuple[int, object]] = {}
_counter = itertools.count(1)


def pin_addresses(replacements: Replacements) -> None:
    """Replace ``id``, and the methods that show an address."""
    replacements.stand_in(builtins, "id", _asked)
    replacements.put(builtins, "__build_class__", _building(builtins.__build_class__))
    replacements.after_import({"torch": partial(_pin_torch, replacements)})


def number_of(value: object) -> int:
    """Return what stands for the address of an object."""
    key = _id(value)
    known = _known.get(key)
    if known is None:
        number = _BASE + _STEP * next(_counter)
        try:
            # The address may be another object's once this one is gone.
            known = number, weakref.ref(value, lambda _: _known.pop(key, None))
        except TypeError:
            known = number, value
        _known[key] = known
    return known[0]


def _asked(original: Callable[[object], int], args: Any, _: Any) -> int:
    return number_of(*args) if is_own(asker()) else original(*args)


def _repr(self: object) -> str:
    cls = type(self)
    return f"<{cls.__module__}.{cls.__qualname__} object at {number_of(self):#x}>"


def _hash(self: object) -> int:
    return number_of(self) >> 4


def _building(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return the maker of classes, which gives the notebook's own ones methods in place of the slots of C."""

    def build(function: Any, name: str, /, *bases: Any, **kwargs: Any) -> Any:
        made = original(function, name, *bases, **kwargs)
        if isinstance(made, type) and is_own(asker()):
            for slot, method in (("__repr__", _repr), ("__hash__", _hash)):
                if getattr(made, slot) is getattr(object, slot):
                    setattr(made, slot, method)
        return made

    return build


def _pin_torch(replacements: Replacements, torch: Any) -> None:
    """Order sets of parameters and modules."""
    replacements.put(torch.Tensor, "__hash__", _hash)
    replacements.put(torch.nn.Module, "__hash__", _hash)
