"""Which names Python source binds, loads and deletes, by the rules of the language reference, section 4.2."""

# ruff: noqa: N815 - the visitor methods have the names that ast gives them

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from reprobook.trace.definitions import arguments, defaults, hints, own_nodes, targets
from reprobook.trace.magic_code import code_in_magic


class Scope(ast.NodeVisitor):
    """Collects the names of a cell's top level.

    ``_bound`` are the names bound for certain at the point reached; ``_local`` those of the comprehensions, lambdas
    and class bodies around it.
    """

    def __init__(self) -> None:
        self.stores: set[str] = set()
        self.loads: set[str] = set()
        self.deletes: set[str] = set()
        self.inputs: set[str] = set()
        self.deferred: set[str] = set()
        self.declared: set[str] = set()
        self._bound: set[str] = set()
        self._local: frozenset[str] = frozenset()

    def block(self, statements: Iterable[ast.stmt]) -> None:
        """Visit statements that run one after another."""
        for statement in statements:
            self.visit(statement)

    @contextmanager
    def _perhaps(self) -> Iterator[None]:
        """Visit what may be skipped: what it binds is not bound for certain."""
        saved = set(self._bound)
        yield
        self._bound = saved

    @contextmanager
    def _scope(self, names: Iterable[str]) -> Iterator[None]:
        """Visit an inner scope with names of its own."""
        saved = self._local
        self._local = saved | frozenset(names)
        yield
        self._local = saved

    def _load(self, name: str) -> None:
        if name in self._local:
            return
        self.loads.add(name)
        if name not in self._bound:
            self.inputs.add(name)

    def _store(self, name: str) -> None:
        if name not in self._local:
            self.stores.add(name)
            self._bound.add(name)

    def visit_Name(self, node: ast.Name) -> None:  # the name ast gives it
        """Count one name."""
        if isinstance(node.ctx, ast.Load):
            self._load(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._store(node.id)
        elif node.id not in self._local:
            self.deletes.add(node.id)
            self._bound.discard(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        """Visit the value first: it is evaluated first."""
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Visit the value first; an annotation alone binds nothing."""
        self.visit(node.annotation)
        if node.value:
            self.visit(node.value)
            self.visit(node.target)

    def visit_Call(self, node: ast.Call) -> None:
        """Visit what a magic runs in place of the call."""
        inside = code_in_magic(node)
        if inside is None:
            self.generic_visit(node)
        else:
            self.block(inside)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Count the target as loaded, then as bound."""
        if isinstance(node.target, ast.Name):
            self._load(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Bind in the cell, even from inside a comprehension (PEP 572)."""
        self.visit(node.value)
        self._store(node.target.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Bind what an import binds; what ``*`` binds cannot be known."""
        for alias in node.names:
            if alias.name != "*":
                self._store(alias.asname or alias.name.partition(".")[0])

    visit_ImportFrom = visit_Import

    def visit_If(self, node: ast.If) -> None:
        """Visit both branches as ones that may be skipped."""
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_While(self, node: ast.While) -> None:
        """Visit the body as one that may be skipped."""
        self.visit(node.test)
        self._branches(node.body, node.orelse)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        """Visit the body, where the target is bound, as one that may be skipped."""
        self.visit(node.iter)
        with self._perhaps():
            self.visit(node.target)
            self.block(node.body)
        self._branches(node.orelse)

    visit_AsyncFor = visit_For

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        """Visit each part as one that may be skipped."""
        self._branches(node.body)
        for handler in node.handlers:
            with self._perhaps():
                if handler.type:
                    self.visit(handler.type)
                # The name of the exception is unbound again at the end of the handler.
                with self._scope([handler.name] if handler.name else []):
                    self.block(handler.body)
        self._branches(node.orelse, node.finalbody)

    visit_TryStar = visit_Try

    def visit_Match(self, node: ast.Match) -> None:
        """Visit each case as one that may be skipped."""
        self.visit(node.subject)
        for case in node.cases:
            with self._perhaps():
                self.generic_visit(case)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        """Bind what a pattern captures."""
        self.generic_visit(node)
        if node.name:
            self._store(node.name)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        """Bind the rest of a mapping pattern."""
        self.generic_visit(node)
        if node.rest:
            self._store(node.rest)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Visit what the definition evaluates; the body runs later."""
        for part in (*node.decorator_list, *hints(node), *defaults(node.args)):
            self.visit(part)
        free, declared = _free_names(node)
        self.deferred |= free
        self.declared |= declared
        self.stores |= declared
        self._store(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Visit the body too: a lambda is mostly called where it stands."""
        for default in defaults(node.args):
            self.visit(default)
        with self._scope(arguments(node.args)):
            self.visit(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Visit the body, which runs at once in a scope of its own; its methods run later."""
        for part in (*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)):
            self.visit(part)
        with self._scope(_stored(node.body)):
            self.block(node.body)
        self._store(node.name)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        """Visit the first iterable outside, the rest in the comprehension's scope."""
        self.visit(node.generators[0].iter)
        with self._scope(targets(node)):
            for number, generator in enumerate(node.generators):
                for part in ([] if number == 0 else [generator.iter]) + generator.ifs:
                    self.visit(part)
            for element in [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]:
                self.visit(element)

    visit_SetComp = visit_ListComp
    visit_DictComp = visit_ListComp
    visit_GeneratorExp = visit_ListComp

    def _branches(self, *branches: list[ast.stmt]) -> None:
        """Visit blocks of which any may be skipped."""
        for branch in branches:
            with self._perhaps():
                self.block(branch)


def _stored(body: Iterable[ast.stmt]) -> set[str]:
    """Return the names that a block binds in its own scope."""
    inner = Scope()
    inner.block(body)
    return inner.stores


def _free_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[set[str], set[str]]:
    """Return the global names that a function's body loads, and those it declares ``global`` and binds."""
    inner = Scope()
    inner.block(function.body)
    declared = {name for node in own_nodes(function) if isinstance(node, ast.Global) for name in node.names}
    declared |= inner.declared
    local = (arguments(function.args) | inner.stores) - declared
    return (inner.loads | inner.deferred) - local, inner.stores & declared
