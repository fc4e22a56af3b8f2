"""Order by identity, ties in unstable sorts, and rows without an order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.fixes import give
from reprobook.hazards.generators import keyword
from reprobook.hazards.report import Report
from reprobook.hazards.spread import decides_nothing, origins

_SORTERS = frozenset({"sorted", "min", "max", "heapq.nsmallest", "heapq.nlargest", "itertools.groupby"})
_COARSE = re.compile(r"\.(?:round|astype|floor|ceil|digitize|rint|cut|qcut|int|long|argmax|codes|trunc)\b")
_QUERIES = frozenset({"execute", "executemany", "read_sql", "read_sql_query", "sql", "query", "exec_driver_sql"})
_SINGLE = re.compile(
    r"select\s+(?:count|sum|avg|min|max|total)\s*\([^)]*\)(?:\s*,\s*(?:count|sum|avg|min|max)\s*\([^)]*\))*\s+(?:as\s+\w+\s+)?from",
    re.IGNORECASE,
)
_STABLE = frozenset({"stable", "mergesort"})


def find(report: Report) -> None:
    """Report keys made from addresses, sorts whose ties have no order, and queries without ORDER BY."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if dotted in _SORTERS or method in {"sort", "sort_values"}:
            _tell_key(report, call)
        if dotted == "id":
            _tell_id(report, call)
        if dotted in {"repr", "str", "hash"} or method == "__repr__":
            _tell_repr(report, call)
        _tell_unstable(report, call, dotted, method)
        if method in _QUERIES or dotted in {"pandas.read_sql", "pandas.read_sql_query"}:
            _tell_query(report, call)


def _tell_key(report: Report, call: ast.Call) -> None:
    """``sorted(xs, key=id)``, and ``key=repr`` of objects that show their address."""
    key = keyword(call, "key")
    if key is None:
        return
    dotted = report.book.dotted(key)
    words = {report.book.dotted(each.func) for each in ast.walk(key) if isinstance(each, ast.Call)}
    if dotted == "id" or "id" in words:
        message = f"`{report.book.text(call)}` orders by `id`, the address in memory, which differs in every process"
        report.add(call, "object_identity", message, "order by something the objects carry, a name or a number")
    elif (dotted in {"repr", "str"} or words & {"repr", "str"}) and _has_plain_class(report.book):
        message = "the text of an object without __repr__ holds its address, which differs in every process"
        report.add(call, "object_identity", message, "order by something the objects carry, or define __repr__")


def _has_plain_class(book: Book) -> bool:
    """Tell whether a class of the notebook shows its address when printed."""
    return any(
        not {"__repr__", "__str__"} & {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        and not node.decorator_list
        and not node.bases
        for node in book.all(ast.ClassDef)
    )


def _tell_id(report: Report, call: ast.Call) -> None:
    """``id(x)`` used as a value."""
    if any(isinstance(each, ast.Lambda) for each in report.book.parents(call)):
        return  # a key: reported with the sort
    counted = any(isinstance(each, ast.BinOp) for each in report.book.parents(call))
    sure = counted and not decides_nothing(report.book, call)
    message = f"`{report.book.text(call)}` is an address in memory, which differs in every process"
    fix = "use a name or a number that the object carries"
    report.add(call, "object_identity", message, fix, certain=sure, shown=sure)


def _tell_repr(report: Report, call: ast.Call) -> None:
    """The text of an instance of a class without ``__repr__``."""
    if not call.args or not _has_plain_class(report.book):
        return
    own = report.book.dotted(call.args[0]).startswith("@")
    sure = own and not decides_nothing(report.book, call)
    message = f"`{report.book.text(call)}` holds an address in memory, which differs in every process"
    report.add(call, "object_identity", message, "define __repr__, or use a name", certain=sure, shown=sure)


def _tell_unstable(report: Report, call: ast.Call, dotted: str, method: str) -> None:
    """Ties in ``argsort``, ``sort_values``, ``topk``."""
    arrays = method in {
        "argsort",
        "argpartition",
        "topk",
        "nlargest",
        "nsmallest",
        "sort_values",
        "kthvalue",
        "lexsort",
    }
    torch_sort = dotted == "torch.sort" or (method == "sort" and dotted.startswith("torch."))
    if not arrays and not torch_sort:
        return
    kind, stable = keyword(call, "kind"), keyword(call, "stable")
    if isinstance(kind, ast.Constant) and kind.value in _STABLE:
        return
    if isinstance(stable, ast.Constant) and stable.value is True:
        return
    is_torch = dotted.startswith("torch.") or torch_sort
    sure = _is_coarse(report.book, call) and method != "lexsort"
    message = f"`{report.book.text(call)}` puts equal keys in an order that depends on the machine and the version"
    text = "stable=True" if is_torch else 'kind="stable"'
    fix = "break ties with a second key" if method in {"topk", "nlargest", "argpartition"} else text
    name, _, value = text.partition("=")
    edits = give(report.book, call, name, value) if method in {"argsort", "sort_values"} else ()
    shown = sure or method in {"argsort", "argpartition"}
    report.add(call, "unstable_sort", message, fix, certain=sure, shown=shown, edits=edits)


def _is_coarse(book: Book, call: ast.Call) -> bool:
    """Tell whether the keys plainly have ties: rounded, cut into classes, counted."""
    keys = list(call.args[:1])
    if isinstance(call.func, ast.Attribute):
        keys.append(call.func.value)
    for key in keys:
        for dotted, node in origins(book, key):
            if _COARSE.search(dotted) or dotted == "round":
                return True
            if any(
                isinstance(each, ast.BinOp) and isinstance(each.op, (ast.FloorDiv, ast.Mod)) for each in ast.walk(node)
            ):
                return True
        if any(isinstance(each, ast.BinOp) and isinstance(each.op, (ast.FloorDiv, ast.Mod)) for each in ast.walk(key)):
            return True
    return False


def _tell_query(report: Report, call: ast.Call) -> None:
    """SQL whose rows come in the order that the database likes."""
    for text in _texts(report.book, call):
        plain = " ".join(text.lower().split())
        if "select " not in plain or " from " not in plain or "order by" in plain:
            continue
        if _SINGLE.search(plain) and "group by" not in plain:
            continue
        sorted_later = _is_sorted(report.book, call)
        message = "the query has no ORDER BY: the database may give the rows in any order"
        fix = "add ORDER BY with a unique column to the query"
        report.add(call, "unordered_query", message, fix, certain=not sorted_later, shown=not sorted_later)
        return


def _texts(book: Book, call: ast.Call) -> Iterator[str]:
    """Yield the texts that a query is made of, joined."""
    for argument in (*call.args[:1], *(word.value for word in call.keywords if word.arg in {"sql", "query"})):
        parts = [each for each in ast.walk(argument) if isinstance(each, ast.Constant)]
        for each in ast.walk(argument):
            found = book.scope(each).find(each.id, book.at(each)) if isinstance(each, ast.Name) else None
            if found and found[0].origin == "value" and found[0].value is not None:
                parts += [inner for inner in ast.walk(found[0].value) if isinstance(inner, ast.Constant)]
        joined = " ".join(str(part.value) for part in parts if isinstance(part.value, str))
        if joined:
            yield joined


def _is_sorted(book: Book, call: ast.Call) -> bool:
    """Tell whether the rows are sorted at once."""
    for parent in book.parents(call):
        if isinstance(parent, ast.Call):
            dotted = book.dotted(parent.func)
            if dotted in {"sorted", "set", "len", "sum"} or dotted.endswith(
                (".sort_values", ".fetchone", ".sort_index")
            ):
                return True
    return False
