"""Order that depends on hashing, identity or an unstable algorithm."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.fixes import replace, wrap
from reprobook.hazards.generators import keyword
from reprobook.hazards.model import Edit
from reprobook.hazards.report import Report
from reprobook.hazards.sets import class_of, has_fixed_order, has_own_hash, is_number, is_set, item_class
from reprobook.hazards.spread import decides_nothing, uses

_ORDERED = frozenset({"list", "tuple", "enumerate", "iter", "zip", "map", "filter", "reversed", "next"})
_ORDERED |= {"dict.fromkeys", "collections.deque", "itertools.chain", "itertools.product", "itertools.combinations"}
_ORDERED |= {
    "itertools.permutations",
    "itertools.islice",
    "itertools.cycle",
    "numpy.fromiter",
    "collections.OrderedDict.fromkeys",
}
_UNORDERED = frozenset({"sorted", "set", "frozenset", "len", "sum", "min", "max", "any", "all", "collections.Counter"})
_UNORDERED |= {"natsort.natsorted", "numpy.unique", "numpy.sort", "heapq.nsmallest", "heapq.nlargest", "math.fsum"}
_PICKING = frozenset({"sorted", "min", "max", "heapq.nsmallest", "heapq.nlargest"})
_SET_METHODS = frozenset({"union", "update", "difference", "intersection", "issubset", "isdisjoint", "issuperset"})
_SET_METHODS |= {"symmetric_difference", "difference_update", "intersection_update", "isin", "add", "discard"}
_SETTERS = frozenset({"os.environ.setdefault", "os.putenv", "os.environ.update"})
_WHY = "the order of a set of texts differs in every process (PYTHONHASHSEED)"


def find(report: Report) -> None:
    """Report iteration over sets, ``hash``, ``id``."""
    for node, consumer in _consumed(report.book):
        _tell_set(report, node, consumer)
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted == "hash" and call.args:
            _tell_hash(report, call)
        elif dotted in _SETTERS and "PYTHONHASHSEED" in ast.unparse(call):
            _tell_too_late(report, call)
    for target in report.book.all(ast.Subscript):
        stored = isinstance(target.ctx, ast.Store) and report.book.dotted(target.value) == "os.environ"
        if stored and "PYTHONHASHSEED" in ast.unparse(target.slice):
            _tell_too_late(report, target)


def _consumed(book: Book) -> Iterator[tuple[ast.expr, ast.AST]]:
    """Yield each set that is used in its order, with what uses it."""
    uses_of_sets = [
        *((taken, call) for call in book.all(ast.Call) for taken in _taken_in_order(book, call)),
        *((loop.iter, loop) for loop in book.loops),
        *((part.iter, each) for each in book.comprehensions for part in each.generators),
        *((star.value, star) for star in book.all(ast.Starred) if isinstance(star.ctx, ast.Load)),
        *((each.value, each) for each in book.all(ast.Assign) if isinstance(each.targets[0], (ast.Tuple, ast.List))),
    ]
    yield from ((node, consumer) for node, consumer in uses_of_sets if is_set(book, node))


def _taken_in_order(book: Book, call: ast.Call) -> list[ast.expr]:
    """Return what a call goes through in its order."""
    dotted = book.dotted(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "pop" and not call.args:
        return [call.func.value]
    if dotted in _PICKING and not _tells_apart(book, keyword(call, "key")):
        return list(call.args[-1:])
    ordered = dotted in _ORDERED or dotted == "str().join" or dotted.endswith((".choice", ".sample", ".choices"))
    return list(call.args) if ordered else []


def _tell_set(report: Report, node: ast.expr, consumer: ast.AST) -> None:
    book = report.book
    if is_forgotten(book, consumer):
        return
    fixed = has_fixed_order(book, node)
    kept = item_class(book, node)
    shown = not fixed and kept is None and not _only_shown(book, consumer)
    text = book.text(node)
    message = f"`{text}` is a set, and its order is used here: {_WHY}"
    popped = isinstance(consumer, ast.Call) and isinstance(consumer.func, ast.Attribute) and consumer.func.attr == "pop"
    fix = f"take from sorted({text})" if popped else f"sorted({text})"
    edits = () if popped else _sorted_edits(book, node, consumer)
    report.add(consumer, "hash_randomization.set_order", message, fix, certain=shown, shown=shown, edits=edits)
    if book.all(ast.ClassDef):
        identity = f"`{text}` holds objects without a __hash__ of their own: they are ordered by their address"
        sure = kept is not None and not has_own_hash(kept)
        by_name = f"sorted({text}, key=lambda each: each.name)"
        report.add(consumer, "object_identity", identity, by_name, certain=sure, shown=sure)


def _sorted_edits(book: Book, node: ast.expr, consumer: ast.AST) -> tuple[Edit, ...]:
    """Return the edits that sort a set: ``list(...)`` becomes ``sorted(...)``."""
    is_list = isinstance(consumer, ast.Call) and book.dotted(consumer.func) == "list" and len(consumer.args) == 1
    if isinstance(consumer, ast.Call) and is_list and not consumer.keywords:
        return replace(book, consumer.func, "sorted")
    return wrap(book, node, "sorted")


def is_forgotten(book: Book, consumer: ast.AST, depth: int = 3) -> bool:
    """Tell whether what is made here loses its order again: sorted, counted, put into a set."""
    if isinstance(consumer, (ast.For, ast.AsyncFor)):
        return all(_is_orderless(book, each) for each in consumer.body)
    if isinstance(consumer, (ast.SetComp, ast.Assign)):
        return isinstance(consumer, ast.SetComp)
    parent = book.parent(consumer)
    while isinstance(parent, (ast.Call, ast.GeneratorExp, ast.ListComp, ast.comprehension, ast.Starred)):
        if isinstance(parent, ast.Call):
            if _loses_order(book, parent):
                return True
            if book.dotted(parent.func) not in _ORDERED:
                return False
        parent = book.parent(parent)
    if isinstance(parent, (ast.For, ast.AsyncFor)):
        return all(_is_orderless(book, each) for each in parent.body)
    if isinstance(parent, ast.Compare):
        return all(isinstance(op, (ast.In, ast.NotIn)) for op in parent.ops)
    target = parent.targets[0] if isinstance(parent, ast.Assign) and len(parent.targets) == 1 else None
    later = depth > 0 and isinstance(target, ast.Name) and _is_forgotten_later(book, target, depth)
    return isinstance(parent, ast.SetComp) or later


def _loses_order(book: Book, call: ast.Call) -> bool:
    """Tell whether a call gives the same for every order of what it is given."""
    dotted = book.dotted(call.func)
    if dotted in _UNORDERED:
        return _tells_apart(book, keyword(call, "key"))
    return isinstance(call.func, ast.Attribute) and call.func.attr in _SET_METHODS


def _tells_apart(book: Book, key: ast.expr | None) -> bool:
    """Tell whether the key of a sort leaves no ties between different items: ``key=len`` keeps the order of a set."""
    if isinstance(key, ast.Lambda):
        names = {each.arg for each in key.args.args}
        parts = key.body.elts if isinstance(key.body, ast.Tuple) else [key.body]
        return any(isinstance(each, ast.Name) and each.id in names for each in map(_bare, parts))
    dotted = book.dotted(key)
    counts = dotted in {"len", "abs", "round"} or dotted.endswith((".count", ".get", ".__getitem__", ".index"))
    return key is None or not counts


def _bare(node: ast.expr) -> ast.expr:
    """Return ``w`` of ``w.lower()``: texts that differ in case only are rare enough."""
    method = node.func if isinstance(node, ast.Call) and not node.args else None
    return method.value if isinstance(method, ast.Attribute) else node


def _is_forgotten_later(book: Book, target: ast.Name, depth: int) -> bool:
    """Tell whether a variable's order is sorted in place, or forgotten by all that read it."""
    found = list(uses(book, target))
    for use in found:
        parent = book.parent(use)
        if isinstance(parent, ast.Attribute) and parent.attr == "sort":
            return True
    return bool(found) and all(is_forgotten(book, use, depth - 1) for use in found)


def _is_orderless(book: Book, statement: ast.stmt) -> bool:
    """Tell whether a loop's statement has the same effect in every order."""
    if isinstance(statement, (ast.Assert, ast.Pass, ast.Continue, ast.Import)):
        return True
    if isinstance(statement, ast.AugAssign):
        return isinstance(statement.op, (ast.Add, ast.Sub)) and is_number(book, statement.value)
    if isinstance(statement, ast.If):
        return all(_is_orderless(book, each) for each in (*statement.body, *statement.orelse))
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func
        return isinstance(function, ast.Attribute) and function.attr in {"add", "discard", "mkdir", "unlink"}
    return False


def _only_shown(book: Book, consumer: ast.AST) -> bool:
    """Tell whether the order is only seen, in a print for example."""
    if isinstance(consumer, (ast.For, ast.AsyncFor)):
        prints = [each for each in consumer.body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]
        return len(prints) == len(consumer.body) and all(
            book.dotted(each.value.func) == "print" for each in prints if isinstance(each.value, ast.Call)
        )
    return not isinstance(consumer, (ast.Assign, ast.Starred)) and decides_nothing(book, consumer, kept=False)


def _tell_hash(report: Report, call: ast.Call) -> None:
    """Report ``hash`` of what is no number."""
    owner = report.book.owner(call)
    if is_number(report.book, call.args[0]) or (owner and owner.name in {"__hash__", "__eq__"}):
        return
    made = class_of(report.book, call.args[0])
    if made is not None:
        if not has_own_hash(made):
            message = f"`{report.book.text(call)}` is made from an address in memory"
            report.add(call, "object_identity", message, "define __hash__, or use a name or number")
        return
    sure = not decides_nothing(report.book, call, kept=False)
    message = f"`{report.book.text(call)}`: the hash of a text differs in every process (PYTHONHASHSEED)"
    fix = "int(hashlib.sha256(str(key).encode()).hexdigest(), 16), which is the same everywhere"
    report.add(call, "hash_randomization.hash_split", message, fix, certain=sure, shown=sure)


def _tell_too_late(report: Report, node: ast.AST) -> None:
    """PYTHONHASHSEED is read once, when the process starts."""
    causes = [
        hazard.cause for hazard in report.found if hazard.cause.startswith("hash_randomization") and hazard.certain
    ]
    message = "PYTHONHASHSEED is read when Python starts: setting it in a cell has no effect on this kernel"
    fix = "start the kernel with PYTHONHASHSEED=0 (`reprobook run --seed 0` does), and use sorted(...)"
    cause = causes[0] if causes else "hash_randomization.set_order"
    report.add(node, cause, message, fix, certain=bool(causes))
