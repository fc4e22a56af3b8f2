"""Packages whose names are loaded when they are first used (PEP 562): whoever needs one does not wait for all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """A package that keeps a public name for what it means: a module of that name does not take its place."""

    __homes__: Mapping[str, str]

    def __setattr__(self, name: str, value: object) -> None:
        """Set a name; Python does so too, for each module of the package that is imported."""
        if not (name in self.__homes__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        """Return what was loaded, and what can be."""
        return sorted({*super().__dir__(), *self.__homes__})


def lazy_names(
    package: str, homes: Mapping[str, Iterable[str]], kind: type[LazyPackage] = LazyPackage
) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a package.

    Args:
        package: Its name; it is being imported.
        homes: By module of the package, the names that it has.
        kind: What the package is to be.
    """
    module = sys.modules[package]
    found = {name: f"{package}.{home}" for home, names in homes.items() for name in names}
    vars(module)["__homes__"] = found
    module.__class__ = kind

    def load(name: str) -> Any:
        if name not in found:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(import_module(found[name]), name)
        setattr(module, name, value)
        return value

    return load
