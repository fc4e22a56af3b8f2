"""How code is taken apart: functions, methods, classes, modules.

A function is its compiled code, its defaults and what it closes over; not where it was written, since a notebook's
file name changes with every process. A class of the notebook is its members; any other class is its name.
"""

from __future__ import annotations

import types
from typing import Any

from reprobook.trace.content.anatomy import attributes_of, fields_of, mro_of, namespace_of, qualified_name
from reprobook.trace.content.parts import Parts, encode
from reprobook.trace.content.registry import Handler

_FUNCTIONS = (types.FunctionType, classmethod, staticmethod, property)


def _code(value: types.CodeType) -> Parts:
    facts = (
        value.co_code,
        value.co_names,
        value.co_varnames,
        value.co_freevars,
        value.co_cellvars,
        (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags),
        value.co_exceptiontable,
    )
    # The constants hold the code of nested functions.
    return Parts("code", encode(facts), children=value.co_consts, summary="code")


def _function(value: types.FunctionType) -> Parts:
    fields = fields_of(types.FunctionType, value, "__code__", "__defaults__", "__kwdefaults__", "__closure__")
    name = fields[0].co_qualname
    return Parts("function", name.encode(), children=(*fields, attributes_of(value)), summary=name)


def _cell(value: types.CellType) -> Parts:
    try:
        return Parts("cell", children=(value.cell_contents,), summary="cell")
    except ValueError:
        return Parts("cell", b"empty", summary="cell")


def _method(value: types.MethodType) -> Parts:
    return Parts("method", children=fields_of(types.MethodType, value, "__func__", "__self__"), summary="method")


def _builtin_function(value: types.BuiltinFunctionType) -> Parts:
    owner = value.__self__
    # A function of a module is its name; a method of an object is the object too.
    bound = () if type(owner) is types.ModuleType else (owner,)
    module = value.__module__ or ""
    return Parts("builtin", f"{module}.{value.__qualname__}".encode(), children=bound, summary=value.__qualname__)


def _wrapped_function(value: Any) -> Parts:
    kind = type(value).__name__
    return Parts(kind, children=(value.__func__,), summary=kind)


def _property(value: property) -> Parts:
    return Parts("property", children=fields_of(property, value, "fget", "fset", "fdel"), summary="property")


def _named(value: Any) -> Parts:
    """Take a descriptor of a C type by its name."""
    kind = type(value).__name__
    return Parts(kind, str(value.__qualname__).encode(), summary=kind)


def _class(value: type) -> Parts:
    name = qualified_name(value)
    if not name.startswith("__main__."):
        return Parts("class", name.encode(), summary=name)
    # Of the special names only the functions: the rest is bookkeeping of decorators and metaclasses.
    members = {
        key: member
        for key, member in namespace_of(value).items()
        if not key.startswith("_abc_") and (not key.startswith("__") or type(member) in _FUNCTIONS)
    }
    return Parts("class", name.encode(), children=(list(mro_of(value)[1:]), members), summary=name)


def _module(value: types.ModuleType) -> Parts:
    own = attributes_of(value)
    facts = [each if type(each) is str else "" for each in (own.get("__name__"), own.get("__version__"))]
    return Parts("module", encode(facts), summary=" ".join(facts).strip())


HANDLERS: dict[type, Handler] = {
    types.CodeType: Handler(_code),
    types.FunctionType: Handler(_function),
    types.CellType: Handler(_cell),
    types.MethodType: Handler(_method),
    types.BuiltinFunctionType: Handler(_builtin_function),
    classmethod: Handler(_wrapped_function),
    staticmethod: Handler(_wrapped_function),
    property: Handler(_property),
    types.WrapperDescriptorType: Handler(_named),
    types.MethodDescriptorType: Handler(_named),
    types.ClassMethodDescriptorType: Handler(_named),
    types.GetSetDescriptorType: Handler(_named),
    types.MemberDescriptorType: Handler(_named),
    type: Handler(_class, whole=True),
    types.ModuleType: Handler(_module, whole=True),
}
