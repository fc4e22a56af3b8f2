"""Memory that is used before anything was put into it."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.report import Report
from reprobook.hazards.spread import uses

_EMPTY = frozenset(
    {"torch.empty", "torch.empty_like", "numpy.empty", "numpy.empty_like", "torch.empty_strided", "numpy.ndarray"}
)

_EMPTY |= {"torch.Tensor", "torch.FloatTensor", "torch.DoubleTensor", "torch.LongTensor", "torch.cuda.FloatTensor"}


def find(report: Report) -> None:
    """Report arrays that hold whatever was in their memory before."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted in _EMPTY or dotted.endswith(".new_empty"):
            _tell_empty(report, call, dotted)


def _tell_empty(report: Report, call: ast.Call, dotted: str) -> None:
    """Memory that holds whatever was there before."""
    if dotted.endswith("Tensor") and not (call.args and _is_shape(call)):
        return
    if _holds_nothing(call) or _is_filled_at_once(report.book, call):
        return
    filled = _filled(report.book, call)
    message = f"`{report.book.text(call)}` holds whatever was in that memory until every item is assigned"
    name = report.book.text(call.func)
    fix = f"{name.replace('empty', 'zeros') if 'empty' in name else 'torch.zeros'}(...)"
    report.add(call, "uninitialised_memory", message, fix, certain=filled in {"never", "part"}, shown=filled != "whole")


def _is_shape(call: ast.Call) -> bool:
    return (
        all(isinstance(each, ast.Constant) and isinstance(each.value, int) for each in call.args) or len(call.args) > 1
    )


def _holds_nothing(call: ast.Call) -> bool:
    """Tell whether an array has no items, or holds objects (None until assigned)."""
    kind = keyword(call, "dtype")
    if (kind is not None and "object" in ast.unparse(kind)) or "meta" in ast.unparse(call):
        return True
    sizes = [each for argument in call.args[:1] for each in ast.walk(argument) if isinstance(each, ast.Constant)]
    return any(each.value == 0 for each in sizes)


def _is_filled_at_once(book: Book, call: ast.Call) -> bool:
    """``torch.empty(3).normal_()``, ``nn.init.zeros_(torch.empty(3))``, ``out=np.empty(3)``."""
    for parent in book.parents(call):
        if isinstance(parent, ast.Attribute) and (
            parent.attr.endswith("_") or parent.attr in {"shape", "dtype", "size", "fill", "device"}
        ):
            return True
        if isinstance(parent, ast.keyword) and parent.arg == "out":
            return True
        if isinstance(parent, ast.Call) and book.dotted(parent.func).startswith("torch.nn.init."):
            return True
        if isinstance(parent, ast.stmt):
            return False
    return False


def _filled(book: Book, call: ast.Call) -> str:
    """Tell how the variable that holds the memory is filled: ``never``, ``part``, ``parts`` or ``whole``."""
    statement = book.statement(call)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Attribute):
        return "whole"  # a parameter of a module: it is filled in a method we do not follow
    if not isinstance(target, ast.Name):
        return "never"
    ways = [_way(book, use) for use in uses(book, target)]
    if "whole" in ways:
        return "whole"
    # Several parts may make up the whole: only a reader can tell.
    return {0: "never", 1: "part"}.get(ways.count("part"), "parts")


def _way(book: Book, use: ast.Name) -> str:
    """Tell how one use fills an array."""
    parent = book.parent(use)
    if isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Store):
        return "part" if _is_part(parent.slice) and not _in_loop(book, parent) else "whole"
    if isinstance(parent, ast.Attribute):
        above = book.parent(parent)
        if parent.attr.endswith("_") or parent.attr in {"fill", "readinto", "copyto", "data"}:
            return "whole"
        if parent.attr in {"view", "flat", "T"} and isinstance(above, (ast.Subscript, ast.Call)):
            return "whole"
    if isinstance(parent, ast.keyword) and parent.arg == "out":
        return "whole"
    if isinstance(parent, ast.Call) and use in parent.args:
        dotted = book.dotted(parent.func)
        fills = dotted.startswith(("torch.nn.init.", "@", "?")) or dotted in {"numpy.copyto", "numpy.put"}
        return "whole" if fills else ""
    return ""


def _is_part(index: ast.expr) -> bool:
    """Tell whether an index leaves out items: a slice with bounds, a constant, a mask."""
    if isinstance(index, ast.Slice):
        return index.lower is not None or index.upper is not None or index.step is not None
    if isinstance(index, ast.Tuple):
        return any(_is_part(each) for each in index.elts)
    return not (isinstance(index, ast.Constant) and index.value is Ellipsis)


def _in_loop(book: Book, node: ast.AST) -> bool:
    return any(isinstance(each, (ast.For, ast.While)) for each in book.parents(node))
