"""How code is taken apart: functions, methods, classes, modules.

A function is its compiled code, its defaults and what it closes over; not where it was written, since a notebook's
file name changes with every process. A class of the notebook is its members; any other class is its name.
A module beside the notebook counts as the notebook's; any other is its name and version.
"""

from __future__ import annotations

import sys
import types
from typing import Any, cast

from reprobook.ambient.stand_in import StandIn, unwrapped
from reprobook.trace.content.anatomy import (
    attributes_of,
    derives,
    fields_of,
    is_local_module,
    module_of,
    mro_of,
    namespace_of,
    qualified_name,
)
from reprobook.trace.content.parts import Parts, encode
from reprobook.trace.content.registry import Handler, opaque_parts

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
    own = attributes_of(value)
    if "_torchdynamo_orig_callable" in own:
        # What torch.compile makes of a function holds counters and caches of this process.
        return Parts("compiled", children=(own["_torchdynamo_orig_callable"],), opaque=True, summary=name)
    return Parts("function", name.encode(), children=(*fields, own), summary=name)


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
    module = module_of(value)
    if module != "__main__" and not is_local_module(sys.modules.get(module)):
        return Parts("class", name.encode(), summary=name)
    # Of the special names only the functions: the rest is bookkeeping of decorators and metaclasses.
    members = {
        key: member
        for key, member in namespace_of(value).items()
        if not key.startswith("_abc_") and (not key.startswith("__") or type(member) in _FUNCTIONS)
    }
    return Parts("class", name.encode(), children=(list(mro_of(value)[1:]), members), summary=name)


def _module(value: types.ModuleType) -> Parts:
    own = vars(value)
    facts = [each if type(each) is str else "" for each in (own.get("__name__"), own.get("__version__"))]
    # Of a module beside the notebook, what it defines itself; what it imports from elsewhere is not its content.
    members = _defined_in(own, facts[0]) if is_local_module(value) else {}
    return Parts("module", encode(facts), children=(members,) if members else (), summary=" ".join(facts).strip())


def _defined_in(members: dict[str, object], module: str) -> dict[str, object]:
    """Return functions, classes and data of a module, sorted by name."""
    found = {}
    for name, value in sorted(members.items()):
        if type(value) is types.FunctionType or derives(type(value), type):
            home = value.__module__ if type(value) is types.FunctionType else module_of(cast("type", value))
            if home != module:
                continue
        if type(value) is not types.ModuleType and not name.startswith("__"):
            found[name] = value
    return found


def _stand_in(value: StandIn) -> Parts:
    """Take a watched function as the function itself."""
    function = unwrapped(value)
    handler = HANDLERS.get(type(function))
    return handler.describe(function) if handler else opaque_parts(type(function))


HANDLERS: dict[type, Handler] = {
    StandIn: Handler(_stand_in, whole=True),
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
