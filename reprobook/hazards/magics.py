"""The Python in timing magics, which the parser of cells puts aside."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LINE = re.compile(r"^\s*(?:\w+\s*=\s*)?%(?:timeit|memit)\b(?P<rest>.*)$")
_ONCE = re.compile(r"^%(?:time|prun|memit|mprun|lprun)\b(?:\s+-\w\s+\S+)*\s(?P<rest>.*)$")
_CELL = re.compile(r"^\s*%%timeit\b(?P<rest>.*)$")
_FLAGS = re.compile(r"^(?:\s*-(?:[nrpt]\s*\d+|[oqctp])\b)*\s*")


def with_run_code(tree: ast.Module, source: str) -> ast.Module:
    """Return a cell's module with the statements of ``%time`` lines where the parser left ``pass``."""
    found = {number: match["rest"] for number, line in enumerate(source.splitlines()) if (match := _ONCE.match(line))}
    body: list[ast.stmt] = []
    for statement in tree.body:
        rest = found.get(statement.lineno - 1) if isinstance(statement, ast.Pass) else None
        inner = [each for module in _parsed(rest, statement.lineno - 1) for each in module.body] if rest else []
        body += inner or [statement]
    return ast.Module(body, tree.type_ignores)


def timed_code(source: str) -> Iterator[ast.Module]:
    """Yield what ``%timeit`` lines and a ``%%timeit`` cell run, at the lines where it stands."""
    lines = source.splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines and (found := _CELL.match(lines[first])):
        setup = _FLAGS.sub("", found["rest"], count=1)
        yield from _parsed("\n" * first + setup + "\n" + "\n".join(lines[first + 1 :]), 0)
        return
    for number, line in enumerate(lines):
        if found := _LINE.match(line):
            yield from _parsed(_FLAGS.sub("", found["rest"], count=1), number)


def _parsed(text: str, offset: int) -> Iterator[ast.Module]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    ast.increment_lineno(tree, offset)
    yield tree
