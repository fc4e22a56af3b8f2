"""Files: what grows with every run, and data that changes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.paths import is_open, mode, path_of, reads, writes
from reprobook.hazards.report import Report

_REMOTE = re.compile(r"^(?:https?|ftp|s3|gs|hf|abfss?|az)://")
_PINNED = re.compile(r"[0-9a-f]{40}|/v?\d+\.\d+(?:\.\d+)?/|versionId=")
_MOVING = re.compile(r"(?:^|[/_.-])(?:latest|current|today|newest|nightly|live)(?:[/_.-]|$)", re.IGNORECASE)
_HUBS = frozenset({"from_pretrained", "load_dataset", "hf_hub_download", "snapshot_download", "fetch_openml"})


def find(report: Report) -> None:
    """Report files that grow, and data that may change."""
    for call in report.book.all(ast.Call):
        _tell_remote(report, call)
    _tell_appends(report)
    _tell_database(report)
    _tell_data(report)


def _tell_remote(report: Report, call: ast.Call) -> None:
    """Data or models that are fetched, and may change there."""
    dotted = report.book.dotted(call.func)
    for argument in (*call.args, *(word.value for word in call.keywords)):
        for text in _constants(report.book, argument):
            if _REMOTE.match(text) and not dotted.startswith(("print", "IPython.", "warnings.")):
                pinned = bool(_PINNED.search(text))
                message = f"`{text[:60]}` is fetched: what is there may change"
                fix = "keep a copy with its SHA-256 beside the notebook, and read that"
                report.add(call, "data_drift.remote", message, fix, certain=False, shown=not pinned)
    name = dotted.rpartition(".")[2]
    if (
        name in _HUBS
        and not keyword(call, "revision")
        and not keyword(call, "version")
        and not keyword(call, "data_id")
    ):
        message = f"`{report.book.text(call)}` takes what is newest on the hub"
        report.add(call, "data_drift.remote", message, 'revision="<commit>"', certain=False)


def _constants(book: Book, node: ast.expr) -> Iterator[str]:
    """Yield the texts in an argument, or in the variable it names."""
    nodes: list[ast.AST] = [node]
    if isinstance(node, ast.Name):
        found = book.scope(node).find(node.id, book.at(node))
        if found and found[0].origin == "value" and found[0].value is not None:
            nodes.append(found[0].value)
    for each in (
        inner
        for outer in nodes
        if isinstance(outer, (ast.Constant, ast.JoinedStr, ast.BinOp))
        for inner in ast.walk(outer)
    ):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _removed(book: Book) -> Iterator[str]:
    """Yield the paths that the notebook removes."""
    for call in book.all(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"remove", "unlink", "rmtree"}:
            yield path_of(book, call.args[0] if call.args else call.func.value)


def _tell_appends(report: Report) -> None:
    """Files that grow with every run."""
    book = report.book
    read = {path for _, path in reads(book) if path}
    removed = set(_removed(book))
    fresh = {path for _, path, appends in writes(book) if path and not appends}
    for call, path, appends in writes(book):
        if not appends:
            continue
        both = is_open(book, call) and "+" in mode(book, call)
        sure = (path in read or both) and path not in fresh and (not path or path not in removed)
        sure = sure or (getattr(call.func, "attr", "") == "to_sql" and path not in removed)
        message = f"`{book.text(call)}` adds to what earlier runs have left" + (", and it is read here" if sure else "")
        report.add(
            call, "leftover_file.append", message, 'mode="w", or a new file for each run', certain=sure, shown=sure
        )
        for reader, at in reads(book) if path else ():
            if at == path:
                report.possible(reader, "leftover_file.append", message, 'mode="w"')


def _tell_database(report: Report) -> None:
    """Rows that every run inserts into a database on disk."""
    book = report.book
    statements = [(call, " ".join(_query(call)).upper()) for call in book.all(ast.Call) if _is_execute(call)]
    fresh = any(word in text for _, text in statements for word in ("DROP ", "DELETE ", "TRUNCATE ", ":MEMORY:"))
    memory = any(isinstance(each.value, str) and ":memory:" in each.value for each in book.all(ast.Constant))
    asked = any("SELECT " in text for _, text in statements) or any(
        book.dotted(call.func).startswith("pandas.read_sql") for call in book.all(ast.Call)
    )
    for call, text in statements:
        if "INSERT INTO" in text and asked and not fresh and not memory and not _removed_any(book):
            message = f"`{book.text(call)}` adds rows to those of earlier runs"
            fix = "begin with an empty table: DELETE FROM ..., or use a new file for each run"
            report.add(call, "leftover_file.append", message, fix)


def _is_execute(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in {"execute", "executemany", "executescript"}


def _query(call: ast.Call) -> Iterator[str]:
    """Yield the texts of a query."""
    for argument in call.args[:1]:
        yield from (str(each.value) for each in ast.walk(argument) if isinstance(each, ast.Constant))


def _removed_any(book: Book) -> bool:
    return next(_removed(book), None) is not None


def _tell_data(report: Report) -> None:
    """Every file that is read may have changed."""
    for call, path in reads(report.book):
        moving = bool(_MOVING.search(path))
        message = f"`{path or report.book.text(call)}` is read from outside: its content decides the result"
        if moving:
            message = f"`{path}` is a name for what is newest: its content changes under the same name"
        fix = "read a file whose name says its version, and keep its SHA-256"
        report.add(call, "data_drift.file_changed", message, fix, certain=False, shown=moving)
        report.possible(call, "data_drift.appended", f"`{path}` may have grown", fix)
        report.possible(call, "data_drift.missing_files", f"`{path}` may be missing", "fail if it is")
        if path.startswith(".."):
            text = f"`{path}` is found from the folder that the kernel was started in"
            report.add(
                call, "cwd_relative_path", text, "build paths from one folder that is a parameter", certain=False
            )
        elif path and not path.startswith("/"):
            report.possible(call, "cwd_relative_path", f"`{path}` is a relative path", "use a fixed folder")
