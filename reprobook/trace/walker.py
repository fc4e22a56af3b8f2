"""Walk from a value to all that it can come to.

The walk asks the garbage collector what objects refer to, which runs no code of theirs. What only C++ or Rust code
refers to is not seen, but for torch's tensors.
"""

from __future__ import annotations

import dis
import gc
import sys
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from reprobook.trace.content.anatomy import (
    ByClass,
    attributes_of,
    derives,
    fields_of,
    identity,
    is_local_module,
    loaded,
    module_of,
    mro_of,
    namespace_of,
    qualified_name,
)
from reprobook.trace.content.parts import SCALARS
from reprobook.trace.reach import NOWHERE, Reach

_GLOBAL_OPERATIONS = frozenset({"LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"})
# Beyond that many objects a value is taken to reach no more.
MOST_OBJECTS = 100_000
# They hold nothing that a cell could change.
_BARE = (types.CodeType, types.TracebackType, range, slice, type(...), types.GetSetDescriptorType)
_SLOTS = (types.MemberDescriptorType, types.WrapperDescriptorType, types.MethodDescriptorType)
_CUT = SCALARS | frozenset(map(identity, (*_BARE, *_SLOTS)))
# They lead to the kernel, and from there to everything.
_CUT_PACKAGE_NAMES = """
    IPython ipykernel ipywidgets traitlets comm zmq tornado jupyter_client asyncio _asyncio logging
    matplotlib seaborn plotly bokeh altair wandb mlflow rich reprobook io _io socket ssl
"""
_CUT_PACKAGES = frozenset(_CUT_PACKAGE_NAMES.split())
# What they hold counts; they themselves cannot change, and equal constants are often one object.
_UNCHANGING = frozenset(map(identity, (tuple, frozenset, types.BuiltinFunctionType, types.MethodType)))
# Long, and of text only.
_TEXT_ARRAYS = frozenset({"pandas.arrays.StringArray", "pandas.arrays.ArrowStringArray"})
_MOST_GRAPH_NODES = 10_000


class _Kind(NamedTuple):
    """How instances of a class are walked."""

    changes: bool
    follow: bool = True
    expand: Callable[[Any], Iterable[object]] | None = None


_IGNORED = _Kind(changes=False, follow=False)


class Walker:
    """Walks values; keeps none of them alive.

    Args:
        namespace: The notebook's. It is not walked itself: only the names that code loads from it count.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._kind = ByClass(self._classify)
        self._own: dict[str, bool] = {str(namespace.get("__name__", "__main__")): True}
        self._memory: set[tuple[int, int]] = set()
        self._names: set[str] = set()

    def walk(self, value: object) -> Reach:
        """Return what a value can come to."""
        if identity(type(value)) in _CUT:
            return NOWHERE
        self._memory, self._names = set(), set()
        seen = {identity(self._namespace)}
        objects: set[int] = set()
        # Wrappers made on the way must live on, or another would get their id.
        kept: list[object] = []
        pending: list[object] = [value]
        while pending and len(objects) < MOST_OBJECTS:
            followed: list[object] = []
            expanded: list[object] = []
            for each in pending:
                key = identity(each)
                if key in seen:
                    continue
                seen.add(key)
                kind = self._kind(type(each))
                if kind.changes:
                    objects.add(key)
                if kind.follow:
                    followed.append(each)
                if kind.expand:
                    expanded.extend(kind.expand(each))
            kept += expanded
            found = (*expanded, *gc.get_referents(*followed)) if followed else expanded
            pending = [each for each in found if identity(type(each)) not in _CUT]
        return Reach(frozenset(objects), frozenset(self._memory), frozenset(self._names))

    def _classify(self, cls: type) -> _Kind:
        """Choose how instances of a class are walked."""
        if derives(cls, type):
            return _Kind(changes=False, follow=False, expand=self._members)
        if cls is types.ModuleType:
            return _Kind(changes=False, follow=False, expand=self._module)
        if cls is types.FunctionType:
            return _Kind(changes=False, follow=False, expand=self._function)
        if derives(cls, weakref.ref):
            return _Kind(changes=False, expand=lambda value: [weakref.ref.__call__(value)])
        if any(module_of(each).partition(".")[0] in _CUT_PACKAGES for each in mro_of(cls)):
            return _IGNORED
        if qualified_name(cls) in _TEXT_ARRAYS:
            return _Kind(changes=True, follow=False)
        if (numpy := loaded("numpy")) and derives(cls, numpy.ndarray):
            return _Kind(changes=True, expand=lambda value: self._array(numpy, value))
        if (torch := loaded("torch")) and derives(cls, torch.Tensor):
            return _Kind(changes=True, expand=lambda value: self._tensor(torch, value))
        return _Kind(changes=identity(cls) not in _UNCHANGING)

    def _is_own(self, module: str) -> bool:
        """Tell whether code of a module is the user's: the notebook's, or that of a module beside it."""
        if module not in self._own:
            self._own[module] = is_local_module(sys.modules.get(module))
        return self._own[module]

    def _members(self, cls: type) -> Iterator[object]:
        """Yield what the classes of the user's own hold: methods, and attributes that all instances share."""
        for each in mro_of(cls):
            if self._is_own(module_of(each)):
                name = qualified_name(each).rpartition(".")[2]
                if self._namespace.get(name) is each:
                    self._names.add(name)
                for member in namespace_of(each).values():
                    if type(member) is property:
                        yield from fields_of(property, member, "fget", "fset", "fdel")
                    yield member

    def _module(self, module: types.ModuleType) -> Iterable[object]:
        """Return what a module of the user's own holds."""
        own = vars(module)
        return list(own.values()) if own is not self._namespace and is_local_module(module) else ()

    def _function(self, function: types.FunctionType) -> Iterator[object]:
        """Yield what a function holds, and the globals that its code names."""
        code = function.__code__
        if function.__globals__ is self._namespace:
            self._names |= global_names(code) & self._namespace.keys()
        elif self._is_own(str(function.__module__)):
            yield from (function.__globals__[name] for name in global_names(code) if name in function.__globals__)
        yield from fields_of(types.FunctionType, function, "__defaults__", "__kwdefaults__", "__closure__")
        yield from attributes_of(function).values()

    def _array(self, numpy: Any, array: Any) -> Iterator[object]:
        """Note the memory of an array: that of the array which it is a view of, as far as there is one."""
        while type(base := fields_of(numpy.ndarray, array, "base")[0]) is numpy.ndarray:
            array = base
        yield base
        facts, nbytes, dtype = fields_of(numpy.ndarray, array, "__array_interface__", "nbytes", "dtype")
        start, steps = facts["data"][0], facts["strides"] or ()
        if steps:
            reached = [step * (size - 1) for step, size in zip(steps, facts["shape"], strict=True)]
            nbytes = sum(each for each in reached if each > 0) + dtype.itemsize
            start += sum(each for each in reached if each < 0)
        if nbytes and array.size:
            self._memory.add((start, start + nbytes))
        if dtype.hasobject:
            yield from numpy.ndarray.view(array, numpy.ndarray).reshape(-1).tolist()

    def _tensor(self, torch: Any, tensor: Any) -> Iterator[object]:
        """Note the memory of a tensor; yield its gradient, and the leaves that ``backward`` would reach."""
        with torch._C.DisableTorchFunction():  # noqa: SLF001
            if tensor.layout is torch.strided and not tensor.is_meta and module_of(type(tensor)).startswith("torch"):
                storage = tensor.untyped_storage()
                if storage.nbytes():
                    self._memory.add((storage.data_ptr(), storage.data_ptr() + storage.nbytes()))
            if tensor.is_leaf:
                yield tensor.grad
            elif tensor.grad_fn is not None:
                yield from _leaves(tensor.grad_fn)


def _leaves(node: Any) -> Iterator[object]:
    """Yield the tensors at the ends of an autograd graph."""
    seen, pending = {node}, [node]
    while pending and len(seen) < _MOST_GRAPH_NODES:
        each = pending.pop()
        if (variable := getattr(each, "variable", None)) is not None:
            yield variable
        new = {found for found, _ in each.next_functions if found is not None} - seen
        seen |= new
        pending.extend(new)


@lru_cache(maxsize=1024)
def global_names(code: types.CodeType) -> frozenset[str]:
    """Return the global names that code loads or binds, in nested functions too."""
    found = {str(each.argval) for each in dis.get_instructions(code) if each.opname in _GLOBAL_OPERATIONS}
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            found |= global_names(constant)
    return frozenset(found)
