"""Which names of the notebook its own functions and classes refer to."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from reprobook.trace.content.anatomy import attributes_of, fields_of, module_of, namespace_of

_GLOBAL_OPERATIONS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"})


def reached_names(names: Iterable[str], namespace: dict[str, Any]) -> set[str]:
    """Return the names that the values of ``names`` refer to when called, and what those refer to in turn.

    Followed are functions, methods, classes and instances of classes that were defined in the notebook.
    """
    found: set[str] = set()
    pending = [name for name in names if name in namespace]
    while pending:
        for function in _functions_of(namespace[pending.pop()], namespace):
            new = {name for name in _global_names(function.__code__) if name in namespace} - found
            found |= new
            pending.extend(new)
    return found


@lru_cache(maxsize=1024)
def _global_names(code: types.CodeType) -> frozenset[str]:
    """Return the global names that code loads or binds, in nested functions too."""
    found = {str(each.argval) for each in dis.get_instructions(code) if each.opname in _GLOBAL_OPERATIONS}
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            found |= _global_names(constant)
    return frozenset(found)


def _functions_of(value: object, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Return the notebook's own functions behind a value: itself, what it wraps, the methods of its class."""
    cls = type(value)
    if cls is types.MethodType:
        yield from _functions_of(fields_of(cls, value, "__func__")[0], namespace)
    elif cls is functools.partial:
        yield from _functions_of(fields_of(cls, value, "func")[0], namespace)
    elif cls is types.FunctionType or cls is functools._lru_cache_wrapper:  # noqa: SLF001  # it has no public name
        if isinstance(value, types.FunctionType) and value.__globals__ is namespace:
            yield value
        if (wrapped := attributes_of(value).get("__wrapped__")) is not None:
            yield from _functions_of(wrapped, namespace)
    else:
        owner = value if issubclass(cls, type) else cls
        if isinstance(owner, type) and module_of(owner) == namespace.get("__name__", "__main__"):
            yield from _methods_of(owner, namespace)


def _methods_of(owner: type, namespace: dict[str, Any]) -> Iterator[types.FunctionType]:
    """Return the functions in the namespace of a class."""
    for member in namespace_of(owner).values():
        inner = [member.__func__] if type(member) in (staticmethod, classmethod) else [member]
        if type(member) is property:
            inner = fields_of(property, member, "fget", "fset", "fdel")
        for each in inner:
            if type(each) is types.FunctionType and each.__globals__ is namespace:
                yield each
