"""Look into classes and instances without running a line of their code.

Attribute access, ``isinstance`` and ``repr`` may all be overridden by a user's class. Only slots of the builtin
types are used here: what they return cannot lie, and reading it has no effect.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import types
import weakref
from collections.abc import Callable, Collection
from typing import Any, Generic, TypeVar

# What ``id`` gives, rotated; but ``id`` raises an audit event at every call, which costs more than all the rest.
identity: Callable[[object], int] = object.__hash__
_mro = type.__dict__["__mro__"].__get__
_base = type.__dict__["__base__"].__get__
_namespace = type.__dict__["__dict__"].__get__
_qualname = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__
_basicsize = type.__dict__["__basicsize__"].__get__

Fact = TypeVar("Fact")

_POINTER = 8
_MOST_CLASSES = 10_000
_FIELDS = (types.GetSetDescriptorType, types.MemberDescriptorType)

# Their state belongs to this process (handles, thread ids, callbacks) or to the screen, or it is time itself:
# no two runs share it, and none of it is a result.
_EPHEMERAL_NAMES = """
    threading _thread socket _socket ssl _ssl subprocess multiprocessing _multiprocessing concurrent asyncio _asyncio
    logging selectors select sqlite3 _sqlite3 tempfile io _io mmap ctypes _ctypes _queue contextvars _contextvars
    shutil weakref _weakrefset zipfile tarfile urllib http requests urllib3 httpx aiohttp zmq tornado
    IPython ipykernel ipywidgets traitlets comm matplotlib matplotlib_inline seaborn plotly bokeh altair
    tqdm rich wandb mlflow tensorboard reprobook
"""
_EPHEMERAL = frozenset(_EPHEMERAL_NAMES.split())
# Of these, hidden C state may be asked for by the pickle protocol: it has no side effects there.
_TRUSTED_NAMES = """
    builtins types operator _operator functools collections _collections array
    decimal datetime zoneinfo random _random fractions
    numpy scipy sklearn pandas torch
"""
_TRUSTED = frozenset(_TRUSTED_NAMES.split())
_PACKAGE = "reprobook"
_SCHEMES = ("stdlib", "platstdlib", "purelib", "platlib")
_INSTALLED = tuple({f"{sysconfig.get_path(name)}{os.sep}" for name in _SCHEMES})
# Attributes of libraries' objects that hold an address, a chance name, a counter of the process or a time, no more:
# of sklearn's vectorizers and searches, of a styled frame, of what torch.compile returns.
_VOLATILE_NAMES = """
    _stop_words_id refit_time_ uuid
    _torchdynamo_wrapper_id _torchdynamo_orig_callable _isolate_recompiles_id dynamo_ctx get_compiler_config
"""
_VOLATILE = frozenset(_VOLATILE_NAMES.split())


def mro_of(cls: type) -> tuple[type, ...]:
    """Return the method resolution order."""
    found: tuple[type, ...] = _mro(cls)
    return found


def derives(cls: type, base: type) -> bool:
    """Tell whether a class is another or inherits from it, whatever its metaclass says."""
    return any(each is base for each in mro_of(cls))


def namespace_of(cls: type) -> types.MappingProxyType[str, Any]:
    """Return the class's own namespace."""
    found: types.MappingProxyType[str, Any] = _namespace(cls)
    return found


def module_of(cls: type) -> str:
    """Return the name of the module a class says it is from, or ``?``."""
    try:
        name = _module(cls)
    except AttributeError:
        return "?"
    return name if type(name) is str else "?"


def qualified_name(cls: type) -> str:
    """Return module and qualified name of a class; builtins without their module."""
    module, name = module_of(cls), str(_qualname(cls))
    return name if module == "builtins" else f"{module}.{name}"


def _root(cls: type) -> str:
    """Return the top-level package of a class."""
    return module_of(cls).partition(".")[0]


def is_ephemeral(cls: type) -> bool:
    """Tell whether instances are bound to this process (locks, files, threads, figures)."""
    return any(_root(each) in _EPHEMERAL for each in mro_of(cls))


def is_trusted(cls: type) -> bool:
    """Tell whether a class and all its bases are from libraries whose pickling has no side effects."""
    return all(_root(each) in _TRUSTED for each in mro_of(cls))


def is_iterator(cls: type) -> bool:
    """Tell whether the class has ``__next__`` or is awaited: reading it would consume it."""
    return any("__next__" in namespace_of(each) or "__await__" in namespace_of(each) for each in mro_of(cls))


def has_hidden_state(cls: type, known: Collection[int]) -> bool:
    """Tell whether instances have C fields that no ``__dict__`` or slot shows.

    Each class adds to its base's size; what its descriptors do not account for is hidden. Classes whose ids are in
    ``known`` have a handler of their own that reads their fields.
    """
    for each in mro_of(cls):
        if each is object or identity(each) in known:
            continue
        # Other getset descriptors may be computed: they say nothing about fields.
        shown = sum(
            type(member) is types.MemberDescriptorType or name in ("__dict__", "__weakref__")
            for name, member in namespace_of(each).items()
        )
        if _basicsize(each) - _basicsize(_base(each)) > _POINTER * shown:
            return True
    return False


class ByClass(Generic[Fact]):
    """Remembers what was found out about classes, as long as they live.

    By identity: to look a class up by itself would call the ``__hash__`` of its metaclass.
    """

    def __init__(self, find: Callable[[type], Fact]) -> None:
        self._find = find
        self._found: dict[int, tuple[weakref.ref[type], Fact]] = {}

    def __call__(self, cls: type) -> Fact:
        """Return what is known of a class, or find it out."""
        key = identity(cls)
        if (known := self._found.get(key)) and known[0]() is cls:
            return known[1]
        fact = self._find(cls)
        if len(self._found) > _MOST_CLASSES:
            self._found.clear()
        self._found[key] = (weakref.ref(cls), fact)
        return fact

    def clear(self) -> None:
        """Forget all of it."""
        self._found.clear()


def _find_fields(cls: type) -> tuple[tuple[str, Any], ...]:
    """Return the descriptors of ``__dict__`` and of the slots, the class's own first."""
    return tuple(
        (name, member)
        for each in mro_of(cls)
        for name, member in namespace_of(each).items()
        if (name == "__dict__" and type(member) in _FIELDS)
        or (type(member) is types.MemberDescriptorType and not name.startswith("__"))
    )


_fields = ByClass(_find_fields)


def attributes_of(value: object) -> dict[str, object]:
    """Return the contents of ``__dict__`` and slots, sorted by name."""
    found: dict[str, object] = {}
    for name, member in _fields(type(value)):
        if name == "__dict__":
            own = member.__get__(value)
            found |= {key: dict.__getitem__(own, key) for key in dict.__iter__(own) if type(key) is str}
        else:
            _add_slot(found, name, value, member)
    return dict(sorted(found.items()))


def content_of(value: object) -> dict[str, object]:
    """Return the attributes that are content: without those that differ in every process."""
    own = attributes_of(value)
    if _VOLATILE.isdisjoint(own) or not is_trusted(type(value)):
        return own
    return {name: each for name, each in own.items() if name not in _VOLATILE}


def _add_slot(found: dict[str, object], name: str, value: object, member: types.MemberDescriptorType) -> None:
    """Add a slot unless it is empty or a subclass's slot of the same name came first."""
    try:
        found.setdefault(name, member.__get__(value))
    except AttributeError:
        return  # an empty slot


def fields_of(cls: type, value: object, *names: str) -> list[Any]:
    """Read fields by the descriptors of a builtin or C class, whatever a subclass made of them."""
    return [getattr(cls, name).__get__(value) for name in names]


def loaded(library: str) -> types.ModuleType | None:
    """Return a library if it is imported, and imported completely; never import it."""
    module = sys.modules.get(library)
    if type(module) is not types.ModuleType:
        return None
    return None if getattr(module.__spec__, "_initializing", False) else module


def is_local_module(module: object) -> bool:
    """Tell whether a module is neither installed nor builtin nor reprobook's: one beside the notebook."""
    if type(module) is not types.ModuleType:
        return False
    own = vars(module)
    name, file = own.get("__name__"), own.get("__file__")
    if type(file) is not str or type(name) is not str or name.partition(".")[0] == _PACKAGE:
        return False
    return not file.startswith(_INSTALLED)
