"""What a script cannot do for a notebook: said with the cell, the line and a way out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

from reprobook.errors import NotPromotableError
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.source import Source, Statement

_CALLS = {
    "input": ("asks for input()", "Make it a parameter in the parameters cell."),
    "getpass": ("asks for getpass()", "Read the secret from the environment: os.environ['NAME']."),
    "get_ipython": ("calls get_ipython()", "Use plain Python there, or tag the cell 'skip' if no result needs it."),
    "globals": ("works on globals()", "Name the variable itself, or keep the values in a dict."),
    "locals": ("works on locals()", "Name the variable itself, or keep the values in a dict."),
    "exec": ("runs text with exec()", "Write that code in the cell."),
}


def check(sources: Iterable[Source], names: Names, bound: Collection[str]) -> None:
    """Refuse kept cells that have no translation.

    Raises:
        NotPromotableError: Names the code cell and the line.
    """
    for source in sources:
        if source.error:
            raise _refused(source.index, None, source.error, "Correct the cell, or tag it 'skip'.")
        for refusal in source.refusals:
            raise _refused(source.index, refusal.line, refusal.message, refusal.hint)
        if "raises-exception" in source.tags:
            what = "is expected to raise an exception, and a result depends on it"
            raise _refused(source.index, None, what, "Catch the exception in the cell (try/except).")
        for statement in source.statements:
            _check_statement(source, statement, names, bound)


def _check_statement(source: Source, statement: Statement, names: Names, bound: Collection[str]) -> None:
    for node in ast.walk(statement.tree):
        called = node.func if isinstance(node, ast.Call) else None
        word = getattr(called, "id", None) or getattr(called, "attr", None)
        own = isinstance(called, ast.Name) and word in bound and word not in names.imports
        library = names.dotted(called) if called is not None else None
        if word in _CALLS and not own and (isinstance(called, ast.Name) or library == "getpass.getpass"):
            what, hint = _CALLS[word]
            raise _refused(source.index, statement.line + getattr(node, "lineno", 1) - 1, what, hint)
    for name in flow_of(statement.tree).uses:
        if name not in bound and _is_history(name):
            what = f"reads {name}, IPython's history of outputs"
            raise _refused(source.index, statement.line, what, "Give the value a name in the cell that computes it.")


def _is_history(name: str) -> bool:
    return name in {"_", "__", "___", "In", "Out", "_i", "_ii", "_iii"} or (name[0] == "_" and name[1:].isdigit())


def _refused(cell: int, line: int | None, what: str, hint: str) -> NotPromotableError:
    place = f"code cell [{cell}]" if line is None else f"code cell [{cell}], line {line}"
    return NotPromotableError(f"{place}: {what}", hint=hint)
