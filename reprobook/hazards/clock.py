"""The clock: times that become data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.report import Report
from reprobook.hazards.seeds import CLOCKS
from reprobook.hazards.spread import carriers, is_harmless, sinks
from reprobook.hazards.stops import is_clock, leaves

_WRITTEN = frozenset({"strftime", "isoformat", "ctime", "asctime"})
_PARTS = re.compile(
    r"\.(?:hour|minute|second|microsecond|day|month|year|weekday|isoweekday|dayofyear|dayofweek|timestamp|toordinal|tm_\w+)(?:\(\))?$"
)


def find(report: Report) -> None:
    """Report times that become data."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted in CLOCKS and not _is_seed(report, call):
            _tell_value(report, call, dotted)


def _is_seed(report: Report, call: ast.Call) -> bool:
    """Tell whether a clock was reported as the source of a seed already."""
    cell, line, _ = report.book.at(call)
    return any((h.cell, h.line, h.cause) == (cell, line, "wall_clock.time_seed") for h in report.found)


def _tell_value(report: Report, call: ast.Call, dotted: str) -> None:
    """A time that is compared with data, taken apart into features, or stored."""
    book = report.book
    ends = [sink for sink in sinks(book, call) if not is_harmless(book, sink) and not _is_stop(sink)]
    # Stopwatches have no meaning as a date: what is made of them are durations.
    stopwatch = dotted.startswith(
        ("time.perf_counter", "time.monotonic", "time.process_time", "time.thread_time", "timeit.")
    )
    tells_date = dotted.startswith(("datetime.", "pandas.")) or dotted in {
        "time.localtime",
        "time.strftime",
        "time.gmtime",
    }
    used = any(_is_part(book, parent) for parent in book.parents(call)) or any(
        _is_feature(book, call, end) for end in ends
    )
    sure = (
        bool(ends)
        and used
        and not stopwatch
        and not _is_name(book, call, dotted)
        and (tells_date or not _is_duration(book, call))
    )
    message = (
        f"`{book.text(call)}` is another time in every run, and the value {'is' if sure else 'may be'} used as data"
    )
    fix = 'take the date as a parameter: as_of = "2024-01-01"'
    report.add(call, "wall_clock.datetime_feature", message, fix, certain=sure, shown=sure)


def _is_stop(sink: ast.AST) -> bool:
    """Tell whether a value ends in the test of a loop, or of a branch that leaves one: told as such."""
    return isinstance(sink, ast.While) or (isinstance(sink, ast.If) and leaves(sink))


def _is_part(book: Book, node: ast.AST) -> bool:
    return isinstance(node, (ast.Attribute, ast.Call)) and bool(_PARTS.search(book.dotted(node))) and not _is_text(node)


def _is_name(book: Book, call: ast.Call, dotted: str) -> bool:
    """Tell whether a time is written out, for the name of a file or a run, and not read again as a number."""
    written = dotted.rpartition(".")[2] in _WRITTEN
    for parent in book.parents(call):
        if isinstance(parent, ast.stmt):
            break
        if isinstance(parent, ast.Call) and book.dotted(parent.func) in {"int", "float"}:
            return False
        written = written or (isinstance(parent, ast.Attribute) and parent.attr in _WRITTEN)
    return written


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr)


def _is_feature(book: Book, call: ast.Call, sink: ast.AST) -> bool:
    """Tell whether a time ends as an item of data, or in arithmetic with something that is no time."""
    if isinstance(sink, (ast.Subscript, ast.If, ast.While, ast.comprehension)):
        return True
    for load in [each for each in ast.walk(sink) if isinstance(each, ast.BinOp)]:
        sides = [is_clock(book, load.left), is_clock(book, load.right)]
        other = load.right if sides[0] else load.left
        if any(sides) and not all(sides) and not isinstance(other, ast.Constant):
            return True
    return _mixes(book, call)


def _mixes(book: Book, call: ast.Call) -> bool:
    """Tell whether some operation sets the time against data: ``now - df["created"]``."""
    for operation, others in _operations(book, call):
        del operation
        if not all(_is_timely(book, each) for each in others):
            return True
    return False


def _is_timely(book: Book, node: ast.expr) -> bool:
    """Tell whether an operand may well be a time, a span of time or a number of seconds, and no data."""
    found = book.scope(node).find(node.id, book.at(node)) if isinstance(node, ast.Name) else None
    given = found is not None and found[0].origin == "parameter"
    return given or isinstance(node, ast.Constant) or _is_span(book, node) or is_clock(book, node)


def _operations(book: Book, call: ast.Call) -> Iterator[tuple[ast.BinOp | ast.Compare, list[ast.expr]]]:
    """Yield the operations that a value takes part in, with the other operands."""
    for carrier in carriers(book, call):
        child: ast.AST = carrier
        for parent in book.parents(carrier):
            if isinstance(parent, ast.stmt):
                break
            if isinstance(parent, (ast.BinOp, ast.Compare)):
                parts = (
                    [parent.left, parent.right] if isinstance(parent, ast.BinOp) else [parent.left, *parent.comparators]
                )
                yield parent, [each for each in parts if each is not child]
            child = parent


def _is_span(book: Book, node: ast.AST) -> bool:
    return "timedelta" in book.dotted(node).lower()


def _is_duration(book: Book, call: ast.Call) -> bool:
    """Tell whether a clock is there to take differences of clocks."""
    return any(
        isinstance(operation, ast.BinOp)
        and isinstance(operation.op, ast.Sub)
        and all(is_clock(book, each) for each in others)
        for operation, others in _operations(book, call)
    )
