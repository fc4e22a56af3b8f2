"""Where the names of a notebook are bound, and to what: one table a scope."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Literal

Position = tuple[int, int, int]
Origin = Literal["value", "element", "import", "definition", "parameter", "other"]
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Binding:
    """One binding of a name.

    Attributes:
        at: Cell, line and column from which it holds.
        origin: How it came about; an ``element`` is one of the items of the value.
        value: The bound expression, the annotation of a parameter, or the definition.
        dotted: What an import binds.
        index: Position in an unpacked value; None if the whole of it is bound.
    """

    at: Position
    origin: Origin
    value: ast.AST | None = None
    dotted: str = ""
    index: int | None = None


@dataclass
class Scope:
    """A namespace and what it binds, in the order of the source."""

    parent: Scope | None = None
    node: ast.AST | None = None
    names: dict[str, list[Binding]] = field(default_factory=dict)

    def bind(self, name: str, binding: Binding) -> None:
        """Note one binding."""
        self.names.setdefault(name, []).append(binding)

    @property
    def is_module(self) -> bool:
        """Whether this is the notebook's own namespace."""
        return self.parent is None

    def find(self, name: str, at: Position) -> tuple[Binding, Scope] | None:
        """Return the binding of a name that holds at a place.

        Seen from a function, what the notebook binds last counts, as it runs after the cells have.
        """
        scope: Scope | None = self
        inner = False
        while scope is not None:
            found = scope.names.get(name)
            if found and not (inner and isinstance(scope.node, ast.ClassDef)):
                before = [each for each in found if each.at <= at]
                return (before or found)[-1 if before or (inner and scope.is_module) else 0], scope
            inner = inner or isinstance(scope.node, FUNCTIONS)
            scope = scope.parent
        return None


def bind_statement(scope: Scope, node: ast.AST, cell: int) -> None:
    """Note what one node binds in its scope; the nodes inside are not visited."""
    for target, value in _targets(node):
        looped = isinstance(node, (ast.For, ast.AsyncFor))
        whole = isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.NamedExpr))
        _bind_target(scope, target, value, _end(node if whole or value is None else value, cell), element=looped)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in (each for each in node.names if each.name != "*"):
            name = alias.asname or alias.name.partition(".")[0]
            scope.bind(name, Binding(_end(node, cell), "import", node, imported(alias, node)))
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        scope.bind(node.name, Binding((cell, node.lineno, node.col_offset), "definition", node))
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping)):
        caught = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if caught:
            scope.bind(caught, Binding((cell, node.lineno, node.col_offset), "other"))


def _targets(node: ast.AST) -> list[tuple[ast.expr, ast.expr | None]]:
    """Return the targets of a statement, with the value that each is bound to."""
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    if isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
        return [(node.target, node.value)] if node.value is not None else []
    if isinstance(node, ast.AugAssign):
        return [(node.target, None)]
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return [(node.target, node.iter)]
    if isinstance(node, ast.withitem) and node.optional_vars is not None:
        return [(node.optional_vars, node.context_expr)]
    return []


def bind_inner(scope: Scope, node: ast.AST, cell: int) -> None:
    """Note what a function or comprehension binds in the scope that it opens."""
    if isinstance(node, FUNCTIONS):
        arguments = node.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        at = (cell, node.lineno, node.col_offset)
        for argument in given:
            if argument is not None:
                scope.bind(argument.arg, Binding(at, "parameter", argument.annotation))
    elif isinstance(node, COMPREHENSIONS):
        for generator in node.generators:
            _bind_target(scope, generator.target, generator.iter, (cell, node.lineno, 0), element=True)


def imported(alias: ast.alias, node: ast.Import | ast.ImportFrom) -> str:
    """Return the dotted name that an import's alias stands for."""
    if isinstance(node, ast.ImportFrom):
        return f"{'.' * node.level}{node.module or ''}.{alias.name}"
    return alias.name if alias.asname else alias.name.partition(".")[0]


def _bind_target(
    scope: Scope, target: ast.expr, value: ast.expr | None, at: Position, *, element: bool = False
) -> None:
    """Bind each name of a target; ``a, b = x, y`` binds each to its own value."""
    pending: list[tuple[ast.expr, ast.expr | None, int | None]] = [(target, value, None)]
    while pending:
        each, bound, index = pending.pop()
        if isinstance(each, (ast.Tuple, ast.List)):
            pairs = bound.elts if isinstance(bound, (ast.Tuple, ast.List)) and not element else []
            for number, item in enumerate(each.elts):
                own = pairs[number] if len(pairs) == len(each.elts) else bound
                pending.append((item, own, None if len(pairs) == len(each.elts) else number))
        elif isinstance(each, ast.Starred):
            pending.append((each.value, bound, -1))
        elif isinstance(each, ast.Name):
            scope.bind(each.id, Binding(at, "element" if element else "value", bound, index=index))


def _end(node: ast.AST, cell: int) -> Position:
    """Return the end of a node: what it binds holds from there on."""
    return cell, getattr(node, "end_lineno", 0), getattr(node, "end_col_offset", 0)
