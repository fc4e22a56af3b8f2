"""Results that come in the order in which threads, processes or tasks end."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.jobs import pool_kind
from reprobook.hazards.order import is_forgotten
from reprobook.hazards.report import Report
from reprobook.hazards.spread import origins

ORDERLY = "keep the order of submission: executor.map(...), or results by index"


def find(report: Report) -> None:
    """Report results in the order of completion."""
    for call in report.book.all(ast.Call):
        _tell_completion(report, call)


def _tell_completion(report: Report, call: ast.Call) -> None:
    """``as_completed``, ``imap_unordered``, ``asyncio.as_completed``."""
    dotted = report.book.dotted(call.func)
    cause = _completion(report.book, call, dotted)
    if cause is None:
        return
    ordered = _keeps_order(report.book, call)
    message = f"`{report.book.text(call)}` gives results as they end: another order in every run"
    fix = {
        "async_completion_order": "await asyncio.gather(...), which keeps the order",
        "pool_completion_order": "use map or imap, which keep the order",
    }.get(cause, ORDERLY)
    report.add(call, cause, message, fix, certain=not ordered, shown=not ordered)


def _completion(book: Book, call: ast.Call, dotted: str) -> str | None:
    """Return the cause if a call gives results in the order in which they end."""
    if dotted in {"asyncio.as_completed", "asyncio.wait"}:
        return "async_completion_order"
    if dotted in {"concurrent.futures.as_completed", "concurrent.futures.wait"}:
        processes = any("ProcessPool" in path for argument in call.args for path, _ in origins(book, argument))
        around = any(
            "ProcessPool" in book.dotted(item.context_expr)
            for each in book.parents(call)
            if isinstance(each, ast.With)
            for item in each.items
        )
        return "pool_completion_order" if processes or around else "thread_completion_order"
    if dotted.endswith(".imap_unordered"):
        return "thread_completion_order" if pool_kind(dotted) == "thread" else "pool_completion_order"
    if dotted in {"ray.wait", "dask.distributed.as_completed", "distributed.as_completed"}:
        return "pool_completion_order"
    if dotted == "joblib.Parallel":
        word = keyword(call, "return_as")
        return (
            "pool_completion_order" if isinstance(word, ast.Constant) and word.value == "generator_unordered" else None
        )
    callback = keyword(call, "callback")
    if dotted.endswith((".apply_async", ".map_async")) and callback is not None and "map_async" not in dotted:
        return "thread_completion_order" if pool_kind(dotted) == "thread" else "pool_completion_order"
    return None


def _keeps_order(book: Book, call: ast.Call) -> bool:
    """Tell whether the order of completion is forgotten: results are put in by key, counted, or sorted."""
    if is_forgotten(book, call):
        return True
    for parent in book.parents(call):
        if isinstance(parent, (ast.For, ast.AsyncFor)) and any(each is call for each in ast.walk(parent.iter)):
            return all(_is_by_key(each) for each in parent.body)
        if isinstance(parent, ast.DictComp):
            return True
        if isinstance(parent, ast.stmt):
            break
    # Only waited for: ``wait(futures)`` on a line of its own.
    return isinstance(book.parent(call), (ast.Expr, ast.Await)) and isinstance(book.statement(call), ast.Expr)


def _is_by_key(statement: ast.stmt) -> bool:
    """Tell whether a loop's statement gives the same in every order: it stores by key, or only reads."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        read = (
            {each.id for each in ast.walk(statement.value) if isinstance(each, ast.Name)} if statement.value else set()
        )
        return not any(isinstance(each, ast.Name) and each.id in read for each in targets)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        return name in {"print", "result", "update", "set_description", "info", "debug"}
    if isinstance(statement, (ast.If, ast.Try)):
        return all(_is_by_key(each) for each in statement.body)
    return isinstance(statement, (ast.Pass, ast.Assert, ast.Raise))
