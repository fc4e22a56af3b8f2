"""The course of *Restart and run all*: every call in the order in which it happens, functions followed."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

from reprobook.hazards.bindings import COMPREHENSIONS, FUNCTIONS
from reprobook.hazards.book import Book

_AT_CREATION = ("__init__", "__new__", "__post_init__")
_WHEN_ITERATED = ("__iter__", "__getitem__", "__next__", "__len__", "collate_fn")
_WHEN_CALLED = ("__call__", "forward")


class Step(NamedTuple):
    """One node as it runs: a call, or a loop that draws from what it iterates over."""

    node: ast.AST
    cell: int


def _is_unknown_name(book: Book, node: ast.expr) -> bool:
    """Tell whether a plain name stands for an object that nothing is known of: a model given as an argument."""
    return isinstance(node, ast.Name) and book.dotted(node) == "?"


class Course:
    """The steps of a notebook, and the cells from which each function is reached.

    Attributes:
        steps: Calls, loops and functions named, in the order of execution; those of a function once a calling cell.
        reached: Cells that execute a function, by its definition.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._cell = 0
        self.steps: list[Step] = []
        self.reached: dict[ast.AST, list[int]] = {}
        for cell, tree in enumerate(book.trees):
            if tree is not None:
                self._run(tree.body, cell, set())

    def _run(self, body: Iterable[ast.AST], cell: int, entered: set[ast.AST]) -> None:
        """Run statements of a cell; each function is entered once."""
        self._cell = cell
        pending = list(reversed(list(body)))
        while pending:
            node = pending.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                pending.extend(reversed([*node.decorator_list, *node.args.defaults]))
                continue
            if isinstance(node, (ast.Call, ast.For, ast.AsyncFor, *COMPREHENSIONS)):
                self.steps.append(Step(node, cell))
            inside = [inner for each in self._entered(node) if each not in entered for inner in self._enter(each, cell)]
            entered.update(self._entered(node))
            pending.extend(reversed([*ast.iter_child_nodes(node), *inside]))

    def _enter(self, definition: ast.AST, cell: int) -> list[ast.AST]:
        """Return what runs when a function does, and note from where it was reached."""
        cells = self.reached.setdefault(definition, [])
        if cell not in cells:
            cells.append(cell)
        return list(getattr(definition, "body", []))

    def _entered(self, node: ast.AST) -> list[ast.AST]:
        """Return the functions of the notebook that a node calls or hands on to be called."""
        book = self._book
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            definition = book.definition(node)
            if isinstance(definition, ast.ClassDef):
                self._reach_methods(definition, self._cell)
                return self._methods(definition, _AT_CREATION)
            return [definition] if definition else []
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in book.methods:
            known = book.dotted(node.value).startswith(("numpy", "torch.", "sklearn", "pandas", "random"))
            return [] if known else list(book.methods[node.attr])
        if isinstance(node, ast.Call) and (book.dotted(node.func).startswith("@") or _is_unknown_name(book, node.func)):
            return [each for name in _WHEN_CALLED for each in book.methods.get(name, [])]
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            return self._iterated(node.iter)
        return []

    def _reach_methods(self, definition: ast.ClassDef, cell: int) -> None:
        """A class with a base of a library: the library calls its methods."""
        if any(not self._book.dotted(base).startswith("@") for base in definition.bases):
            for each in definition.body:
                if isinstance(each, FUNCTIONS[:2]) and cell not in self.reached.setdefault(each, []):
                    self.reached[each].append(cell)

    def _methods(self, definition: ast.ClassDef, names: Iterable[str]) -> list[ast.AST]:
        return [each for each in definition.body if isinstance(each, FUNCTIONS[:2]) and each.name in names]

    def _iterated(self, iterable: ast.expr) -> list[ast.AST]:
        """Iterating a loader runs the methods of its dataset."""
        kind = self._book.dotted(iterable)
        if "DataLoader" not in kind and not kind.startswith("@") and "loader" not in ast.unparse(iterable):
            return []
        return [each for name in _WHEN_ITERATED for each in self._book.methods.get(name, [])]
