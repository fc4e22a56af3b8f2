"""Spacing and spelling within a statement: blanks, quotes, semicolons, needless parentheses."""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: ARG002, D102

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import libcst as cst
import libcst.matchers as m

from reprobook.promote.layout.escape import escape_controls, escape_controls_in_literal

_BLANK = cst.SimpleWhitespace(" ")
_NONE = cst.SimpleWhitespace("")
_WHITESPACE = (cst.SimpleWhitespace, cst.ParenthesizedWhitespace)
# Parentheses around these are no mere grouping.
_KEEPS_PARENTHESES = (cst.GeneratorExp, cst.Tuple, cst.Yield, cst.NamedExpr, cst.ConcatenatedString)


class Spacing(cst.CSTTransformer):
    """Give every statement the spacing of Black; a logical line becomes one line, unless a comment stands in it."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: set[cst.CSTNode] = set()  # whitespace with a comment in it, and all around it
        self._keeping = False
        self._in_fstring = 0

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> None:
        bare = node.with_changes(leading_lines=(), trailing_whitespace=cst.TrailingWhitespace())
        if m.findall(bare, m.Comment()):
            self._kept.update(m.findall(node, m.ParenthesizedWhitespace()))
            self._keeping = True

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Reset the whitespace of any node to what its class has by default, then go on as usual."""
        updated_node = self._reset(original_node, updated_node)
        return super().on_leave(original_node, updated_node)

    def _reset(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
        if isinstance(updated, (cst.EmptyLine, cst.TrailingWhitespace, *_WHITESPACE)):
            return updated
        changes: dict[str, Any] = {}
        for field in dataclasses.fields(updated):
            if not isinstance(getattr(updated, field.name), _WHITESPACE) or getattr(original, field.name) in self._kept:
                continue
            if m.findall(getattr(updated, field.name), m.Comment()):
                continue
            if field.default_factory is not dataclasses.MISSING:
                changes[field.name] = field.default_factory()
            elif field.default is not dataclasses.MISSING:
                changes[field.name] = field.default
        return updated.with_changes(**changes) if changes else updated

    # Operators and punctuation

    def leave_Comma(self, original_node: cst.Comma, updated_node: cst.Comma) -> cst.Comma:
        if self._keeping and (original_node.whitespace_after in self._kept or original_node.whitespace_after.empty):
            return updated_node
        return updated_node.with_changes(whitespace_after=_BLANK)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(equal=_tight()) if updated_node.keyword else updated_node

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        if updated_node.default is None:
            return updated_node
        return updated_node.with_changes(equal=cst.AssignEqual() if updated_node.annotation else _tight())

    def leave_Lambda(self, original_node: cst.Lambda, updated_node: cst.Lambda) -> cst.Lambda:
        return updated_node.with_changes(colon=cst.Colon(whitespace_after=_BLANK))

    def leave_BinaryOperation(
        self, original_node: cst.BinaryOperation, updated_node: cst.BinaryOperation
    ) -> cst.BinaryOperation:
        simple = _is_simple_power(updated_node.left) and _is_simple_power(updated_node.right)
        if isinstance(updated_node.operator, cst.Power) and simple:
            return updated_node.with_changes(operator=cst.Power(_NONE, _NONE))
        return updated_node

    def leave_Slice(self, original_node: cst.Slice, updated_node: cst.Slice) -> cst.Slice:
        parts = (updated_node.lower, updated_node.upper, updated_node.step)
        blank = _NONE if all(part is None or _is_simple_bound(part) for part in parts) else _BLANK
        lower, upper, step = (blank if part is not None else _NONE for part in parts)
        changes: dict[str, Any] = {"first_colon": cst.Colon(lower, upper)}
        if isinstance(updated_node.second_colon, cst.Colon):
            changes["second_colon"] = cst.Colon(upper, step)
        return updated_node.with_changes(**changes)

    # Literals

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        self._in_fstring += 1

    def leave_FormattedString(
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.FormattedString:
        self._in_fstring -= 1
        code = cst.Module([]).code_for_node(original_node)
        if updated_node.end != "'" or '"' in code or "\\" in code:
            return updated_node
        return updated_node.with_changes(start=updated_node.start.lower()[:-1] + '"', end='"')

    def leave_SimpleString(self, original_node: cst.SimpleString, updated_node: cst.SimpleString) -> cst.SimpleString:
        if self._in_fstring:  # before Python 3.12 the quotes within must differ from those around
            return updated_node
        return updated_node.with_changes(value=escape_controls_in_literal(_double_quoted(updated_node)))

    def leave_ConcatenatedString(
        self, original_node: cst.ConcatenatedString, updated_node: cst.ConcatenatedString
    ) -> cst.ConcatenatedString:
        kept = original_node.whitespace_between in self._kept
        return updated_node if kept else updated_node.with_changes(whitespace_between=_BLANK)

    def leave_Float(self, original_node: cst.Float, updated_node: cst.Float) -> cst.Float:
        value = updated_node.value.lower()
        mantissa, exponent_sign, exponent = value.partition("e")
        mantissa = f"0{mantissa}" if mantissa.startswith(".") else mantissa
        mantissa = f"{mantissa}0" if mantissa.endswith(".") else mantissa
        return updated_node.with_changes(value=mantissa + exponent_sign + exponent.removeprefix("+"))

    def leave_Comment(self, original_node: cst.Comment, updated_node: cst.Comment) -> cst.Comment:
        text = escape_controls(updated_node.value[1:].rstrip())
        return updated_node.with_changes(value=f"# {text}" if text and text[0] not in " !:#" else f"#{text}")

    # Statements

    def leave_EmptyLine(self, original_node: cst.EmptyLine, updated_node: cst.EmptyLine) -> cst.EmptyLine:
        return updated_node if updated_node.comment else cst.EmptyLine(indent=False)

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]:
        self._keeping = False
        parts = [part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT) for part in updated_node.body]
        lines = [cst.SimpleStatementLine([part]) for part in parts]
        lines[0] = lines[0].with_changes(leading_lines=updated_node.leading_lines)
        lines[-1] = lines[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.FlattenSentinel(lines)

    def leave_TrailingWhitespace(
        self, original_node: cst.TrailingWhitespace, updated_node: cst.TrailingWhitespace
    ) -> cst.TrailingWhitespace:
        blanks = "  " if updated_node.comment else ""
        return updated_node.with_changes(whitespace=cst.SimpleWhitespace(blanks))

    def leave_SimpleStatementSuite(
        self, original_node: cst.SimpleStatementSuite, updated_node: cst.SimpleStatementSuite
    ) -> cst.IndentedBlock:
        parts = [part.with_changes(semicolon=cst.MaybeSentinel.DEFAULT) for part in updated_node.body]
        lines = [cst.SimpleStatementLine([part]) for part in parts]
        lines[-1] = lines[-1].with_changes(trailing_whitespace=updated_node.trailing_whitespace)
        return cst.IndentedBlock(lines)

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        return updated_node.with_changes(indent=None, body=_spaced_block(updated_node.body))

    def leave_Else(self, original_node: cst.Else, updated_node: cst.Else) -> cst.Else:
        return updated_node.with_changes(leading_lines=_comments(updated_node.leading_lines))

    def leave_ExceptHandler(
        self, original_node: cst.ExceptHandler, updated_node: cst.ExceptHandler
    ) -> cst.ExceptHandler:
        return updated_node if updated_node.type else updated_node.with_changes(whitespace_after_except=_NONE)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        if updated_node.bases or updated_node.keywords:
            return updated_node
        return updated_node.with_changes(lpar=cst.MaybeSentinel.DEFAULT, rpar=cst.MaybeSentinel.DEFAULT)

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:
        if original_node.lpar is None or original_node.lpar.whitespace_after in self._kept:
            return updated_node
        names = updated_node.names
        if not isinstance(names, cst.ImportStar):
            names = [*names[:-1], names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
        return updated_node.with_changes(lpar=None, rpar=None, names=names)

    # Needless parentheses around a whole expression

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:
        return updated_node.with_changes(value=self._bare(original_node.value, updated_node.value))

    def leave_AugAssign(self, original_node: cst.AugAssign, updated_node: cst.AugAssign) -> cst.AugAssign:
        return updated_node.with_changes(value=self._bare(original_node.value, updated_node.value))

    def leave_Return(self, original_node: cst.Return, updated_node: cst.Return) -> cst.Return:
        return updated_node.with_changes(value=self._bare(original_node.value, updated_node.value))

    def leave_If(self, original_node: cst.If, updated_node: cst.If) -> cst.If:
        return updated_node.with_changes(
            test=self._bare(original_node.test, updated_node.test), leading_lines=updated_node.leading_lines
        )

    def leave_While(self, original_node: cst.While, updated_node: cst.While) -> cst.While:
        return updated_node.with_changes(test=self._bare(original_node.test, updated_node.test))

    def leave_For(self, original_node: cst.For, updated_node: cst.For) -> cst.For:
        target = updated_node.target
        if isinstance(target, cst.Tuple):
            target = target.with_changes(lpar=(), rpar=())
        return updated_node.with_changes(iter=self._bare(original_node.iter, updated_node.iter), target=target)

    def _bare(self, original: Any, updated: Any) -> Any:
        """Drop the parentheses around an expression that needs none."""
        if not isinstance(updated, cst.BaseExpression) or not updated.lpar or isinstance(updated, _KEEPS_PARENTHESES):
            return updated
        if m.findall(original, m.Comment()):
            return updated  # they hold its lines together
        return updated.with_changes(lpar=(), rpar=())


def _tight() -> cst.AssignEqual:
    return cst.AssignEqual(_NONE, _NONE)


def _is_simple_power(node: cst.BaseExpression) -> bool:
    """Black's rule for ``x**2`` without blanks: names, numbers, attribute chains, and their negatives."""
    if node.lpar:
        return False
    if isinstance(node, cst.UnaryOperation):
        return not isinstance(node.operator, cst.Not) and _is_simple_power(node.expression)
    if isinstance(node, cst.Attribute):
        return _is_simple_power(node.value) and not isinstance(node.value, cst.Integer | cst.Float)
    return isinstance(node, cst.Name | cst.Integer | cst.Float | cst.Imaginary)


def _is_simple_bound(node: cst.BaseExpression) -> bool:
    """Black's rule for ``x[a:b]`` without blanks."""
    if isinstance(node, cst.UnaryOperation):
        return not isinstance(node.operator, cst.Not) and _is_simple_bound(node.expression)
    return isinstance(node, cst.Name | cst.Integer | cst.Float | cst.SimpleString)


def _double_quoted(string: cst.SimpleString) -> str:
    """Prefer double quotes, unless that needs more backslashes."""
    prefix = string.prefix.replace("U", "").replace("u", "")
    prefix = prefix if "R" in prefix else prefix.lower()
    body = string.raw_value
    quote: str = string.quote
    if quote in ("'", "'''") and '"' not in body and not (quote == "'" and "\\'" in body):
        quote = '"' * len(quote)
    elif quote == "'" and '"' not in body and "r" not in prefix.lower():
        body, quote = body.replace("\\'", "'"), '"'
    return prefix + quote + body + quote


def _comments(lines: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    return [line for line in lines if line.comment]


def _spaced_block(body: Sequence[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """Allow single blank lines within a block, none at its start, and one around nested definitions."""
    spaced: list[cst.BaseStatement] = []
    for statement in body:
        lines: list[cst.EmptyLine] = []
        for line in getattr(statement, "leading_lines", ()):
            blank_before = not lines or lines[-1].comment is None
            if line.comment or (spaced and not (lines and blank_before)):
                lines.append(line)
        definition = isinstance(statement, cst.FunctionDef | cst.ClassDef)
        after_definition = bool(spaced) and isinstance(spaced[-1], cst.FunctionDef | cst.ClassDef)
        if spaced and (definition or after_definition) and (not lines or lines[0].comment):
            lines.insert(0, cst.EmptyLine(indent=False))
        spaced.append(statement.with_changes(leading_lines=lines))
    return spaced
