"""Conditions over parameters: ``batch_size * steps <= 256``, ``optimizer == "sgd"``. Parsed, never executed."""

from __future__ import annotations

import ast
import difflib
import operator
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from reprobook.errors import ParameterError

_LONGEST = 2000
_MOST_BITS = 4096  # of a power; the text is short, so nothing else grows
_HINT = (
    "Write a comparison of parameters: batch_size * steps <= 256, optimizer == 'sgd'. "
    "There are + - * / // % **, == != < <= > >= in, and or not, min() max() abs()."
)
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_CALLS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "abs": abs}


@dataclass(frozen=True)
class Expression:
    """A condition: its text, and the names of the parameters in it."""

    text: str
    names: frozenset[str]
    body: ast.expr

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Tell whether it is true of these values.

        Raises:
            ParameterError: If it cannot be computed: a division by zero, a text compared with a number.
        """
        try:
            return bool(_value(self.body, values))
        except (TypeError, ArithmeticError, ValueError) as error:
            given = ", ".join(f"{name} = {values[name]!r}" for name in sorted(self.names))
            msg = f"{self.text!r} cannot be computed for {given}: {error}"
            raise ParameterError(msg, hint=_HINT) from error


def parse_expression(text: str, known: Collection[str] | None = None) -> Expression:
    """Read a condition over the parameters ``known``; None where it was checked before.

    Raises:
        ParameterError: If it is no condition, or names what is no parameter.
    """
    try:
        if len(text) > _LONGEST:
            msg = f"it is longer than {_LONGEST} characters"
            raise ValueError(msg)  # noqa: TRY301  # one place says what is wrong with the text
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the parser's, of what is refused or computed anyway
            body = ast.parse(text.strip(), mode="eval").body
        names = frozenset(_check(body))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else error
        msg = f"cannot read the condition {text!r}: {reason}"
        raise ParameterError(msg, hint=_HINT) from error
    for name in sorted(names.difference(names if known is None else known)):
        raise _unknown(name, text, known or ())
    return Expression(text.strip(), names, body)


def _unknown(name: str, text: str, known: Collection[str]) -> ParameterError:
    """Return the error for a name that is no parameter."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
    return ParameterError(f"{text!r}: no parameter is called {name!r}", hint=hint)


def _check(node: ast.expr) -> list[str]:
    """Return the names in an expression of the kinds that ``_value`` computes.

    Raises:
        ValueError: For any other.
    """
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Constant(value=None | bool() | int() | float() | str()):
            return []
        case ast.BoolOp(values=parts) | ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return [name for part in parts for name in _check(part)]
        case ast.UnaryOp(op=sign, operand=part) if type(sign) in _UNARY:
            return _check(part)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _check(left) + _check(right)
        case ast.Compare(left=left, ops=signs, comparators=others) if all(type(sign) in _COMPARE for sign in signs):
            return [name for part in (left, *others) for name in _check(part)]
        case ast.Call(func=ast.Name(id=called), args=parts, keywords=[]) if called in _CALLS:
            return [name for part in parts for name in _check(part)]
    msg = f"{ast.unparse(node)[:80]!r} has no place in a condition"
    raise ValueError(msg)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """Compute a checked expression."""
    match node:
        case ast.Name(id=name):
            return values[name]
        case ast.Constant(value=constant):
            return constant
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return [_value(part, values) for part in parts]
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return any(_value(part, values) for part in parts)
        case ast.UnaryOp(op=sign, operand=part):
            return _UNARY[type(sign)](_value(part, values))
        case ast.BinOp(left=left, op=sign, right=right):
            return _arithmetic(sign, _value(left, values), _value(right, values))
        case ast.Compare(left=left, ops=signs, comparators=others):
            operands = [_value(part, values) for part in (left, *others)]
            steps = zip(operands, signs, operands[1:], strict=False)
            return all(_COMPARE[type(sign)](one, other) for one, sign, other in steps)
        case ast.Call(func=ast.Name(id=called), args=parts):
            return _CALLS[called](*(_value(part, values) for part in parts))
    raise TypeError(ast.unparse(node))  # _check lets nothing else pass


def _arithmetic(sign: ast.operator, left: Any, right: Any) -> Any:
    """Compute with numbers only: a text times a billion is no condition."""
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        msg = f"{left!r} and {right!r} are not both numbers"
        raise TypeError(msg)
    big = isinstance(sign, ast.Pow) and isinstance(left, int) and left.bit_length() * abs(right) > _MOST_BITS
    return _BINARY[type(sign)](float(left) if big else left, right)
