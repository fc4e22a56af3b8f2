"""Modules and classes of others that the notebook has patched: ``nn.Linear.forward = mine``.

Neither a module nor a class of a library is digested member by member. Those whose attributes the source of some
cell sets are watched, and what of the notebook's own code is found there counts as content of the names that hold them.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable
from typing import Any, cast

from blake3 import blake3

from reprobook.trace.content import Digester
from reprobook.trace.content.anatomy import (
    attributes_of,
    derives,
    fields_of,
    identity,
    is_local_module,
    module_of,
    mro_of,
    namespace_of,
)
from reprobook.trace.content.parts import encode
from reprobook.trace.model import ValueDigest

_DEEPEST = 4
_WRAPPERS = (staticmethod, classmethod, types.MethodType)


class Patches:
    """Watches modules and classes.

    Args:
        namespace: The notebook's.

    Attributes:
        values: The patches found.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._watched: dict[tuple[str, ...], None] = {}
        self.values: list[object] = []
        self._digests: dict[int, str] = {}

    def watch(self, owners: Iterable[tuple[str, ...]]) -> None:
        """Watch what dotted names lead to, if that is a module or a class of others."""
        self._watched |= dict.fromkeys(owners)

    def refresh(self, digester: Digester) -> list[str]:
        """Look for patches, and return the names that hold what was patched otherwise than when last looked at."""
        if not self._watched:
            return []
        found: dict[int, list[str]] = {}
        self.values = []
        for path in self._watched:
            holders = self._holders(path)
            for name, value in sorted(self._patched(holders[-1]).items()) if holders else ():
                self.values.append(value)
                line = f"{'.'.join(path[1:])}.{name} {digester.digest(value).digest}"
                for holder in {identity(holders[0]), identity(holders[-1])}:
                    found.setdefault(holder, []).append(line)
        before, self._digests = self._digests, {key: _digest_of(lines) for key, lines in found.items()}
        changed = {key for key in before.keys() | self._digests.keys() if before.get(key) != self._digests.get(key)}
        return [name for name, value in self._namespace.items() if identity(value) in changed] if changed else []

    def applied(self, value: object, digest: ValueDigest) -> ValueDigest:
        """Return the digest of a module or class with the patches found in it."""
        patches = self._digests.get(identity(value))
        if patches is None:
            return digest
        both = blake3((digest.digest + patches).encode()).hexdigest()
        return digest.model_copy(update={"digest": both, "summary": f"{digest.summary} (patched)"})

    def _holders(self, path: tuple[str, ...]) -> list[object]:
        """Return the modules and classes along a dotted name, none if it leads elsewhere."""
        found: list[object] = []
        value = self._namespace.get(path[0])
        for step in (*path[1:], None):
            members = _members_of(value)
            if members is None:
                return []
            found.append(value)
            value = members.get(step)
        return found

    def _patched(self, owner: Any) -> dict[str, object]:
        """Return the members of a module or class that are code of the notebook."""
        if is_local_module(owner) or (derives(type(owner), type) and self._is_notebooks(owner)):
            return {}  # read member by member anyway
        members = (namespace_of(owner) if derives(type(owner), type) else _members_of(owner)) or {}
        return {str(name): value for name, value in members.items() if self._is_notebooks(value)}

    def _is_notebooks(self, value: object, depth: int = 0) -> bool:
        """Tell whether a value is code of the notebook, wrapped or not."""
        cls = type(value)
        if cls is types.FunctionType:
            function: Any = value
            if function.__globals__ is self._namespace:
                return True
            inner = [_content(cell) for cell in function.__closure__ or ()]
        elif cls in _WRAPPERS:
            inner = [value.__func__]  # type: ignore[attr-defined]
        elif cls is functools.partial:
            inner = fields_of(functools.partial, value, "func")
        elif cls is property:
            inner = fields_of(property, value, "fget", "fset", "fdel")
        elif derives(cls, type):
            return module_of(cast("type", value)) == self._namespace.get("__name__")
        else:
            return module_of(cls) == self._namespace.get("__name__")
        return depth < _DEEPEST and any(self._is_notebooks(each, depth + 1) for each in inner)


def _digest_of(lines: list[str]) -> str:
    """Return a digest of lines, in any order."""
    return blake3(encode(sorted(lines))).hexdigest()


def _members_of(owner: Any) -> dict[Any, Any] | None:
    """Return the attributes of a module or class, inherited ones included; None for anything else."""
    if type(owner) is types.ModuleType:
        return attributes_of(owner)
    if derives(type(owner), type):
        return {name: value for each in reversed(mro_of(owner)) for name, value in namespace_of(each).items()}
    return None


def _content(cell: Any) -> object:
    """Return what a closure cell holds."""
    try:
        return cell.cell_contents
    except ValueError:
        return None
