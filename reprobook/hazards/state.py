"""The notebook's state: names that no cell above binds."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.report import Report

_GIVEN = frozenset(
    {
        "get_ipython",
        "display",
        "exit",
        "quit",
        "__name__",
        "__doc__",
        "__file__",
        "__IPYTHON__",
        "__builtins__",
        "__debug__",
    }
)
_HISTORY = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_oh", "_ih", "_dh", "In", "Out"})


def module_loads(book: Book) -> Iterator[ast.Name]:
    """Yield the reads of the notebook's own names that happen when the cell runs."""
    for loads in list(book.loads.values()):
        for load in loads:
            if book.owner(load) is None and not any(isinstance(each, ast.Lambda) for each in book.parents(load)):
                yield load


def find(report: Report) -> None:
    """Report names that are read before any cell above has bound them."""
    book = report.book
    unsure = any(tree is None for tree in book.trees) or _binds_unseen(book)
    for load in module_loads(book):
        if load.id in _GIVEN or (hasattr(builtins, load.id) and load.id not in _HISTORY):
            continue
        found = book.scope(load).find(load.id, book.at(load))
        if found is not None and (not found[1].is_module or found[0].at <= book.at(load)):
            continue
        if load.id in _HISTORY or (load.id.startswith("_") and load.id[1:].lstrip("i").isdigit()):
            message = f"`{load.id}` is what IPython kept of the cells run before"
            report.add(load, "hidden_state.ipython_history", message, "give the value a name in the cell that makes it")
        elif _is_guarded(book, load):
            continue
        elif found is None:
            message = f"`{load.id}` is bound by no cell: the cell that did was deleted, or it is misspelt"
            sure = not unsure and not _is_conditional(book, load)
            report.add(load, "hidden_state.deleted_cell", message, f"add the code that makes `{load.id}`", certain=sure)
        else:
            message = f"`{load.id}` is read here and bound only below (cell {found[0].at[0]})"
            report.add(
                load,
                "hidden_state.out_of_order",
                message,
                f"move cell {found[0].at[0]} above this one",
                certain=not unsure,
            )


def _is_conditional(book: Book, node: ast.AST) -> bool:
    """Tell whether a node stands in a branch: it may never run."""
    child = node
    for parent in book.parents(node):
        if isinstance(parent, ast.If) and parent.test is not child:
            return True
        child = parent
    return False


def _binds_unseen(book: Book) -> bool:
    """Tell whether names may be bound that no assignment shows: star imports, ``%run``, ``exec``."""
    stars = any(alias.name == "*" for node in book.all(ast.ImportFrom) for alias in node.names)
    magic = ("%run", "%pylab", "%store", "%%capture", "%load ", "%%sql", "%%R", "%%bash", "%%script", "%sql")
    magics = any(line.lstrip().startswith(magic) for source in book.sources for line in source.splitlines())
    return (
        stars
        or magics
        or any(
            book.dotted(call.func) in {"exec", "globals", "locals", "vars", "globals().update"}
            for call in book.all(ast.Call)
        )
    )


def _is_guarded(book: Book, node: ast.AST) -> bool:
    """Tell whether a missing name is caught."""
    return any(isinstance(each, ast.Try) for each in book.parents(node))
