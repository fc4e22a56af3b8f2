"""The language of ``--where``: Python's comparisons over the facts of a run, compiled to bound SQL.

``metrics.accuracy > 0.9 and status == "succeeded"``, ``lr in (0.1, 0.01)``, ``not metrics["val/loss"] < 1``. The text
is parsed, never evaluated, and its values are always bound, never pasted. A comparison with a fact that the run does
not have is false (and so is ``!=``); NaN counts as None.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from reprobook.errors import InputError

Value = str | int | float | None
Resolve = Callable[[str], str]

_LONGEST = 2000
_DEEPEST = 20
_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_HINT = (
    "Compare fields with values, joined by and, or, not: "
    "metrics.accuracy > 0.9 and parameters.lr <= 0.01 and status == 'succeeded'"
)


@dataclass(frozen=True)
class Comparison:
    """One fact against constants: one, or several for ``in`` and ``not in``."""

    key: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Junction:
    """``and``, ``or`` or ``not`` over other conditions."""

    operator: str
    parts: tuple[Condition, ...]


Condition = Comparison | Junction


def parse_where(text: str, resolve: Resolve) -> Condition:
    """Parse an expression; ``resolve`` maps each name as written to the key of a fact.

    Raises:
        InputError: For anything but comparisons of names with constants joined by and, or, not.
    """
    if len(text) > _LONGEST:
        msg = f"the expression is longer than {_LONGEST} characters"
        raise _refusal(msg)
    try:
        return _condition(ast.parse(text.strip(), mode="eval").body, resolve, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else error
        msg = f"cannot read {text!r}: {reason}"
        raise _refusal(msg) from error


def names_in(text: str) -> tuple[str, ...]:
    """Return the names that an expression compares, as they are written, each once.

    Raises:
        InputError: If it is none.
    """
    found: dict[str, None] = {}

    def note(name: str) -> str:
        found[name] = None
        return name

    parse_where(text, note)
    return tuple(found)


def _condition(node: ast.expr, resolve: Resolve, depth: int) -> Condition:
    """Translate one node of the expression."""
    if depth > _DEEPEST:
        msg = f"conditions nest deeper than {_DEEPEST} levels"
        raise _refusal(msg)
    match node:
        case ast.BoolOp(op=operator, values=values):
            name = "and" if isinstance(operator, ast.And) else "or"
            return Junction(name, tuple(_condition(value, resolve, depth + 1) for value in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return Junction("not", (_condition(operand, resolve, depth + 1),))
        case ast.Compare():
            return _chain(node, resolve)
        case _:
            msg = f"{ast.unparse(node)[:80]!r} is no comparison"
            raise _refusal(msg)


def _chain(node: ast.Compare, resolve: Resolve) -> Condition:
    """Translate a comparison, or a chain of them such as ``0.1 < lr < 1``."""
    operands = [node.left, *node.comparators]
    links = tuple(
        _comparison((left, right), operator, resolve)
        for left, right, operator in zip(operands, operands[1:], node.ops, strict=False)
    )
    return links[0] if len(links) == 1 else Junction("and", links)


def _comparison(sides: tuple[ast.expr, ast.expr], operator: ast.cmpop, resolve: Resolve) -> Comparison:
    """Translate ``name OP constant`` or ``constant OP name``."""
    left, right = sides
    sign = _OPERATORS.get(type(operator))
    if sign is None:
        msg = "`is` compares nothing here, use =="
        raise _refusal(msg)
    name = _name(left)
    if name and isinstance(operator, ast.In | ast.NotIn):
        if not isinstance(right, ast.List | ast.Tuple | ast.Set):
            msg = "`in` needs a list of values on its right"
            raise _refusal(msg)
        return Comparison(resolve(name), sign, tuple(_constant(item) for item in right.elts))
    if name:
        return Comparison(resolve(name), sign, (_constant(right),))
    flipped = _name(right)
    if flipped is None or sign not in _FLIPPED:
        msg = "each comparison needs the name of a field on one side"
        raise _refusal(msg)
    return Comparison(resolve(flipped), _FLIPPED[sign], (_constant(left),))


def _name(node: ast.expr) -> str | None:
    """Return a dotted name, ``a.b`` or ``a["b"]``; None for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=last) | ast.Subscript(value=owner, slice=ast.Constant(value=str(last))):
            first = _name(owner)
            return f"{first}.{last}" if first else None
        case _:
            return None


def _constant(node: ast.expr) -> Value:
    """Return a literal number, text, bool or None."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return sql_value(-number)
        case ast.Constant(value=None | str() | int() | float() as value):
            return sql_value(value)
        case _:
            msg = f"{ast.unparse(node)[:80]!r} is no number, text, True, False or None"
            raise _refusal(msg)


def _refusal(reason: str) -> InputError:
    return InputError(f"--where: {reason}", hint=_HINT)


def sql_value(value: Value) -> Value:
    """Return a value as the index stores and compares it: SQLite integers have 64 bits and NaN is NULL."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return float(value) if abs(value) < 2**1023 else float("inf") * (1 if value > 0 else -1)
    # SQLite is C and ends a text at a NUL in some places; a lone surrogate is no UTF-8.
    return value.encode(errors="replace").decode().replace("\0", "�") if isinstance(value, str) else value


def to_sql(condition: Condition, run: str) -> tuple[str, list[Value]]:
    """Compile a condition over the table ``facts(run, key, value)`` to SQL and the values to bind.

    ``run`` is the SQL expression of the run's number in the enclosing query; it is ours, never the user's.
    """
    if isinstance(condition, Comparison):
        test, values = test_sql(condition)
        # One seek of the primary key (run, key); `run` and the test are our own text, all else is bound.
        sql = f"EXISTS (SELECT 1 FROM facts AS f WHERE f.run = {run} AND f.key = ? AND {test})"  # noqa: S608
        return sql, [condition.key, *values]
    compiled = [to_sql(part, run) for part in condition.parts]
    bound = [value for _, values in compiled for value in values]
    if condition.operator == "not":
        return f"NOT {compiled[0][0]}", bound
    return "(" + f" {condition.operator.upper()} ".join(sql for sql, _ in compiled) + ")", bound


def test_sql(comparison: Comparison) -> tuple[str, list[Value]]:
    """Compile what a comparison asks of the column ``value``."""
    first = comparison.values[0] if comparison.values else None
    match comparison.operator:
        case "==":
            return "value IS ?", [first]
        case "!=":
            return "value IS NOT ?", [first]
        case "in" | "not in":
            known = [value for value in comparison.values if value is not None]
            # IN lets the index answer, but is never true of NULL.
            listed = f"value IS NOT NULL AND value IN ({', '.join('?' for _ in known)})"
            test = f"({listed} OR value IS NULL)" if len(known) < len(comparison.values) else f"({listed})"
            return f"NOT {test}" if comparison.operator == "not in" else test, list[Value](known)
        case order:
            # SQLite sorts every number before every text; Python refuses to compare them, here that is just false.
            same_type = "value >= ''" if isinstance(first, str) else "value < ''"
            return f"value {order} ? AND {same_type}", [first]
