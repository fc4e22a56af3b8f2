"""Which handler takes which type apart; those of a library are attached once it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple, cast

from reprobook.trace.content.anatomy import (
    ByClass,
    content_of,
    has_hidden_state,
    identity,
    is_ephemeral,
    is_iterator,
    is_trusted,
    loaded,
    mro_of,
    namespace_of,
    qualified_name,
)
from reprobook.trace.content.parts import Parts

# By the module that must be loaded: the file here that knows its types.
_LIBRARIES = {
    "numpy": "numpy_values",
    "pandas": "pandas_values",
    "torch": "torch_values",
    "PIL.Image": "image_values",
    "pyarrow": "arrow_values",
    "polars": "polars_values",
}


class Handler(NamedTuple):
    """How a type is taken apart.

    ``whole`` says that the handler covers instances of subclasses too; otherwise what a subclass adds in its
    ``__dict__`` and slots is added to what the handler returns.
    """

    describe: Callable[[Any], Parts]
    whole: bool = False


class Registry:
    """Handlers by type."""

    def __init__(self, builtin: Mapping[type, Handler]) -> None:
        # By the id of the type, for the reason that ``parts.py`` gives; the types themselves live as long as Python.
        self._handlers = {identity(cls): handler for cls, handler in builtin.items()}
        self._attached: set[str] = set()
        self._describe = ByClass(self._choose)

    def attach_loaded(self) -> None:
        """Attach the handlers of the libraries that the process has imported by now."""
        for library, adapter in _LIBRARIES.items():
            if library not in self._attached and loaded(library):
                self._attached.add(library)
                found = import_module(f"reprobook.trace.content.{adapter}").handlers()
                self._handlers |= {identity(each): handler for each, handler in found.items()}
                self._describe.clear()

    def describe(self, value: object) -> Parts:
        """Take a value apart by the handler of its type, else by its attributes."""
        return self._describe(type(value))(value)

    def _choose(self, cls: type) -> Callable[[Any], Parts]:
        """Return how instances of a class are taken apart."""
        if exact := self._handlers.get(identity(cls)):
            return exact.describe
        known = [self._handlers[identity(each)] for each in mro_of(cls) if identity(each) in self._handlers]
        if whole := next((handler for handler in known if handler.whole), None):
            return whole.describe
        if is_ephemeral(cls):
            return lambda value: opaque_parts(type(value))
        base = known[0].describe if known else None
        hidden = has_hidden_state(cls, self._handlers)
        if hidden and not base and is_trusted(cls) and not is_iterator(cls):
            return _reduced_parts
        return lambda value: instance_parts(value, base, opaque=hidden)


def opaque_parts(cls: type) -> Parts:
    """Return the parts of a value of which only the type is known."""
    kind = qualified_name(cls)
    return Parts(kind, b"opaque", opaque=True, summary=kind)


def instance_parts(value: object, base: Callable[[Any], Parts] | None = None, *, opaque: bool = False) -> Parts:
    """Return the parts of an instance: what it inherits from a builtin base, and its attributes."""
    kind = qualified_name(type(value))
    attributes = content_of(value)
    inherited = [base(value)] if base else []
    names = "\0".join(attributes).encode("utf-8", "surrogatepass")
    return Parts(kind, names, children=[*inherited, *attributes.values()], opaque=opaque, summary=kind)


def _reduced_parts(value: object) -> Parts:
    """Return the parts of a C object of a trusted library by the pickle protocol (PEP 307)."""
    cls = type(value)
    kind = qualified_name(cls)
    # The class's own method, unbound: mypy takes it for the metaclass's.
    reduced: Any = cast("Any", cls).__reduce_ex__(value, 4)
    if type(reduced) is str:
        return Parts(kind, reduced.encode(), summary=kind)
    maker, *rest = reduced
    name = maker.__qualname__ if "__qualname__" in namespace_of(type(maker)) else ""
    children = [list(each) if is_iterator(type(each)) else each for each in rest]
    return Parts(kind, str(name).encode(), children=children, summary=kind)
