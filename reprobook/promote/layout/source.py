"""Lay out a whole module."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

import libcst as cst

from reprobook.promote.layout.spacing import Spacing
from reprobook.promote.layout.tokens import WIDTH
from reprobook.promote.layout.wrapping import wrapped

_SILENT = frozenset((tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER))


def formatted(source: str) -> str:
    """Return source laid out as ``ruff format`` does with its defaults; the code means the same.

    A statement with a comment inside a bracket keeps the breaks of its author.
    """
    module = cst.parse_module(source).with_changes(default_indent="    ", default_newline="\n")
    spaced = module.visit(Spacing()).code
    lines = spaced.splitlines(keepends=True)
    result: list[str] = []
    done = 0
    for first, last, code, comment in _logical_lines(spaced):
        result += lines[done:first]
        result += _laid_out(code, comment) if code is not None else lines[first : last + 1]
        done = last + 1
    text = "".join([*result, *lines[done:]])
    return next((each for each in (text, spaced) if same_code(source, each)), source)


def same_code(one: str, other: str) -> bool:
    """Tell whether two sources parse to the same tree; the first one must parse."""
    wanted = ast.dump(ast.parse(one))
    try:
        return wanted == ast.dump(ast.parse(other))
    except SyntaxError:
        return False


def _logical_lines(source: str) -> Iterator[tuple[int, int, str | None, str]]:
    """Yield (first row, last row, code, comment) of each statement; code is None where it spans several rows."""
    rows = source.splitlines()
    begin: tokenize.TokenInfo | None = None
    comment = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and begin is not None:
            comment = token.string
        elif token.type == tokenize.NEWLINE and begin is not None:
            first, last = begin.start[0] - 1, token.start[0] - 1
            code = rows[first].removesuffix(comment).rstrip() if first == last else None
            yield first, last, code, comment
            begin, comment = None, ""
        elif begin is None and token.type not in _SILENT and token.type != tokenize.COMMENT:
            begin = token


def _laid_out(code: str, comment: str) -> list[str]:
    """Break one statement; a comment that no longer fits behind it moves above it."""
    indent = len(code) - len(code.lstrip())
    lines = wrapped(code.strip(), indent)
    if not comment:
        return [f"{line}\n" for line in lines]
    if comment.startswith("# noqa"):  # linters look for it where the statement begins, and its width counts for none
        return [f"{line}\n" for line in [f"{lines[0]}  {comment}", *lines[1:]]]
    if len(lines[-1]) + 2 + len(comment) <= WIDTH:
        return [f"{line}\n" for line in [*lines[:-1], f"{lines[-1]}  {comment}"]]
    return [f"{line}\n" for line in [" " * indent + comment, *lines]]
