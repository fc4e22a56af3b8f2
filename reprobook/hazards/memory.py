"""Functions that remember earlier calls: caches, mutable defaults, counters."""

from __future__ import annotations

import ast

from reprobook.hazards.bindings import Binding
from reprobook.hazards.book import Book
from reprobook.hazards.meaning import own_nodes
from reprobook.hazards.report import Report, base_name

MUTATING = frozenset(
    {"append", "extend", "insert", "update", "add", "setdefault", "pop", "remove", "clear", "appendleft"}
)
_CACHES = frozenset({"functools.lru_cache", "functools.cache", "functools.cached_property"})


def find(report: Report) -> None:
    """Report functions whose result depends on earlier calls."""
    for function in report.book.functions:
        _tell_cache(report, function)
        _tell_memory(report, function)


def _tell_cache(report: Report, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """A cached function that reads what is not among its arguments."""
    book = report.book
    decorators = [each.func if isinstance(each, ast.Call) else each for each in function.decorator_list]
    if not any(book.dotted(each) in _CACHES or book.dotted(each).endswith(".cache") for each in decorators):
        return
    settings: list[str] = []
    others: list[str] = []
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found = book.scope(node).find(node.id, book.at(node))
            if found and found[1].is_module and found[0].origin in {"value", "element"}:
                (settings if _is_setting(book, found[0]) else others).append(node.id)
    names = list(dict.fromkeys(settings + others))
    if names:
        text = ", ".join(f"`{name}`" for name in dict.fromkeys(settings or others))
        message = f"`{function.name}` keeps its results, and reads {text}: after a change it still gives the old ones"
        given = ", ".join(dict.fromkeys(settings or others))
        report.add(
            function,
            "stale_cache.lru_cache",
            message,
            f"pass {given} as an argument",
            certain=bool(settings),
            shown=bool(settings),
        )
        for load in book.loads.get(function.name, ()):
            report.possible(load, "stale_cache.lru_cache", message, f"pass {given} as an argument")


def _is_setting(book: Book, binding: Binding) -> bool:
    """Tell whether a name is a setting."""
    literal = isinstance(binding.value, (ast.Constant, ast.UnaryOp))
    return literal or "parameters" in book.tags[binding.at[0]]


def _tell_memory(report: Report, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Mutable defaults, counters of a closure, attributes of the function."""
    book, arguments = report.book, function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
    defaults += [
        (name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    ]
    nodes = own_nodes(function)
    for argument, value in defaults:
        mutable = isinstance(value, (ast.List, ast.Dict, ast.Set)) or book.dotted(value) in {
            "list()",
            "dict()",
            "set()",
            "collections.defaultdict()",
        }
        if mutable and _is_changed(nodes, argument.arg):
            message = f"the default of `{argument.arg}` is made once: `{function.name}` remembers earlier calls in it"
            report.add(
                value,
                "hidden_state.function_state",
                message,
                f"{argument.arg}=None, and make it inside",
                names=(function.name,),
            )
    for node in nodes:
        if isinstance(node, ast.AugAssign) and _outlives(book, function, node.target):
            message = f"`{book.text(node)}`: `{function.name}` gives another result each time it is called"
            report.add(
                node,
                "hidden_state.function_state",
                message,
                "pass the value in and return it",
                certain=False,
                shown=isinstance(node.target, ast.Attribute),
            )


def _is_changed(nodes: list[ast.AST], name: str) -> bool:
    """Tell whether a function changes the object of an argument."""
    for node in nodes:
        method = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if method and method.attr in MUTATING and isinstance(method.value, ast.Name) and method.value.id == name:
            return True
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and base_name(node) == [name]:
            return True
        if isinstance(node, ast.AugAssign) and base_name(node.target) == [name]:
            return True
    return False


def _outlives(book: Book, function: ast.FunctionDef | ast.AsyncFunctionDef, target: ast.expr) -> bool:
    """Tell whether what a function changes is there in the next call: ``global``, ``nonlocal``, ``f.count``."""
    if isinstance(target, ast.Attribute):
        return base_name(target) == [function.name]
    declared = {
        name for each in own_nodes(function) if isinstance(each, (ast.Global, ast.Nonlocal)) for name in each.names
    }
    del book
    return isinstance(target, ast.Name) and target.id in declared
