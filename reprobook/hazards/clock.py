"""The clock: values of time that decide something, beyond being shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.generators import keyword
from reprobook.hazards.seeds import CLOCKS
from reprobook.hazards.spread import calls_of, carriers, decides_nothing, is_harmless, origins, sinks

_WRITTEN = frozenset({"strftime", "isoformat", "ctime", "asctime"})
_PARTS = re.compile(r"\.(?:hour|minute|second|microsecond|day|month|year|weekday|isoweekday|dayofyear|dayofweek|timestamp|toordinal|tm_\w+)(?:\(\))?$")


def find(report: Report) -> None:
    """Report loops that stop on time, and times that become data."""
    for loop in report.book.all(ast.While):
        _tell_stop(report, loop.test, loop, loop)
    for branch in report.book.all(ast.If):
        if _leaves(branch) or _in_loop(report.book, branch):
            _tell_stop(report, branch.test, branch, None)
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted in CLOCKS and not _is_seed(report, call):
            _tell_value(report, call, dotted)
    _tell_limits(report)
    _tell_choices(report)


def _key(book: Book, key: ast.expr | None) -> list[ast.expr]:
    """Return what the key of a sort computes: the expression, or what the function that it names returns."""
    definition = book.definition(key) if key is not None else None
    returned = [each.value for each in ast.walk(definition) if isinstance(each, ast.Return)] if definition else [key]
    return [each for each in returned if each is not None]


def _tell_choices(report: Report) -> None:
    """The faster of several ways is taken: which one that is changes from run to run."""
    book = report.book
    message = "what is taken depends on which was faster in this run"
    fix = "choose by a parameter of the notebook"
    for call in book.all(ast.Call):
        key = keyword(call, "key")
        measured = book.dotted(call.func) in {"min", "max", "sorted"} and any(_is_clock(book, each) for each in _key(book, key))
        if measured and not decides_nothing(book, call, kept=False):
            report.add(call, "machine_state", message, fix)
    for branch in (*book.all(ast.If), *book.all(ast.IfExp)):
        if _compares_durations(book, branch.test) and not (isinstance(branch, ast.If) and _leaves(branch)):
            report.add(branch, "machine_state", message, fix)


def _is_clock(book: Book, node: ast.AST) -> bool:
    """Tell whether a value of time is in an expression."""
    return any(dotted.replace("()", "") in CLOCKS for dotted, _ in origins(book, node))


def _leaves(branch: ast.If) -> bool:
    """Tell whether a branch ends a loop or a function."""
    return any(isinstance(each, (ast.Break, ast.Return, ast.Raise, ast.Continue)) for each in ast.walk(branch))


def _in_loop(book: Book, node: ast.AST) -> bool:
    return any(isinstance(each, (ast.For, ast.While, ast.AsyncFor)) for each in book.parents(node))


def _tell_stop(report: Report, test: ast.expr, statement: ast.If | ast.While, loop: ast.While | None) -> None:
    """A loop whose number of rounds, or a branch whose turn, depends on the time."""
    if not _is_clock(report.book, test):
        return
    only_shows = loop is None and not _leaves(statement) and all(_shows(report.book, each) for each in statement.body)
    if only_shows:
        return
    if not _leaves(statement) and loop is None and _compares_durations(report.book, test):
        return
    message = f"`{report.book.text(test)}`: how far this goes depends on how fast the machine is at the moment"
    around = loop or next((each for each in report.book.parents(statement) if isinstance(each, (ast.For, ast.While))), None)
    names = bound_names(report.book, around or statement)
    fix = "set a budget of steps or epochs, not of seconds"
    sure = not _stays_inside(report.book, around or statement)
    report.add(test, "wall_clock.early_stop", message, fix, names=names, certain=sure, shown=sure)
    drawn = "work is repeated as long as time allows, and each time it may draw random numbers"
    fix = "repeat it a fixed number of times"
    report.add(test, "rng_consumed_by_timing", drawn, fix, names=names, certain=False, shown=False)


def _stays_inside(book: Book, loop: ast.stmt) -> bool:
    """Tell whether a loop of a function changes nothing outside of it, and its result is only shown: a benchmark."""
    owner = book.owner(loop)
    if owner is None:
        return False
    local = {each.id for each in ast.walk(owner) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    calls = list(calls_of(book, owner))
    return set(bound_names(book, loop)) <= local and bool(calls) and all(decides_nothing(book, each) for each in calls)


def _compares_durations(book: Book, test: ast.expr) -> bool:
    """``if time_a < time_b``: a choice of the faster one."""
    return isinstance(test, ast.Compare) and all(_is_clock(book, each) for each in (test.left, *test.comparators))


def _shows(book: Book, statement: ast.stmt) -> bool:
    """Tell whether a statement only prints, or notes when it did."""
    if isinstance(statement, ast.Expr):
        return is_harmless(book, statement.value)
    return isinstance(statement, ast.Assign) and _is_clock(book, statement.value)


def _is_seed(report: Report, call: ast.Call) -> bool:
    """Tell whether a clock was reported as the source of a seed already."""
    cell, line, _ = report.book.at(call)
    return any((h.cell, h.line, h.cause) == (cell, line, "wall_clock.time_seed") for h in report.found)


def _tell_value(report: Report, call: ast.Call, dotted: str) -> None:
    """A time that is compared with data, taken apart into features, or stored."""
    book = report.book
    ends = [sink for sink in sinks(book, call) if not is_harmless(book, sink) and not _is_stop(sink)]
    # Stopwatches have no meaning as a date: what is made of them are durations.
    stopwatch = dotted.startswith(("time.perf_counter", "time.monotonic", "time.process_time", "time.thread_time", "timeit."))
    tells_date = dotted.startswith(("datetime.", "pandas.")) or dotted in {"time.localtime", "time.strftime", "time.gmtime"}
    used = any(_is_part(book, parent) for parent in book.parents(call)) or any(_is_feature(book, call, end) for end in ends)
    sure = bool(ends) and used and not stopwatch and not _is_name(book, call, dotted) and (tells_date or not _is_duration(book, call))
    message = f"`{book.text(call)}` is another time in every run, and the value is used as data"
    fix = 'take the date as a parameter: as_of = "2024-01-01"'
    report.add(call, "wall_clock.datetime_feature", message, fix, certain=sure, shown=sure)


def _is_stop(sink: ast.AST) -> bool:
    """Tell whether a value ends in the test of a loop, or of a branch that leaves one: told as such."""
    return isinstance(sink, ast.While) or (isinstance(sink, ast.If) and _leaves(sink))


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
        sides = [_is_clock(book, load.left), _is_clock(book, load.right)]
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
    return given or isinstance(node, ast.Constant) or _is_span(book, node) or _is_clock(book, node)


def _operations(book: Book, call: ast.Call) -> Iterator[tuple[ast.BinOp | ast.Compare, list[ast.expr]]]:
    """Yield the operations that a value takes part in, with the other operands."""
    for carrier in carriers(book, call):
        child: ast.AST = carrier
        for parent in book.parents(carrier):
            if isinstance(parent, ast.stmt):
                break
            if isinstance(parent, (ast.BinOp, ast.Compare)):
                parts = [parent.left, parent.right] if isinstance(parent, ast.BinOp) else [parent.left, *parent.comparators]
                yield parent, [each for each in parts if each is not child]
            child = parent


def _is_span(book: Book, node: ast.AST) -> bool:
    return "timedelta" in book.dotted(node).lower()


def _is_duration(book: Book, call: ast.Call) -> bool:
    """Tell whether a clock is there to take differences of clocks."""
    return any(
        isinstance(operation, ast.BinOp) and isinstance(operation.op, ast.Sub) and all(_is_clock(book, each) for each in others)
        for operation, others in _operations(book, call)
    )


def _tell_limits(report: Report) -> None:
    """``study.optimize(..., timeout=60)``, ``max_time`` of a solver or a trainer."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        for word in call.keywords:
            limited = word.arg in {"timeout", "max_time", "time_limit", "time_left_for_this_task", "max_runtime_secs", "time_budget"}
            searches = dotted.endswith((".optimize", "Trainer", ".fit", "AutoML", "fmin", "minimize"))
            if limited and searches and not (isinstance(word.value, ast.Constant) and word.value.value is None):
                message = f"`{word.arg}=` limits the work by time: how far it gets depends on the machine"
                report.add(call, "wall_clock.early_stop", message, "limit the number of trials or steps instead")
