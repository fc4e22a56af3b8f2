"""Objects that stand for a function of a module: called, stored, pickled and printed as the function itself.

A plain Python function would not do: kept on a class it would bind as a method, where a builtin does not.
"""

from __future__ import annotations

import glob
import os
import sys
import types
from collections.abc import Callable
from typing import Any

from reprobook.ambient.import_hook import AfterImport, is_imported

Function = Callable[..., Any]


class StandIn:
    """Calls what it stands for, by way of ``act``.

    Equal to the function, with the same hash: some of the standard library looks its functions up in sets
    (``os.supports_fd``).

    Args:
        original: The function; ``act`` decides whether it is called.
        act: Gets the function, its positional and its keyword arguments, and returns the result.
        module: Module whose attribute ``name`` this becomes; it is pickled by that name.
        name: The attribute.
    """

    __slots__ = ("__dict__", "__weakref__", "_act")

    def __init__(self, original: Function, act: Callable[..., Any], module: str, name: str) -> None:
        self._act = act
        self.__wrapped__ = original
        own = getattr(original, "__module__", None)
        # The same text is the same object in a pickle, if it is one object here.
        self.__module__ = own if own == module else module
        self.__name__ = name
        self.__qualname__ = getattr(original, "__qualname__", name)
        self.__doc__ = original.__doc__

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        __tracebackhide__ = True
        return self._act(self.__wrapped__, args, kwargs)

    def __eq__(self, other: object) -> bool:
        return self is other or bool(unwrapped(other) == self.__wrapped__)

    def __hash__(self) -> int:
        return hash(self.__wrapped__)

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __reduce__(self) -> str:
        # A text of its own, as a builtin gives: one that is met again would be pickled as a reference.
        return "".join(list(self.__name__))

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "__wrapped__"), name)


class BindingStandIn(StandIn):
    """Stands for a function that was written in Python: kept on a class, it binds as that one would."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return self.__qualname__

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


def unwrapped(value: object) -> object:
    """Return the function behind a stand-in; anything else as it is."""
    while issubclass(type(value), StandIn):
        value = object.__getattribute__(value, "__wrapped__")
    return value


class Replacements:
    """Attributes that were replaced, and how to put them back."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []
        self._hooks: list[AfterImport] = []

    def stand_in(self, module: Any, name: str, act: Callable[..., Any]) -> None:
        """Let a stand-in take the place of a module's function, if the module has it."""
        original = vars(module).get(name)
        if original is None:
            return
        kind = BindingStandIn if type(unwrapped(original)) is types.FunctionType else StandIn
        self.put(module, name, kind(original, act, module.__name__, name))

    def stand_in_for_scandir(self, act: Callable[..., Any]) -> None:
        """Do so for ``os.scandir``; the classes behind ``glob`` of Python 3.13 took it by name at their import."""
        self.stand_in(os, "scandir", act)
        for name in ("_GlobberBase", "_Globber", "_StringGlobber"):
            if "scandir" in vars(owner := getattr(glob, name, None) or object):
                self.put(owner, "scandir", staticmethod(os.scandir))

    def put(self, owner: Any, name: str, replacement: Any) -> None:
        """Replace any attribute."""
        self._done.append((owner, name, vars(owner).get(name, self), replacement))
        setattr(owner, name, replacement)

    def after_import(self, actions: dict[str, Callable[[Any], None]]) -> None:
        """Act on modules that are imported now, and on the others as soon as they are."""
        for name in [name for name in actions if is_imported(name)]:
            actions.pop(name)(sys.modules[name])
        if actions:
            self._hooks.append(AfterImport(actions))
            self._hooks[-1].install()

    def undo(self) -> None:
        """Put back what nobody has replaced since."""
        while self._hooks:
            self._hooks.pop().remove()
        while self._done:
            owner, name, original, replacement = self._done.pop()
            if vars(owner).get(name) is not replacement:
                continue
            if original is self:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
