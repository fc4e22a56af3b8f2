"""The comments and blank lines above statements, where the statements around them went elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace

import libcst as cst

from reprobook.promote.naming import words_of
from reprobook.promote.source import Source
from reprobook.promote.verbs import VERBS

_LONGEST = 77  # a docstring of one line
# What is said of imports goes where they go: they are sorted, and need no words.
_OF_IMPORTS = ("import", "librar", "package", "module", "dependenc")


def comments_above(node: cst.BaseStatement) -> list[cst.EmptyLine]:
    """Return the comment lines above an import that say something of what follows it."""
    found = [line for line in getattr(node, "leading_lines", ()) if line.comment]
    text = " ".join(line.comment.value.lower() for line in found)
    return [] if any(word in text for word in _OF_IMPORTS) else found


def speaks_of(source: Source, at: int, parameters: Collection[str]) -> bool:
    """Tell whether the comment above the assignment of a parameter speaks of that, and not of the code below it.

    It stands directly above, and what follows the parameters is set apart: by a blank line, or a comment of its own.
    """
    lines = getattr(source.statements[at].node, "leading_lines", ())
    if not lines or not lines[-1].comment:
        return False
    for following in source.statements[at + 1 :]:
        if getattr(following.node, "leading_lines", ()):
            return True
        if sets_parameter(following.tree, parameters) is None:
            return False
    return True


def sets_parameter(tree: ast.stmt, names: Collection[str]) -> str | None:
    """Return the parameter that a top-level assignment gives its default, if it is one of these."""
    target = tree.targets[0] if isinstance(tree, ast.Assign) and len(tree.targets) == 1 else None
    target = tree.target if isinstance(tree, ast.AnnAssign) else target
    return target.id if isinstance(target, ast.Name) and target.id in names else None


def without_repetition(body: Sequence[cst.BaseStatement], said: str) -> tuple[cst.BaseStatement, ...]:
    """Remove a comment at the top of a function that says no more than its name and docstring."""
    comments = [line.comment.value for line in getattr(body[0], "leading_lines", ()) if line.comment] if body else []
    if len(comments) != 1 or set(words_of(comments[0])) - set(words_of(said.replace("_", " "))):
        return tuple(body)
    return (without_blank(body[0].with_changes(leading_lines=())), *body[1:])


def with_comments(node: cst.BaseStatement, lines: Sequence[cst.EmptyLine]) -> cst.BaseStatement:
    """Put comment lines above a statement, above those that it has."""
    return node.with_changes(leading_lines=[*lines, *getattr(node, "leading_lines", ())]) if lines else node


def without_pass(body: Sequence[cst.BaseStatement]) -> list[cst.BaseStatement]:
    """Remove what magics left behind, and hand its comments on to the next statement."""
    result: list[cst.BaseStatement] = []
    waiting: list[cst.EmptyLine] = []
    for node in body:
        lines = getattr(node, "leading_lines", ())
        if isinstance(node, cst.SimpleStatementLine) and isinstance(node.body[0], cst.Pass):
            waiting += lines
        else:
            result.append(with_comments(node, waiting))
            waiting = []
    return result


def without_blank(node: cst.BaseStatement) -> cst.BaseStatement:
    """Begin a function without blank lines: an import that moved away may have stood above them."""
    leading = list(getattr(node, "leading_lines", ()))
    while leading and leading[0].comment is None:
        leading.pop(0)
    return node.with_changes(leading_lines=leading) if hasattr(node, "leading_lines") else node


def after_blank(node: cst.BaseStatement) -> cst.BaseStatement:
    """Separate the statements of one cell from those of the cell before."""
    lines = getattr(node, "leading_lines", ())
    return node.with_changes(leading_lines=[cst.EmptyLine(indent=False), *lines])


def imperative(source: Source) -> str:
    """Return the comment at the top of a cell, if it says what the cell does: ``sample from the model``."""
    lines = getattr(source.statements[0].node, "leading_lines", ())[source.carried :] if source.statements else ()
    said = [line.comment.value.strip("#-= ") for line in lines if line.comment]
    words = words_of(said[0]) if len(said) == 1 else []
    return said[0] if len(words) > 1 and len(said[0]) <= _LONGEST and words[0] in VERBS else ""


def without_comment(source: Source) -> Source:
    """Return a cell without the comment of its own at its top."""
    first, *rest = source.statements
    others = getattr(first.node, "leading_lines", ())[: source.carried]
    node = without_blank(first.node.with_changes(leading_lines=others))
    return replace(source, statements=(replace(first, node=node), *rest))
