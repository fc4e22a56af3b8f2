"""Modules that were imported beforehand, put aside until the notebook imports them.

A fork is to look like a fresh process: ``sys.modules``, the filters of warnings and the variables that an import sets
change at the moment of the notebook's own import, so that whoever waits for an import (seeds, the watch) or asks
whether a library is loaded finds what it would find in a fresh process.
"""

from __future__ import annotations

import _random
import copy
import os
import random
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from reprobook.ambient.import_hook import AfterImport

Filters = list[Any]


@dataclass
class Group:
    """What one import statement brought.

    Attributes:
        modules: The new modules, by name, in the order in which they began to load.
        filters: New filters of warnings, the first first.
        variables: Variables that it set.
        attributes: Submodules of earlier packages, as parent, attribute and module.
        draws: How many 32-bit words it drew from Python's global generator.
        files: Files of data that it read.
    """

    modules: dict[str, ModuleType]
    filters: Filters = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    attributes: list[tuple[ModuleType, str, ModuleType]] = field(default_factory=list)
    draws: int = 0
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """The state of a process that imports change."""

    modules: frozenset[str]
    filters: Filters
    variables: Mapping[str, str]

    @classmethod
    def now(cls) -> Snapshot:
        """Return that of this process."""
        return cls(frozenset(sys.modules), list(warnings.filters), dict(os.environ))

    def group(self) -> Group:
        """Return what came since."""
        known = {id(each) for each in self.filters}
        group = Group(
            modules={name: module for name, module in sys.modules.items() if self._is_new(name)},
            filters=[each for each in warnings.filters if id(each) not in known],
            variables={name: value for name, value in os.environ.items() if self.variables.get(name) != value},
        )
        for name, module in group.modules.items():
            parent, _, child = name.rpartition(".")
            if parent and parent not in group.modules and vars(sys.modules[parent]).get(child) is module:
                group.attributes.append((sys.modules[parent], child, module))
        return group

    def _is_new(self, name: str) -> bool:
        """Tell whether a module came since; those of the standard library are everybody's, and stay."""
        return name not in self.modules and name.partition(".")[0] not in sys.stdlib_module_names


class Shelf(MetaPathFinder):
    """Finds the modules that were put aside, for the first import of each."""

    def __init__(self) -> None:
        self._groups: list[Group] = []
        # Given back one by one, because somebody waits for their import.
        self._single: dict[str, ModuleType] = {}

    def put_aside(self, groups: Sequence[Group]) -> None:
        """Let the modules of these groups look as if they had never been imported."""
        self._groups = list(groups)
        for group in groups:
            for name in group.modules:
                del sys.modules[name]
            for parent, child, _ in group.attributes:
                delattr(parent, child)
            for name in group.variables:
                os.environ.pop(name, None)
        ours = {id(each) for group in groups for each in group.filters}
        set_filters([each for each in warnings.filters if id(each) not in ours])
        sys.meta_path.insert(0, self)

    def module(self, name: str) -> Any:
        """Return a module that is put aside, without giving it back; None if there is none of that name."""
        return next((group.modules[name] for group in self._groups if name in group.modules), None)

    def modules(self) -> dict[str, ModuleType]:
        """Return all modules that are put aside."""
        return {name: module for group in self._groups for name, module in group.modules.items()}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return a spec whose loader gives back the module, and those that came with it."""
        del path, target
        module = self._single.get(fullname) or self.module(fullname)
        if module is None:
            return None
        # The same as its own in all but the loader: some ask for the spec only to see what is installed.
        spec = copy.copy(getattr(module, "__spec__", None)) or ModuleSpec(fullname, None)
        spec.loader = _Return(self, module)
        return spec

    def give_back(self, name: str) -> None:
        """Put the modules of a group, and of those before it, to where they were."""
        if self._single.pop(name, None) is not None:
            return
        last = next((at for at, group in enumerate(self._groups) if name in group.modules), -1)
        groups, self._groups = self._groups[: last + 1], self._groups[last + 1 :]
        for group in groups:
            waited = {each for each in _waited_for(group.modules) if each != name}
            self._single |= {each: group.modules[each] for each in waited}
            sys.modules.update({each: module for each, module in group.modules.items() if each not in waited})
            for parent, child, module in group.attributes:
                setattr(parent, child, module)
            os.environ.update(group.variables)
            set_filters([*group.filters, *warnings.filters])
            for _ in range(group.draws):
                # The import would move a generator that was seeded before it.
                _random.Random.getrandbits(random._inst, 32)  # noqa: SLF001
            for path in group.files:
                sys.audit("open", path, "rb", 0)  # for whoever follows what an import reads
            for each in group.modules:
                if each in waited:
                    import_module(each)


class _Return(Loader):
    """Loads a module that is there."""

    def __init__(self, shelf: Shelf, module: ModuleType) -> None:
        self._shelf = shelf
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        del spec
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give back what came with it."""
        module.__spec__ = self._spec
        self._shelf.give_back(module.__name__)


def _waited_for(names: Iterable[str]) -> list[str]:
    """Return the modules whose import somebody waits for."""
    hooks = [finder for finder in sys.meta_path if isinstance(finder, AfterImport)]
    awaited = {name for hook in hooks for name in hook.awaited()}
    return [name for name in names if name in awaited]


def set_filters(filters: Filters) -> None:
    """Replace the filters of warnings."""
    warnings.filters[:] = filters  # type: ignore[index]  # a list, whatever the stubs say
    warnings._filters_mutated()  # type: ignore[attr-defined]  # noqa: SLF001  # as filterwarnings itself does
