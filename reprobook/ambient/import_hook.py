"""Run an action once, right after a module is imported for the first time.

The hook sits first on ``sys.meta_path`` (PEP 451), lets the other finders find the module, and imports nothing
itself. The module's loader keeps its type; only this one load is wrapped.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

Action = Callable[[ModuleType], None]


class AfterImport:
    """A finder that finds nothing of its own, and acts after the modules that it waits for.

    It has no base: ``importlib.abc`` would bring ``tempfile`` and all that packs files.

    Args:
        actions: What to do after which module. The action's errors reach whoever imports the module.
    """

    def __init__(self, actions: dict[str, Action]) -> None:
        self._actions = actions

    def install(self) -> None:
        """Act on the modules that are there, and wait for the others."""
        for name in [name for name in self._actions if is_imported(name)]:
            self._actions.pop(name)(sys.modules[name])
        if self._actions:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Stop waiting."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def awaited(self) -> frozenset[str]:
        """Return the modules after whose import it acts, and that are still to come."""
        return frozenset(self._actions)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the spec of a module it waits for by the other finders, and wrap its load."""
        if fullname not in self._actions:
            return None
        # Those before it had their turn; another one of its kind among them would ask it again, and so on.
        later = sys.meta_path[sys.meta_path.index(self) + 1 :] if self in sys.meta_path else sys.meta_path
        others = (finder for finder in later if hasattr(finder, "find_spec"))
        found = (spec for finder in others if (spec := finder.find_spec(fullname, path, target)) is not None)
        spec = next(found, None)
        if spec is not None and spec.loader is not None:
            self._wrap(spec)
        return spec

    def _wrap(self, spec: ModuleSpec) -> None:
        """Let the loader act after it has executed this module, once."""
        loader, name = spec.loader, spec.name
        execute = getattr(loader, "exec_module", None)
        # The loaders of builtin and frozen modules are classes, shared by all of them; nobody waits for those.
        if execute is None or isinstance(loader, type) or not hasattr(loader, "__dict__"):
            return

        def exec_and_act(module: ModuleType) -> None:
            execute(module)
            # A loader may be shared by modules (a zip archive), and an import that failed may be tried again.
            if module.__name__ == name and name in self._actions:
                vars(loader).pop("exec_module", None)
                action = self._actions.pop(name)
                if not self._actions:
                    self.remove()
                action(module)

        vars(loader)["exec_module"] = exec_and_act


def is_imported(name: str) -> bool:
    """Say whether a module was imported to its end; None in its place keeps it from being imported at all."""
    module = sys.modules.get(name)
    return module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False)
