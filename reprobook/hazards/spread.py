"""Where a value comes from and where it goes, followed through the variables and functions of a notebook."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.hazards.book import Book

_PASSING = frozenset(
    """abs bool bytes complex divmod float format frozenset getattr hash hex int isinstance len list max min oct ord
    pow range repr reversed round set sorted str sum tuple zip enumerate dict int.from_bytes divmod slice
    datetime.timedelta map filter pathlib.Path os.path.basename os.path.dirname os.fspath""".split()  # noqa: SIM905 - so many words read best as a text
)
_SHOWING = (
    "print",
    "display",
    "IPython.display.",
    "logging.",
    "matplotlib.",
    "pprint.",
    "sys.stdout.",
    "sys.stderr.",
    "warnings.warn",
    "tqdm.",
    "rich.",
    "seaborn.",
)
_SHOWING_METHODS = frozenset(
    {"info", "debug", "warning", "error", "critical", "set_postfix", "set_description", "write"}
)
_WAITING = frozenset({"time.sleep", "asyncio.sleep", "?.wait", "threading.Event().wait"})
_TRANSPARENT = (
    ast.BinOp,
    ast.UnaryOp,
    ast.Attribute,
    ast.Subscript,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.keyword,
    ast.Starred,
    ast.IfExp,
    ast.BoolOp,
    ast.Compare,
    ast.Await,
    ast.Tuple,
    ast.List,
    ast.Slice,
    ast.NamedExpr,
)
_DEEPEST = 6


def origins(book: Book, node: ast.AST, depth: int = _DEEPEST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what an expression is made of: dotted paths with their nodes, through the variables in it."""
    for each in ast.walk(node):
        made_of = list(_made_of(book, each)) if depth else []
        if isinstance(each, ast.Call):
            yield book.dotted(each.func), each
        elif isinstance(each, ast.Attribute) or (isinstance(each, ast.Name) and not _is_variable(book, each)):
            yield book.dotted(each), each
        for value in made_of:
            yield from origins(book, value, depth - 1)


def _is_variable(book: Book, name: ast.Name) -> bool:
    """Tell whether a name was bound to an expression of the notebook."""
    found = book.scope(name).find(name.id, book.at(name))
    return found is not None and found[0].origin in {"value", "element"} and found[0].value is not None


def _made_of(book: Book, node: ast.AST) -> Iterator[ast.AST]:
    """Yield the expressions behind a variable, an attribute, or a call of a function of the notebook."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and _is_variable(book, node):
        found = book.scope(node).find(node.id, book.at(node))
        if found and found[0].value is not None:
            yield found[0].value
    elif isinstance(node, ast.Attribute) and (value := book.attribute(node)) is not None:
        yield value
    elif isinstance(node, ast.Call):
        for function in called(book, node):
            returns = [each for each in ast.walk(function) if isinstance(each, ast.Return)]
            yield from (each.value for each in returns if each.value is not None)


def carriers(book: Book, node: ast.AST, depth: int = _DEEPEST) -> Iterator[ast.AST]:
    """Yield a value, and the places that read it through the variables it is bound to, plain or in an expression."""
    yield node
    statement = book.statement(node)
    if not depth or not isinstance(statement, (ast.Assign, ast.AnnAssign)):
        return
    for target in statement.targets if isinstance(statement, ast.Assign) else [statement.target]:
        for name in ast.walk(target):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                for use in uses(book, name):
                    yield from carriers(book, use, depth - 1)


def called(book: Book, call: ast.Call) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the functions of the notebook that a call may run: by name, or methods of its classes."""
    definition = book.definition(call.func)
    if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [definition]
    if isinstance(call.func, ast.Attribute) and call.func.attr in book.methods:
        receiver = book.dotted(call.func.value)
        return list(book.methods[call.func.attr]) if receiver.startswith(("@", "?")) else []
    return []


def sinks(
    book: Book, node: ast.AST, depth: int = _DEEPEST, seen: frozenset[ast.AST] = frozenset()
) -> Iterator[ast.AST]:
    """Yield where the value of an expression ends: calls that take it, tests, stores, statements that drop it."""
    child, parent = node, book.parent(node)
    while parent is not None:
        if isinstance(parent, ast.Call):
            if not _passes(book, parent, child):
                yield parent
                return
        elif isinstance(parent, ast.stmt):
            yield from _statement_sinks(book, child, parent, depth, seen)
            return
        elif not isinstance(parent, _TRANSPARENT) or _selects(parent, child):
            yield parent
            return
        child, parent = parent, book.parent(parent)


def _selects(parent: ast.AST, child: ast.AST) -> bool:
    """Tell whether a value only selects another: as an index, or as the test of ``a if test else b``."""
    index = isinstance(parent, ast.Subscript) and parent.slice is child
    return index or (isinstance(parent, ast.IfExp) and parent.test is child)


def _passes(book: Book, call: ast.Call, child: ast.AST) -> bool:
    """Tell whether a call hands a value on: a conversion, or a method of the value itself."""
    if call.func is child:
        return True
    dotted = book.dotted(call.func)
    return dotted in _PASSING or dotted.endswith(("str().format", "str().join"))


def _statement_sinks(
    book: Book, child: ast.AST, statement: ast.stmt, depth: int, seen: frozenset[ast.AST]
) -> Iterator[ast.AST]:
    """Follow a value through the variable it is bound to, or out of the function that returns it."""
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and statement.value is child:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            names = [each for each in ast.walk(target) if isinstance(each, ast.Name)]
            if not all(isinstance(each.ctx, ast.Store) for each in names):
                yield target  # an item or attribute of something else
                continue
            for name in names:
                found = list(uses(book, name))
                for use in found if depth and statement not in seen else ():
                    yield from sinks(book, use, depth - 1, seen | {statement})
                if not found:
                    yield _mixed(statement.value) or statement  # kept, and read by nothing yet
    elif isinstance(statement, ast.Return):
        owner = book.owner(statement)
        for call in calls_of(book, owner) if owner and depth and owner not in seen else ():
            yield from sinks(book, call, depth - 1, seen | frozenset({owner} if owner else ()))
    else:
        yield statement


def _mixed(value: ast.expr) -> ast.BinOp | None:
    """Return the operation in which a value is set against something that is neither a constant nor a text."""
    for each in ast.walk(value):
        if isinstance(each, ast.BinOp) and not any(
            isinstance(side, (ast.Constant, ast.JoinedStr)) for side in (each.left, each.right)
        ):
            return each
    return None


def uses(book: Book, target: ast.Name) -> Iterator[ast.Name]:
    """Yield the places that read what this binding of a name gave it."""
    scope = book.scope(target)
    own = next((each for each in scope.names.get(target.id, ()) if each.at >= book.at(target)), None)
    for load in book.loads.get(target.id, ()):
        found = book.scope(load).find(target.id, book.at(load))
        if found and found[0] is own:
            yield load


def calls_of(book: Book, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Call]:
    """Yield the calls of a function of the notebook."""
    for load in book.loads.get(function.name, ()):
        parent = book.parent(load)
        if isinstance(parent, ast.Call) and parent.func is load and book.definition(load) is function:
            yield parent


def is_harmless(book: Book, sink: ast.AST, *, kept: bool = True) -> bool:
    """Tell whether a value that ends here decides nothing: it is shown, logged, waited for or dropped.

    ``kept`` is the answer for a variable that nothing reads.
    """
    if isinstance(sink, (ast.Expr, ast.Assert)):
        return True
    if isinstance(sink, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        return kept
    if not isinstance(sink, ast.Call):
        return False
    dotted = book.dotted(sink.func)
    method = sink.func.attr if isinstance(sink.func, ast.Attribute) else ""
    return dotted.startswith(_SHOWING) or dotted in _WAITING or method in _SHOWING_METHODS


def decides_nothing(book: Book, node: ast.AST, *, kept: bool = True) -> bool:
    """Tell whether a value is only shown, logged or waited for."""
    return all(is_harmless(book, sink, kept=kept) for sink in sinks(book, node))
