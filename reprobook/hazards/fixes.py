"""Edits of source that are safe to make without knowing the data."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.model import Edit

_NAMES = ("seed", "SEED", "random_state", "RANDOM_STATE", "random_seed", "RANDOM_SEED", "rng_seed")


def seed_name(book: Book) -> str:
    """Return the variable that holds the notebook's seed: one bound to a whole number; ``seed`` if there is none."""
    for name in _NAMES:
        for binding in book.names.names.get(name, ()):
            value = binding.value
            if isinstance(value, ast.Constant) and type(value.value) is int:
                return name
    return "seed"


def wrap(book: Book, node: ast.expr, function: str) -> tuple[Edit, ...]:
    """Return the edits that put ``function(...)`` around an expression."""
    cell = book.cell(node)
    end_line, end_column = node.end_lineno or 0, node.end_col_offset or 0
    return (
        Edit(cell, node.lineno, node.col_offset, node.lineno, node.col_offset, f"{function}("),
        Edit(cell, end_line, end_column, end_line, end_column, ")"),
    )


def replace(book: Book, node: ast.expr, text: str) -> tuple[Edit, ...]:
    """Return the edit that puts a text in place of an expression."""
    return (Edit(book.cell(node), node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0, text),)


def give(book: Book, call: ast.Call, name: str, value: str) -> tuple[Edit, ...]:
    """Return the edit that gives a keyword argument a value: replaced if it is there, added at the end if not."""
    present = keyword(call, name)
    if present is not None:
        return replace(book, present, value)
    return add_argument(book, call, f"{name}={value}")


def add_argument(book: Book, call: ast.Call, text: str) -> tuple[Edit, ...]:
    """Return the edit that adds an argument at the end of a call's list."""
    given = [*call.args, *(word.value for word in call.keywords)]
    cell = book.cell(call)
    if not given:
        line, column = call.end_lineno or 0, (call.end_col_offset or 1) - 1
        return (Edit(cell, line, column, line, column, text),)
    last = max(given, key=lambda each: (each.end_lineno or 0, each.end_col_offset or 0))
    line, column = last.end_lineno or 0, last.end_col_offset or 0
    if (line, column) == (call.end_lineno, call.end_col_offset):
        return ()  # f(x for x in xs): the generator shares the call's parentheses
    return (Edit(cell, line, column, line, column, f", {text}"),)
