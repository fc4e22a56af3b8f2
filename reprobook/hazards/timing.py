"""Names that hold nothing but timings, read off the source: they differ in every run and explain nothing.

``t0 = time.time()``, ``elapsed = time.time() - t0`` and ``log.append(time.time() - t0)`` are timings as long as they
are only measured, printed and logged. A clock that seeds a generator, ends a loop or enters the data is none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reprobook.notebook.syntax import parse_cell

_CLOCK_NAMES = """time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns
    thread_time default_timer now utcnow today strftime ctime asctime localtime gmtime Timer Event elapsed_time"""
_CLOCKS = frozenset(_CLOCK_NAMES.split())
_CLOCK_OWNERS = frozenset({"time", "datetime", "date", "dt", "timeit", "pd", "pandas", "Timestamp", "timer"})
# What may be done with a timing without it becoming a result.
_HARMLESS = """print display log info debug warning write set_postfix set_description set_postfix_str format round
    int float str max min sum len abs append extend add total_seconds isoformat strftime timestamp record sleep divmod
    add_scalar log_metric timedelta mean median std DataFrame Series array asarray items keys values"""
_SHOWN_BY = frozenset(_HARMLESS.split())


@dataclass(frozen=True)
class Timings:
    """What a cell does with clocks.

    Attributes:
        pure: Names bound to timings alone.
        carriers: Names whose value holds a timing among other things, with the names of those.
        used: Names of timings that something else than a timing depends on, directly or through other names.
        clocks: Whether the cell reads a clock at all.
    """

    pure: frozenset[str] = frozenset()
    carriers: dict[str, frozenset[str]] = field(default_factory=dict)
    used: frozenset[str] = frozenset()
    clocks: bool = False


def timings_of(sources: Sequence[str]) -> tuple[Timings, ...]:
    """Return, by code index, what each cell of a notebook does with clocks."""
    known: set[str] = set()
    made_of: dict[str, set[str]] = {}
    found = []
    for source in sources:
        cell = _CellTimings(known, made_of)
        tree = parse_cell(source)
        for statement in tree.body if tree else ():
            cell.statement(statement)
        known |= cell.pure | cell.carriers.keys()
        found.append(cell)
    return tuple(
        Timings(frozenset(cell.pure), dict(cell.carriers), _origins(cell.used, made_of), cell.clocks) for cell in found
    )


def _origins(names: set[str], made_of: Mapping[str, set[str]]) -> frozenset[str]:
    """Return names and all the timings that they were made of."""
    found: set[str] = set()
    pending = set(names)
    while pending:
        name = pending.pop()
        found.add(name)
        pending |= made_of.get(name, set()) - found
    return frozenset(found)


class _CellTimings:
    """Walks the statements of one cell.

    ``known`` are the timings of the cells before it; ``made_of`` says which timings went into which.
    """

    def __init__(self, known: set[str], made_of: dict[str, set[str]]) -> None:
        self._known = set(known)
        self._made_of = made_of
        self.pure: set[str] = set()
        self.carriers: dict[str, frozenset[str]] = {}
        self.used: set[str] = set()
        self.clocks = False

    def statement(self, node: ast.stmt) -> None:
        """Sort one statement, and those inside it."""
        match node:
            case ast.Assign(targets=targets, value=value):
                self._bound([leaf for target in targets for leaf in _leaves(target)], value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
                self._bound([target], value)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="append" | "add")) as call):
                self._carried(owner, call)
            case ast.Expr(value=value):
                self._shown(value)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Import() | ast.ImportFrom():
                pass
            case _:
                self._control(node)

    def _control(self, node: ast.stmt) -> None:
        """Take a compound statement: a timing in its test decides what happens."""
        for expression in (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)):
            self.used |= self._timings_in(expression)
        for name in ("body", "orelse", "finalbody"):
            for inner in getattr(node, name, ()):
                self.statement(inner)
        for handler in getattr(node, "handlers", ()):
            for inner in handler.body:
                self.statement(inner)

    def _bound(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        """Take an assignment."""
        timings = self._timings_in(value)
        has_clock = self._has_clock(value)
        if not timings and not has_clock:
            return
        others = frozenset(_operands(value) - self._known - timings)
        for target in targets:
            if isinstance(target, ast.Name) and not others and _is_plain(value):
                self.pure.add(target.id)
                self._make(target.id, timings)
            elif (name := _base(target)) and _is_harmless(value):
                self.carriers[name] = self.carriers.get(name, frozenset()) | others
                self._make(name, timings)
            else:
                self.used |= timings

    def _carried(self, owner: str, call: ast.Call) -> None:
        """Take ``owner.append(...)``."""
        arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
        if any(self._timings_in(each) or self._has_clock(each) for each in arguments):
            others = frozenset().union(*(_operands(each) for each in arguments)) - self._known
            self.carriers[owner] = self.carriers.get(owner, frozenset()) | others
            self._make(owner, set().union(*(self._timings_in(each) for each in arguments)))

    def _make(self, name: str, timings: set[str]) -> None:
        """Note that a name holds timings."""
        self._known.add(name)
        self._made_of.setdefault(name, set()).update(timings - {name})

    def _shown(self, value: ast.expr) -> None:
        """Take an expression statement: what is only shown stays a timing."""
        if not _is_harmless(value):
            self.used |= self._timings_in(value)
        self._has_clock(value)

    def _timings_in(self, node: ast.AST) -> set[str]:
        """Return the names of timings in an expression."""
        return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & self._known

    def _has_clock(self, node: ast.AST) -> bool:
        """Tell whether an expression reads a clock."""
        found = any(is_clock(each) for each in ast.walk(node))
        self.clocks = self.clocks or found
        return found


def is_clock(node: ast.AST) -> bool:
    """Tell whether a node is the call of a clock."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name in _CLOCKS
        case ast.Call(func=ast.Attribute(value=owner, attr=name)):
            last = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            return name in _CLOCKS and last in _CLOCK_OWNERS
    return False


def _called(node: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is_harmless(value: ast.expr) -> bool:
    """Tell whether every call in an expression is a clock or only shows or converts."""
    calls = [each for each in ast.walk(value) if isinstance(each, ast.Call)]
    return all(is_clock(each) or _called(each) in _SHOWN_BY for each in calls)


def _is_plain(value: ast.expr) -> bool:
    """Tell whether an expression is arithmetic, text or a conversion of its operands."""
    return _is_harmless(value) and not isinstance(value, ast.Compare | ast.BoolOp | ast.IfExp)


def _operands(value: ast.expr) -> set[str]:
    """Return the names that an expression takes values from; owners of clocks and plain functions are none."""
    skipped = set()
    for each in ast.walk(value):
        if isinstance(each, ast.Call) and (is_clock(each) or _called(each) in _SHOWN_BY):
            skipped |= {id(node) for node in _chain(each.func)}
    return {
        each.id
        for each in ast.walk(value)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load) and id(each) not in skipped
    }


def _chain(node: ast.expr) -> Iterator[ast.AST]:
    """Yield the names of a dotted function: not those of a value whose method is called."""
    if isinstance(node, ast.Name):
        yield node
    elif isinstance(node, ast.Attribute) and node.attr in _CLOCKS:
        yield from ast.walk(node.value)


def _leaves(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the single targets of an unpacking."""
    if isinstance(target, ast.Tuple | ast.List):
        for each in target.elts:
            yield from _leaves(each)
    else:
        yield target


def _base(target: ast.expr) -> str:
    """Return the name that a target lies in."""
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
