"""The clock as a judge: loops that stop on time, and the faster of several ways."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.seeds import CLOCKS
from reprobook.hazards.spread import calls_of, decides_nothing, is_harmless, origins

_ALARMS = frozenset({"threading.Timer", "signal.alarm", "signal.setitimer"})


def find(report: Report) -> None:
    """Report what time decides: how often a loop runs, and which way is taken."""
    for loop in report.book.all(ast.While):
        _tell_stop(report, loop.test, loop, loop)
    for branch in report.book.all(ast.If):
        if leaves(branch) or _in_loop(report.book, branch):
            _tell_stop(report, branch.test, branch, None)
    _tell_limits(report)
    _tell_choices(report)
    _tell_alarms(report)


def _tell_alarms(report: Report) -> None:
    """``threading.Timer(2, stop.set)`` and ``while not stop.is_set()``; ``signal.alarm``."""
    book = report.book
    timers = [call for call in book.all(ast.Call) if book.dotted(call.func) in _ALARMS]
    if not timers:
        return
    message = "how far this goes depends on how fast the machine is at the moment: a timer ends it"
    fix = "set a budget of steps or epochs, not of seconds"
    branches: list[ast.While | ast.If] = [*book.all(ast.While), *book.all(ast.If)]
    for branch in branches:
        if "is_set" in ast.unparse(branch.test) and (isinstance(branch, ast.While) or leaves(branch)):
            report.add(branch.test, "wall_clock.early_stop", message, fix, names=bound_names(book, branch))
    for call in timers:
        alarm = book.dotted(call.func).startswith("signal.")
        report.add(call, "wall_clock.early_stop", message, fix, certain=False, shown=alarm)


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
        measured = book.dotted(call.func) in {"min", "max", "sorted"} and any(
            is_clock(book, each) for each in _key(book, key)
        )
        if measured and not decides_nothing(book, call, kept=False):
            report.add(call, "machine_state", message, fix)
    for branch in book.branches:
        if _compares_durations(book, branch.test) and not (isinstance(branch, ast.If) and leaves(branch)):
            report.add(branch, "machine_state", message, fix)


def is_clock(book: Book, node: ast.AST) -> bool:
    """Tell whether a value of time is in an expression."""
    return any(dotted.replace("()", "") in CLOCKS for dotted, _ in origins(book, node))


def leaves(branch: ast.If | ast.While) -> bool:
    """Tell whether a branch ends a loop or a function."""
    return any(isinstance(each, (ast.Break, ast.Return, ast.Raise, ast.Continue)) for each in ast.walk(branch))


def _in_loop(book: Book, node: ast.AST) -> bool:
    return any(isinstance(each, (ast.For, ast.While, ast.AsyncFor)) for each in book.parents(node))


def _tell_stop(report: Report, test: ast.expr, statement: ast.If | ast.While, loop: ast.While | None) -> None:
    """A loop whose number of rounds, or a branch whose turn, depends on the time."""
    if not is_clock(report.book, test):
        return
    only_shows = loop is None and not leaves(statement) and all(_shows(report.book, each) for each in statement.body)
    if only_shows:
        return
    if not leaves(statement) and loop is None and _compares_durations(report.book, test):
        return
    message = f"`{report.book.text(test)}`: how far this goes depends on how fast the machine is at the moment"
    around = loop or next(
        (each for each in report.book.parents(statement) if isinstance(each, (ast.For, ast.While))), None
    )
    names = bound_names(report.book, around or statement)
    fix = "set a budget of steps or epochs, not of seconds"
    sure = not _stays_inside(report.book, around or statement)
    report.add(test, "wall_clock.early_stop", message, fix, names=names, certain=sure, shown=sure)
    drawn = "work is repeated as long as time allows, and each time it may draw random numbers"
    fix = "repeat it a fixed number of times"
    report.possible(test, "rng_consumed_by_timing", drawn, fix, names=names)


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
    return isinstance(test, ast.Compare) and all(is_clock(book, each) for each in (test.left, *test.comparators))


def _shows(book: Book, statement: ast.stmt) -> bool:
    """Tell whether a statement only prints, or notes when it did."""
    if isinstance(statement, ast.Expr):
        return is_harmless(book, statement.value)
    return isinstance(statement, ast.Assign) and is_clock(book, statement.value)


def _tell_limits(report: Report) -> None:
    """``study.optimize(..., timeout=60)``, ``max_time`` of a solver or a trainer."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        for word in call.keywords:
            limited = word.arg in {
                "timeout",
                "max_time",
                "time_limit",
                "time_left_for_this_task",
                "max_runtime_secs",
                "time_budget",
            }
            searches = dotted.endswith((".optimize", "Trainer", ".fit", "AutoML", "fmin", "minimize"))
            if limited and searches and not (isinstance(word.value, ast.Constant) and word.value.value is None):
                message = f"`{word.arg}=` limits the work by time: how far it gets depends on the machine"
                report.add(call, "wall_clock.early_stop", message, "limit the number of trials or steps instead")
