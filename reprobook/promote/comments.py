"""The comments and blank lines above statements, where the statements around them went elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from reprobook.promote.naming import snake_case, words_of
from reprobook.promote.source import Source

_MOST_WORDS = 7
_VERBS = frozenset(
    """build calculate check choose clean combine compare compute construct convert count create draw encode estimate
    evaluate extract fit generate get initialize load make measure normalize optimize plot predict prepare process read
    run sample save scale score select set simulate solve sort split test tokenize train transform tune update validate
    vectorize visualize""".split()  # noqa: SIM905 - so many words read best as a text
)
# What is said of imports goes where they go: they are sorted, and need no words.
_OF_IMPORTS = ("import", "librar", "package", "module", "dependenc")


def comments_above(node: cst.BaseStatement) -> list[cst.EmptyLine]:
    """Return the comment lines above an import that say something of what follows it."""
    found = [line for line in getattr(node, "leading_lines", ()) if line.comment]
    text = " ".join(line.comment.value.lower() for line in found)
    return [] if any(word in text for word in _OF_IMPORTS) else found


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
    """Return the comment at the top of a cell as an identifier, if it says what the cell does: ``# sample from it``."""
    lines = getattr(source.statements[0].node, "leading_lines", ()) if source.statements else ()
    said = [line.comment.value.strip("#-= ") for line in lines if line.comment]
    words = words_of(said[0]) if said else []
    return snake_case(said[0]) if 1 < len(words) <= _MOST_WORDS and words[0] in _VERBS else ""
