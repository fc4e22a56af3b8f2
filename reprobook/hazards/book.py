"""A notebook's source as one program: its nodes in order, where each stands, and what its expressions stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from reprobook.hazards.bindings import (
    COMPREHENSIONS,
    FUNCTIONS,
    Definition,
    Position,
    Scope,
    bind_inner,
    bind_statement,
)
from reprobook.hazards.magics import timed_code, with_run_code
from reprobook.hazards.meaning import Meaning
from reprobook.notebook import Notebook
from reprobook.notebook.syntax import parse_cell

Node = TypeVar("Node", bound=ast.AST)
_SKIPPED = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
_LONGEST_TEXT = 80


class Where(NamedTuple):
    """The surroundings of a node."""

    parent: ast.AST | None
    cell: int
    scope: Scope


def _parsed(source: str) -> ast.Module | None:
    """Parse a cell, with what its ``%time`` lines run."""
    tree = parse_cell(source)
    return with_run_code(tree, source) if tree is not None else None


class Book:
    """The parsed cells of a notebook. Built once, then only read.

    Attributes:
        sources: The code cells' sources.
        trees: Their modules; None where a cell does not parse.
        names: The notebook's own namespace.
        methods: Methods of the notebook's classes, by name.
        timed: What ``%timeit`` runs, with its cell; no part of the cells' own course.
        loads: Places that read a name.
        bound: Names that statements bind, as they are asked for.
        attributes: Values assigned to attributes, by class or variable and attribute.
    """

    def __init__(self, notebook: Notebook) -> None:
        self.sources = tuple(cell.source for cell in notebook.code_cells)
        self.tags = tuple(cell.tags for cell in notebook.code_cells)
        self.trees = tuple(_parsed(source) for source in self.sources)
        self.names = Scope()
        self.methods: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self.attributes: dict[tuple[str, str], ast.expr] = {}
        self.loads: dict[str, list[ast.Name]] = {}
        self._members: dict[str, list[ast.AST]] = {}
        self.bound: dict[ast.stmt, tuple[str, ...]] = {}
        self._lines: dict[int, list[bytes]] = {}
        self._where: dict[ast.AST, Where] = {}
        self._by_type: dict[type[ast.AST], list[ast.AST]] = {}
        self.timed = [(tree, cell) for cell, source in enumerate(self.sources) for tree in timed_code(source)]
        for cell, tree in enumerate(self.trees):
            if tree is not None:
                self._add(tree, cell)
        for tree, cell in self.timed:
            self._add(tree, cell)
        self.meaning = Meaning(self)

    def _add(self, tree: ast.Module, cell: int) -> None:
        """Walk one cell in the order of its source; iterative, as expressions may be nested deeply."""
        pending: list[tuple[ast.AST, ast.AST | None, Scope]] = [(tree, None, self.names)]
        while pending:
            node, parent, scope = pending.pop()
            self._where[node] = Where(parent, cell, scope)
            self._by_type.setdefault(type(node), []).append(node)
            bind_statement(self._binding_scope(node, scope), node, cell)
            self._note_members(node, parent, scope)
            inner = scope
            if isinstance(node, (*FUNCTIONS, *COMPREHENSIONS, ast.ClassDef)):
                inner = Scope(scope, node)
                bind_inner(inner, node, cell)
            children = [child for child in ast.iter_child_nodes(node) if not isinstance(child, _SKIPPED)]
            pending.extend((child, node, inner) for child in reversed(children))

    def _binding_scope(self, node: ast.AST, scope: Scope) -> Scope:
        """Return where a node binds: a walrus leaves comprehensions, ``global`` leaves the function."""
        while isinstance(node, ast.NamedExpr) and isinstance(scope.node, COMPREHENSIONS) and scope.parent:
            scope = scope.parent
        return scope

    def _note_members(self, node: ast.AST, parent: ast.AST | None, scope: Scope) -> None:
        """Note methods, and values assigned to attributes."""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            self.loads.setdefault(node.id, []).append(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            self._members.setdefault(node.attr, []).append(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and isinstance(parent, ast.ClassDef):
            self.methods.setdefault(node.name, []).append(node)
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    self.attributes[self._holder(target.value.id, scope), target.attr] = node.value

    def _holder(self, name: str, scope: Scope | None) -> str:
        """Return the class that ``self`` belongs to, else the variable's name."""
        while name == "self" and scope is not None:
            if isinstance(scope.node, ast.ClassDef):
                return f"class {scope.node.name}"
            scope = scope.parent
        return name

    def attribute(self, node: ast.Attribute) -> ast.expr | None:
        """Return the value that was assigned to ``self.x`` or ``obj.x``."""
        if not isinstance(node.value, ast.Name):
            return None
        return self.attributes.get((self._holder(node.value.id, self.scope(node)), node.attr))

    def references(self, name: str) -> list[ast.AST]:
        """Return the places that read a name, or an attribute of that name."""
        return [*self.loads.get(name, ()), *self._members.get(name, ())]

    def all(self, kind: type[Node]) -> list[Node]:
        """Return all nodes of a type, in the order of the notebook."""
        return self._by_type.get(kind, [])  # type: ignore[return-value]

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All named functions."""
        return [*self.all(ast.FunctionDef), *self.all(ast.AsyncFunctionDef)]

    @property
    def loops(self) -> list[ast.For | ast.AsyncFor]:
        """All ``for`` statements."""
        return [*self.all(ast.For), *self.all(ast.AsyncFor)]

    @property
    def comprehensions(self) -> list[ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp]:
        """All comprehensions."""
        return [*self.all(ast.ListComp), *self.all(ast.SetComp), *self.all(ast.DictComp), *self.all(ast.GeneratorExp)]

    @property
    def branches(self) -> list[ast.If | ast.IfExp]:
        """All branches, statements and expressions."""
        return [*self.all(ast.If), *self.all(ast.IfExp)]

    def cell(self, node: ast.AST) -> int:
        """Return the cell of a node."""
        return self._where[node].cell

    def scope(self, node: ast.AST) -> Scope:
        """Return the namespace that a node is evaluated in."""
        return self._where[node].scope

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self._where[node].parent

    def parents(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes around a node, from the inside out, the module left out."""
        found = self.parent(node)
        while found is not None and not isinstance(found, ast.Module):
            yield found
            found = self.parent(found)

    def at(self, node: ast.AST) -> Position:
        """Return cell, line and column of a node."""
        return self.cell(node), getattr(node, "lineno", 1), getattr(node, "col_offset", 0)

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """Return the innermost statement around a node."""
        found: ast.AST | None = node
        while found is not None and not isinstance(found, ast.stmt):
            found = self.parent(found)
        return found

    def owner(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """Return the innermost named function around a node."""
        return next(
            (each for each in self.parents(node) if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef))), None
        )

    def definition(self, node: ast.AST) -> Definition | None:
        """Return the function or class of the notebook that a name stands for."""
        if not isinstance(node, ast.Name):
            return None
        found = self.scope(node).find(node.id, self.at(node))
        value = found[0].value if found and found[0].origin == "definition" else None
        return value if isinstance(value, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) else None

    def text(self, node: ast.AST) -> str:
        """Return the source of a node on one line, cut where it is long."""
        cell = self.cell(node)
        if cell not in self._lines:
            self._lines[cell] = self.sources[cell].encode().splitlines()
        lines = self._lines[cell][getattr(node, "lineno", 1) - 1 : getattr(node, "end_lineno", 1)]
        if not lines:
            return ""
        lines = [*lines[:-1], lines[-1][: getattr(node, "end_col_offset", None)]]
        lines[0] = lines[0][getattr(node, "col_offset", 0) :]
        text = " ".join(b" ".join(lines).decode(errors="replace").split())
        return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"

    def dotted(self, node: ast.AST | None) -> str:
        """Return what an expression stands for; see :class:`Meaning`."""
        return self.meaning.of(node)
