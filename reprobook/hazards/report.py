"""Builds hazards: adds the place, the names that a statement binds, and who calls the function around it."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

from reprobook.hazards.book import Book
from reprobook.hazards.course import Course
from reprobook.hazards.fixes import seed_name
from reprobook.hazards.model import Hazard

_BLOCKS = (ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_COMPOUND = (*_BLOCKS, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Report:
    """The hazards found so far in one notebook."""

    def __init__(self, book: Book, course: Course) -> None:
        self.book = book
        self.course = course
        self.found: list[Hazard] = []
        self.seed = seed_name(book)
        self._known: dict[ast.AST | None, tuple[str, ...]] = {None: ()}

    def add(self, node: ast.AST, cause: str, message: str, fix: str, **more: Any) -> None:
        """Add a hazard at a node; ``more`` are further fields of :class:`Hazard`."""
        owner = self.book.owner(node)
        called = tuple(self.course.reached.get(owner, ())) if owner else ()
        cell, line, _ = self.book.at(node)
        hazard = Hazard(
            cell,
            line,
            cause,
            message,
            fix,
            names=(*(more.pop("names", None) or bound_names(self.book, node)), *self._callers_names(owner)),
            function=owner.name if owner else "",
            called_from=called,
            **more,
        )
        if owner and not called:
            hazard = replace(hazard, certain=False, shown=False)  # nothing in the notebook calls it
        self.found.append(hazard)

    def possible(self, node: ast.AST, cause: str, message: str, fix: str, **more: Any) -> None:
        """Add a place where a cause may come in, for attribution; ``check`` does not show it."""
        self.add(node, cause, message, fix, certain=False, shown=False, **more)

    def _callers_names(self, owner: ast.FunctionDef | ast.AsyncFunctionDef | None) -> tuple[str, ...]:
        """Return what the statements bind that call the function a hazard stands in."""
        if owner in self._known:
            return self._known[owner]
        found: list[str] = []
        seen: set[ast.AST] = set()
        pending = [owner] if owner else []
        while pending:
            function = pending.pop()
            if function in seen:
                continue
            seen.add(function)
            for load in self.book.references(function.name):
                outer = self.book.owner(load)
                if outer is None:
                    found.extend(bound_names(self.book, load))
                else:
                    pending.append(outer)
        for cell in self.course.reached.get(owner, ()) if owner and not found else ():
            # A method that is called by protocol (``forward``, ``__getitem__``): any name of the cell may hold it.
            tree = self.book.trees[cell]
            found.extend(name for each in (tree.body if tree else ()) for name in bound_names(self.book, each))
        self._known[owner] = tuple(dict.fromkeys(found))
        return self._known[owner]

    def add_line(self, cell: int, line: int, cause: str, message: str, fix: str, **more: Any) -> None:
        """Add a hazard at a line that is no Python: a magic or a command."""
        self.found.append(Hazard(cell, line, cause, message, fix, **more))


def bound_names(book: Book, node: ast.AST) -> tuple[str, ...]:
    """Return the names that the statement around a node binds or changes in place.

    For a test or a loop these are the names of its whole block: it decides how often the block runs.
    """
    statement = book.statement(node)
    if statement is None:
        return ()
    if statement not in book.bound:
        book.bound[statement] = _bound_by(book, statement)
    return book.bound[statement]


def _bound_by(book: Book, statement: ast.stmt) -> tuple[str, ...]:
    found: list[str] = []
    for each in _walked(statement):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.append(each.id)
        elif isinstance(each, (ast.Attribute, ast.Subscript)) and isinstance(each.ctx, ast.Store):
            found.extend(base_name(each))
        elif isinstance(each, ast.Expr) and isinstance(each.value, ast.Call):
            found.extend(_changed(each.value, book))
        elif isinstance(each, ast.Assert):
            calls = [inner for inner in ast.walk(each.test) if isinstance(inner, ast.Call)]
            found.extend(
                name for call in calls if isinstance(call.func, ast.Attribute) for name in _changed(call, book)
            )
        elif isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.append(each.name)
    return tuple(dict.fromkeys(found))


def _walked(statement: ast.stmt) -> list[ast.AST]:
    """Return the nodes of a statement, functions and comprehensions in it closed."""
    found: list[ast.AST] = []
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop(0)
        found.append(node)
        closed = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.comprehension)
        if not isinstance(node, closed):
            pending.extend(ast.iter_child_nodes(node))
    return found


def _changed(call: ast.Call, book: Book) -> list[str]:
    """Return the variables that a call on a line of its own is there to change."""
    if isinstance(call.func, ast.Attribute) and book.dotted(call.func.value).startswith("?"):
        receivers: list[ast.expr] = [call.func.value]
    else:
        receivers = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        receivers += call.args
    return [name for each in receivers for name in base_name(each) if not _is_module(book, each)]


def _is_module(book: Book, node: ast.expr) -> bool:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    if not isinstance(node, ast.Name):
        return False
    found = book.scope(node).find(node.id, book.at(node))
    return bool(found and found[0].origin in {"import", "definition"})


def base_name(node: ast.AST) -> list[str]:
    """Return the variable that an expression such as ``a.b[0].c()`` begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call, ast.Starred, ast.Await)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return [node.id] if isinstance(node, ast.Name) else []
