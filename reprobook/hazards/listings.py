"""Listings of folders, and the times of files: both differ between machines."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.fixes import wrap
from reprobook.hazards.generators import keyword
from reprobook.hazards.order import is_forgotten
from reprobook.hazards.report import Report
from reprobook.hazards.spread import decides_nothing

_LISTING = frozenset({"os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob", "os.fwalk"})

_LISTING_METHODS = frozenset({"iterdir", "rglob", "glob", "scandir"})

_TIMES = frozenset(
    {"getmtime", "getctime", "getatime", "st_mtime", "st_ctime", "st_atime", "st_mtime_ns", "st_birthtime"}
)


def find(report: Report) -> None:
    """Report listings without an order, and files ordered by time."""
    for call in report.book.all(ast.Call):
        _tell_listing(report, call)
        _tell_times(report, call)
    for attribute in report.book.all(ast.Attribute):
        if attribute.attr.startswith("st_") and attribute.attr in _TIMES and not _in_key(report.book, attribute):
            _tell_time_value(report, attribute)


def _tell_listing(report: Report, call: ast.Call) -> None:
    book = report.book
    dotted = book.dotted(call.func)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    listing = dotted in _LISTING or (method in _LISTING_METHODS and dotted.startswith(("pathlib.", "?.")))
    if not listing:
        return
    forgotten = is_forgotten(book, call) or _is_asked_only(book, call) or _sorts_inside(book, call)
    text = book.text(call)
    message = f"`{text}` lists a folder in the order of the file system, which differs between machines"
    edits = () if dotted in {"os.walk", "os.fwalk", "os.scandir"} else wrap(book, call, "sorted")
    fix = "sort `dirs` and `files` in the loop" if dotted in {"os.walk", "os.fwalk"} else f"sorted({text})"
    report.add(call, "fs_order", message, fix, certain=not forgotten, shown=not forgotten, edits=edits)
    missing = f"`{text}` takes whatever files are there: one that is missing is not noticed"
    report.possible(call, "data_drift.missing_files", missing, "check the number of files")
    left = f"`{text}` lists files of earlier runs too"
    report.possible(call, "leftover_file.cache", left, "list a folder of this run")


def _is_asked_only(book: Book, call: ast.Call) -> bool:
    """Tell whether it is only asked whether a listing is empty, or whether the order is one of times."""
    parent = book.parent(call)
    if isinstance(parent, (ast.If, ast.While, ast.UnaryOp, ast.BoolOp, ast.Assert)):
        return True
    if isinstance(parent, ast.Call) and book.dotted(parent.func) in {"min", "max", "sorted", "bool", "any"}:
        return True
    return isinstance(parent, (ast.Call, ast.Expr)) and decides_nothing(book, call, kept=False)


def _sorts_inside(book: Book, call: ast.Call) -> bool:
    """Tell whether a loop over ``os.walk`` or a listing sorts what it gets."""
    loop = book.parent(call)
    if isinstance(loop, ast.comprehension):
        return book.dotted(call.func) in {"os.walk", "os.fwalk"} and _sorts(book.parent(loop) or loop)
    if not isinstance(loop, ast.For):
        return False
    if book.dotted(call.func) not in {"os.walk", "os.fwalk"}:
        return all(_is_orderless(each) for each in loop.body)
    return _sorts(*loop.body)


def _sorts(*nodes: ast.AST) -> bool:
    """Tell whether something is sorted in these nodes."""
    calls = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]
    return any(getattr(each.func, "attr", "") == "sort" or getattr(each.func, "id", "") == "sorted" for each in calls)


def _is_orderless(statement: ast.stmt) -> bool:
    """Tell whether a loop over files only removes, copies or moves them."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        name = getattr(statement.value.func, "attr", getattr(statement.value.func, "id", ""))
        return name in {"remove", "unlink", "rmtree", "copy", "move", "rename", "print"}
    return isinstance(statement, ast.If) and all(_is_orderless(each) for each in statement.body)


def _in_key(book: Book, node: ast.AST) -> bool:
    """Tell whether a node stands in the key of a sort."""
    return any(isinstance(each, ast.keyword) and each.arg == "key" for each in book.parents(node))


def _tell_times(report: Report, call: ast.Call) -> None:
    """``sorted(files, key=os.path.getmtime)``."""
    key = keyword(call, "key")
    words = (
        {word for each in ast.walk(key) for word in (getattr(each, "attr", ""), getattr(each, "id", ""))}
        if key
        else set()
    )
    if words & _TIMES:
        message = f"`{report.book.text(call)}` orders files by time: a copy or a checkout gives them other times"
        report.add(call, "fs_mtime_order", message, "order by name, or by a number in the name")
    elif report.book.dotted(call.func).rpartition(".")[2] in _TIMES and not _in_key(report.book, call):
        _tell_time_value(report, call)


def _tell_time_value(report: Report, node: ast.AST) -> None:
    """A file's time used as a value."""
    sure = any(isinstance(each, (ast.Compare, ast.If, ast.IfExp)) for each in report.book.parents(node))
    sure = sure or not decides_nothing(report.book, node)
    message = f"`{report.book.text(node)}`: the time of a file differs on every machine it is copied to"
    report.add(node, "fs_mtime_order", message, "use the name or the content of the file", certain=sure, shown=sure)
