"""Rewrite the notebook's statements for their place in a script."""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import BuiltinScope, GlobalScope, MetadataWrapper, ScopeProvider

from reprobook.promote.model import Statements
from reprobook.promote.python import code_of, literal, statements

_OUTER = (GlobalScope, BuiltinScope)


def with_names(body: Sequence[cst.BaseStatement], replacements: Mapping[str, str]) -> Statements:
    """Replace global names by expressions: ``lr`` by ``config.lr``; local names of functions stay."""
    if not replacements:
        return tuple(body)
    return _visited(body, _Names({name: cst.parse_expression(code) for name, code in replacements.items()}))


def with_arguments(body: Sequence[cst.BaseStatement], extras: Mapping[str, tuple[str, ...]]) -> Statements:
    """Hand the variables that moved definitions need to each of their calls."""
    return _visited(body, _Calls(extras)) if extras else tuple(body)


def with_parameters(definition: cst.BaseStatement, names: Sequence[str]) -> cst.BaseStatement:
    """Add parameters to a function, or to the initialiser of a class."""
    if isinstance(definition, cst.ClassDef):
        body = [
            _with_parameters(node, names)
            if isinstance(node, cst.FunctionDef) and node.name.value == "__init__"
            else node
            for node in definition.body.body
        ]
        return definition.with_changes(body=definition.body.with_changes(body=body))
    return _with_parameters(definition, names) if isinstance(definition, cst.FunctionDef) else definition


def without_notebook(body: Sequence[cst.BaseStatement], *, display: bool) -> Statements:
    """Replace what only a notebook has: ``display(x)`` prints, ``clear_output()`` goes."""
    return _visited(body, _Notebook()) if display else tuple(body)


def logged(statement: cst.BaseStatement, job: str, names: Mapping[str, str] | None) -> Statements:
    """Turn a last expression that shows a metric into one that logs it.

    ``names`` are the metrics it gave, if it is a variable, each with its name in the script; else None, and the job
    finds them when it runs.
    """
    value = statement.body[0].value  # type: ignore[attr-defined]  # a line with one expression
    expression = code_of(value)
    if names is None:
        bare_tuple = isinstance(value, cst.Tuple) and not value.lpar
        lines = [f"{job}.show({literal(expression)}, {f'({expression})' if bare_tuple else expression})"]
    elif expression in names:
        lines = [f"print({expression})", f"{job}.log({names[expression]}={expression})"]
    else:
        lines = [f"print({expression})", f"{job}.log(**{expression})"]
    result = statements("\n".join(lines) + "\n")
    around: Any = {name: getattr(statement, name) for name in ("leading_lines", "trailing_whitespace")}
    return (result[0].with_changes(**around), *result[1:])


def with_unused_marked(body: Sequence[cst.BaseStatement], used: Collection[str]) -> Statements:
    """Say that a variable which nobody reads is meant to be there: its cell was kept because someone asked."""
    return tuple(_marked(node, used) for node in body)


def with_unused_underscored(body: Sequence[cst.BaseStatement], used: Collection[str]) -> Statements:
    """Write ``_Xte, _Yte = ...`` where nobody reads what is unpacked."""
    module = cst.Module(body).visit(_Unpacked(used))  # type: ignore[arg-type]  # statements, all
    return tuple(module.body)


def _marked(node: cst.BaseStatement, used: Collection[str]) -> cst.BaseStatement:
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.Assign):
        return node
    target = node.body[0].targets[0].target
    if not isinstance(target, cst.Name) or target.value in used or target.value == "_":
        return node
    comment = node.trailing_whitespace.comment
    text = f"{comment.value}  # noqa: F841" if comment else "# noqa: F841"
    return node.with_changes(trailing_whitespace=cst.TrailingWhitespace(cst.SimpleWhitespace("  "), cst.Comment(text)))


def _visited(body: Sequence[cst.BaseStatement], visitor: cst.CSTTransformer) -> Statements:
    wrapper = MetadataWrapper(cst.Module(body))  # type: ignore[arg-type]  # every statement is one of the two kinds
    return tuple(wrapper.visit(visitor).body)


class _Scoped(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (ScopeProvider,)

    def is_global(self, node: cst.Name) -> bool:
        """Tell whether a name is the notebook's and not a local one of a function or comprehension."""
        scope = self.get_metadata(ScopeProvider, node, None)
        return scope is not None and all(isinstance(found.scope, _OUTER) for found in scope[node.value])


class _Names(_Scoped):
    def __init__(self, replacements: Mapping[str, cst.BaseExpression]) -> None:
        super().__init__()
        self._replacements = replacements

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        found = self._replacements.get(original_node.value)
        return found.deep_clone() if found is not None and self.is_global(original_node) else updated_node

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        return updated_node.with_changes(attr=original_node.attr)

    def leave_Arg(self, original_node: cst.Arg, updated_node: cst.Arg) -> cst.Arg:
        return updated_node.with_changes(keyword=original_node.keyword)


class _Calls(_Scoped):
    def __init__(self, extras: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__()
        self._extras = extras

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        function = original_node.func
        if not isinstance(function, cst.Name) or function.value not in self._extras or not self.is_global(function):
            return updated_node
        added = [cst.Arg(cst.Name(name), keyword=cst.Name(name)) for name in self._extras[function.value]]
        args = [arg.with_changes(comma=cst.MaybeSentinel.DEFAULT) for arg in updated_node.args]
        return updated_node.with_changes(args=[*args, *added])


class _Unpacked(cst.CSTTransformer):
    def __init__(self, used: Collection[str]) -> None:
        super().__init__()
        self._used = used

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False  # its names are its own

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def leave_AssignTarget(self, original_node: cst.AssignTarget, updated_node: cst.AssignTarget) -> cst.AssignTarget:
        target = updated_node.target
        if not isinstance(target, cst.Tuple):
            return updated_node
        elements = [
            each.with_changes(value=cst.Name(f"_{code_of(each.value)}")) if self._is_unread(each.value) else each
            for each in target.elements
        ]
        return updated_node.with_changes(target=target.with_changes(elements=elements))

    def _is_unread(self, value: cst.BaseExpression) -> bool:
        return isinstance(value, cst.Name) and value.value not in self._used and not value.value.startswith("_")


def _with_parameters(function: cst.FunctionDef, names: Sequence[str]) -> cst.FunctionDef:
    parameters = function.params
    added = [cst.Param(cst.Name(name)) for name in names]
    has_star = isinstance(parameters.star_arg, (cst.Param, cst.ParamStar))
    if not has_star and not any(parameter.default for parameter in parameters.params):
        return function.with_changes(params=parameters.with_changes(params=[*parameters.params, *added]))
    star = parameters.star_arg if has_star else cst.ParamStar()
    keyword_only = [*parameters.kwonly_params, *added]
    return function.with_changes(params=parameters.with_changes(star_arg=star, kwonly_params=keyword_only))


class _Notebook(cst.CSTTransformer):
    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine:
        first = updated_node.body[0]
        if isinstance(first, cst.Expr) and _callee(first.value) == "clear_output":
            return updated_node.with_changes(body=[cst.Pass()])
        return updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        return updated_node.with_changes(func=cst.Name("print")) if _callee(updated_node) == "display" else updated_node


def _callee(node: cst.BaseExpression) -> str:
    return node.func.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Name) else ""
