"""Turn the notebook's parameters into the fields of a configuration."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from reprobook.errors import NotPromotableError
from reprobook.promote.changes import changed_names
from reprobook.promote.comments import sets_parameter, speaks_of
from reprobook.promote.descriptions import without_questions
from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import names_used
from reprobook.promote.layout.escape import visible
from reprobook.promote.meaning import Names
from reprobook.promote.model import Derived, Field
from reprobook.promote.python import code_of, tree_of
from reprobook.promote.source import Source, Statement
from reprobook.space.model import Parameter

_OPTIONS = frozenset({"config", "out", "help"})  # what the command line of every job has already
_PURE_CALLS = frozenset({"int", "float", "str", "bool", "round", "min", "max", "len", "abs", "sum", "sorted", "tuple"})
_PURE_NODES = (
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.IfExp,
    ast.Name,
    ast.Constant,
    ast.JoinedStr,
    ast.FormattedValue,
    ast.Call,
    ast.Tuple,
    ast.Subscript,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)


@dataclass(frozen=True)
class Configuration:
    """The parameters of a script.

    Attributes:
        fields: Fields, in source order.
        derived: Properties that follow from them.
        plain: Names that the code reads as ``config.name``.
        variables: Parameters that the notebook goes on to change: they become variables, set from the configuration.
        cells: The code index of the cell that declares each parameter.
    """

    fields: tuple[Field, ...]
    derived: tuple[Derived, ...]
    plain: frozenset[str]
    variables: frozenset[str]
    cells: Mapping[str, int]


def configuration(
    parameters: Sequence[Parameter], sources: Sequence[Source], names: Names, *, cell: int | None
) -> Configuration:
    """Decide what becomes a field, a property or a variable; ``cell`` is the parameters cell, if there is one."""
    used = [parameter for parameter in parameters if _is_there(parameter, sources)]
    for parameter in used:
        if parameter.name in _OPTIONS:
            msg = (
                f"code cell [{parameter.cell}], line {parameter.position.line}: a parameter is called {parameter.name}"
            )
            hint = f"Rename it: --{parameter.name} is an option of every promoted script."
            raise NotPromotableError(msg, hint=hint)
    changed = changed_names(used, sources, names)
    by_name = {parameter.name: parameter for parameter in used}
    plain = {name for name in by_name if name not in changed}
    derived: list[Derived] = []
    for source in sources:
        for statement in source.statements if source.index == cell else ():
            found = _derived(statement, plain, changed)
            if found is not None and found.name not in by_name:
                derived.append(found)
                plain.add(found.name)
    fields = tuple(_field(parameter, sources, None if parameter.cell == cell else by_name) for parameter in used)
    cells = {parameter.name: parameter.cell for parameter in used}
    return Configuration(fields, tuple(derived), frozenset(plain), frozenset(set(by_name) - plain), cells)


def read_only(config: Configuration, body: Sequence[cst.BaseStatement], word: str) -> Configuration:
    """Return the configuration without what no code reads as ``config.name``: an option without effect deceives."""
    read = {name for line in body for name in _attributes(tree_of(line), word)}
    for each in reversed(config.derived):  # each follows from those above it
        read |= names_used([ast.parse(each.expression)]) if each.name in read else set()
    return replace(
        config,
        fields=tuple(each for each in config.fields if each.name in read),
        derived=tuple(each for each in config.derived if each.name in read),
    )


def _attributes(tree: ast.AST, word: str) -> set[str]:
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == word}


def _is_there(parameter: Parameter, sources: Iterable[Source]) -> bool:
    cells = {cell for cell, _ in parameter.places}
    return any(source.index in cells for source in sources)


def _derived(statement: Statement, plain: Collection[str], changed: Collection[str]) -> Derived | None:
    """Read ``momentum = 1 - lr`` as a property: an expression of parameters without any effect."""
    tree = statement.tree
    if not isinstance(tree, ast.Assign) or len(tree.targets) != 1 or not isinstance(tree.targets[0], ast.Name):
        return None
    name = tree.targets[0].id
    if name in changed or not flow_of(tree.value).reads & set(plain) or not _is_pure(tree.value, plain):
        return None
    line = statement.node
    comment = line.trailing_whitespace.comment if isinstance(line, cst.SimpleStatementLine) else None
    value = line.body[0].value  # type: ignore[attr-defined]  # an assignment, by its tree
    return Derived(name, code_of(value), visible(comment.value[1:]) if comment else "")


def _is_pure(value: ast.expr, plain: Collection[str]) -> bool:
    called = {id(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)}
    return all(
        isinstance(node, _PURE_NODES)
        and (not isinstance(node, ast.Name) or node.id in (_PURE_CALLS if id(node) in called else plain))
        for node in ast.walk(value)
    )


def _field(parameter: Parameter, sources: Iterable[Source], others: Collection[str] | None) -> Field:
    """Make a field, with the author's comments above it and the author's spelling of the value.

    ``others`` are the parameters that the comment may speak of, where it may also speak of the code below.
    """
    above: tuple[str, ...] = ()
    spelling = ""
    for source in sources:
        for at, statement in enumerate(source.statements if source.index == parameter.cell else ()):
            if sets_parameter(statement.tree, {parameter.name}):
                lines = getattr(statement.node, "leading_lines", ())
                lines = lines if others is None or speaks_of(source, at, others) else ()
                above = tuple(visible(line.comment.value[1:]) for line in lines if line.comment)
                spelling = code_of(statement.node.body[0].value)  # type: ignore[attr-defined]  # an assignment
    if "\n" in spelling or type(ast.literal_eval(spelling or "None")) is not parameter.type:
        spelling = ""
    comment = visible(without_questions(parameter.comment))
    return Field(parameter.name, parameter.type, parameter.default, parameter.space, comment, above, spelling)
