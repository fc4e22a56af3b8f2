"""Metrics that a notebook shows without logging them.

Printed text. A metric is ``name: number``, ``name = number`` or ``name=number``:

- A name is one to six words of letters, digits and ``_ - . / @ ^``, each beginning with a letter, directly before the
  mark, and what stands in parentheses after them, as in ``AUC (test)``; before a ``=`` without a space only one word,
  as in ``epoch 3 loss=0.5``. Quotes around it are dropped, so a printed dict counts.
- A number is a decimal number, ``nan`` or ``inf``; thousands may be grouped by commas; a percent sign is dropped and
  does not scale (``97.2%`` is 97.2). What goes on as a date, clock time, ratio or version (``12:30``, ``3/10``,
  ``1.2.3``) is no number. A row of numbers to the end of the line, as in ``weights: 0.5 2``, gives ``weights[0]`` and
  ``weights[1]``.
- Arguments in the printed form of an object, as in ``Adam(lr=0.1)``, are no metrics.
- Counters (``epoch``, ``step``, ``batch`` …) count the lines and are no results; timings, named so or with a unit of
  time, differ in every run. Neither is taken.

A shown value. The last expression of a cell, if it is a number; the name is the source of the expression. A look at
data, as ``len(words)``, ``x.shape[0]`` or ``x.sum()``, counts only where nothing else does.
"""

from __future__ import annotations

import ast
import re

from reprobook.trace.content.anatomy import loaded, mro_of
from reprobook.trace.parsing import parse

_WORD = r"[^\W\d_][\w./@^-]*"
_NUMBER = r"[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|nan|inf)"
# Found first, from the mark on: a line is read once, however long it is.
_VALUE = re.compile(
    rf"""(?P<mark>[:=])[ \t]*(?P<number>(?>{_NUMBER}))(?![\w/:]|[.,-]\d|,\d{{3}})
    (?=(?P<unit>[ ]?(?:%|[a-zµμ]+(?:/[a-z]+)?\b)?))""",
    re.VERBOSE | re.IGNORECASE,
)
_NAME = re.compile(
    rf"""(?<![\w./@^:'"-])(?P<quote>['"]?)
    (?P<name>_*{_WORD}(?:[ ]{_WORD})*(?:[ ]\([\w ./@%^-]+\))?)(?P=quote)[ \t]*$""",
    re.VERBOSE,
)
_ROW = re.compile(rf"(?:[ \t]+(?>{_NUMBER}))+[ \t]*$", re.IGNORECASE)  # goes on behind a number
_MOST_OF_ROW = 16  # the first of more stand for all
_LONGEST_NAME = 120
_CALL = re.compile(r"\b\w+\([^()\n]*\)")
_MOST_WORDS = 6
_COUNTERS = re.compile(r"(?:^|[ _/])(?:epochs?|steps?|iter(?:ation)?s?|batch(?:es)?|idx|index|seed)$", re.IGNORECASE)
_TIMINGS = re.compile(
    r"(?:^|[ _/.-])(?:time|timestamp|elapsed|duration|seconds|secs?|ms|runtime|eta|latency|throughput|speed|pid|port)$"
    r"|(?:^|[ _/.-])(?:elapsed|wall|cpu|training|total|epoch)[ _-]time",
    re.IGNORECASE,
)
_TELLING = ("acc", "auc", "error", "f1", "loss", "metric", "mse", "r2", "recall", "result", "rmse", "score")
_SUMS = frozenset({"all", "any", "count", "count_nonzero", "max", "mean", "median", "min", "prod", "std", "sum", "var"})
_SIZES = frozenset({"nbytes", "ndim", "nnz", "size"})
_SIZE_METHODS = frozenset({"count_params", "dim", "getsizeof", "ndimension", "nelement", "numel", "size"})
_TIME_UNITS = frozenset(
    [
        "s",
        "ms",
        "us",
        "µs",
        "μs",
        "ns",
        "sec",
        "secs",
        "second",
        "seconds",
        "min",
        "mins",
        "minute",
        "minutes",
        "h",
        "hours",
        "it/s",
        "s/it",
    ]
)


def shown_metrics(text: str) -> list[tuple[str, int | float]]:
    """Return the metrics of printed text, in order; see the module's description for the rules."""
    found = []
    for line in text.replace("\r", "\n").split("\n"):
        plain = _CALL.sub(lambda call: " " if "=" in call[0] else call[0], line)
        for match in _VALUE.finditer(plain):
            before = _NAME.search(plain, max(0, match.start() - _LONGEST_NAME), match.start())
            last_only = match["mark"] == "=" and plain[match.start() - 1 : match.start()] != " "
            name = _metric_name(before["name"], last_only=last_only) if before else None
            if name and (row := _ROW.match(plain, match.end("number"))):
                numbers = [match["number"], *row[0].split()]
                found += [(f"{name}[{at}]", _number(each)) for at, each in enumerate(numbers[:_MOST_OF_ROW])]
            elif name and match["unit"].strip().lower() not in _TIME_UNITS:
                found.append((name, _number(match["number"])))
    return found


def _metric_name(words: str, *, last_only: bool) -> str | None:
    """Return the name of a metric, None if it names no metric."""
    name = words.rsplit(" ", maxsplit=1)[-1] if last_only and not words.endswith(")") else words
    plain = name.partition(" (")[0]
    if plain.count(" ") >= _MOST_WORDS or _COUNTERS.search(plain) or _TIMINGS.search(plain):
        return None
    return name


def _number(text: str) -> int | float:
    """Read a number as Python would: an integer where it has neither point nor exponent."""
    plain = text.replace(",", "")
    return int(plain) if plain.lstrip("+-").isdigit() else float(plain)


def is_timing_name(name: str) -> bool:
    """Tell whether a metric of this name measures time, which differs in every run."""
    return _TIMINGS.search(name) is not None


def scalar_metrics(expression: str, value: object) -> list[tuple[str, int | float]]:
    """Return the metrics that a cell's last expression shows.

    A number counts under the expression's source, unless that is the number itself; a dict of text to numbers gives
    one metric a key; the elements of a tuple display count each under its own source. Truth values do not count.
    """
    number = shown_number(value)
    if number is not None:
        return [] if _is_literal(expression) else [(expression, number)]
    if type(value) is dict and value and all(type(key) is str for key in value):
        return _all_numbers(list(value), list(value.values()))
    if type(value) is tuple:
        return _all_numbers(_elements(expression), list(value))
    return []


def is_telling(name: str) -> bool:
    """Tell whether a word in a name speaks of a metric."""
    return any(telling in name.lower() for telling in _TELLING)


def is_look(name: str) -> bool:
    """Tell whether the source of a shown value only looks at data: how large it is, or what it sums up to.

    ``(predicted == y).mean()`` is a share of hits, and ``losses.mean()`` speaks of a metric.
    """
    try:
        node = parse(name, "eval").body
    except (SyntaxError, ValueError, RecursionError):
        return False
    compares = any(isinstance(each, ast.Compare) for each in ast.walk(node))
    return _asks_size(node) or (_sums_up(node) and not compares and not is_telling(name))


def _is_literal(expression: str) -> bool:
    """Tell whether the source of a shown value says the value itself: ``0.5`` is its own name, and no result."""
    try:
        ast.literal_eval(parse(expression, "eval"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _sums_up(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in _SUMS


def _asks_size(node: ast.expr) -> bool:
    if isinstance(node, ast.Subscript):
        return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
    if isinstance(node, ast.Attribute):
        return node.attr in _SIZES
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Attribute):
        return node.func.attr in _SIZE_METHODS
    called = getattr(node.func, "id", "")
    if called == "sum" and len(node.args) == 1 and isinstance(node.args[0], (ast.GeneratorExp, ast.ListComp)):
        return _asks_size(node.args[0].elt)
    return called == "len"


def _all_numbers(names: list[str], values: list[object]) -> list[tuple[str, int | float]]:
    """Pair names and values if every value is a number, else return nothing."""
    numbers = [number for number in map(shown_number, values) if number is not None]
    return list(zip(names, numbers, strict=True)) if len(numbers) == len(names) == len(values) else []


def _elements(expression: str) -> list[str]:
    """Return the sources of the elements of a tuple display."""
    try:
        node = parse(expression, "eval").body
    except (SyntaxError, ValueError):
        return []
    if not isinstance(node, ast.Tuple):
        return []
    return [ast.get_source_segment(expression, each) or "" for each in node.elts]


def shown_number(value: object) -> int | float | None:
    """Return a number, numpy scalar or 0-d array or tensor as a Python number; None for anything else."""
    if type(value) in (int, float):
        return value  # type: ignore[return-value]  # exact types, checked
    for library, names in (("numpy", ("number", "ndarray")), ("torch", ("Tensor",))):
        module = loaded(library)
        types = [getattr(module, name, None) for name in names] if module else []
        if any(each is known for each in mro_of(type(value)) for known in types) and getattr(value, "ndim", None) == 0:
            number = value.item()  # type: ignore[attr-defined]  # both libraries have it
            return number if type(number) in (int, float) else None
    return None
