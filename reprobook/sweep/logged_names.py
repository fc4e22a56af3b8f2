"""The metrics that a notebook logs, where its source leaves no doubt: a mistyped one is said before anything runs."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeGuard

from reprobook.capture import local_module_files
from reprobook.errors import InputError
from reprobook.notebook import Notebook
from reprobook.notebook.syntax import parse_cell

_OWN = "reprobook"
_LOG = "log"
# What a cell may reach `rb.log` by without naming it.
_DYNAMIC = ("exec(", "eval(", "getattr(", "globals(", "get_ipython", "%run", "__import__", "importlib")


def check_metric(notebook: Notebook, folder: Path, metric: str) -> None:
    """Refuse a metric that the notebook surely does not log.

    Raises:
        InputError: If it logs others, by name and in any case, and nothing else can log.
    """
    sources = [cell.source for cell in notebook.code_cells]
    names = _logged(sources)
    if not names or metric in names or local_module_files(sources, folder):
        return
    near = difflib.get_close_matches(metric, names, n=1)
    msg = f"{notebook.name} logs no metric {metric!r}; nothing ran"
    raise InputError(msg, hint=f"Did you mean {near[0]}?" if near else f"It logs {', '.join(sorted(names))}.")


def _logged(sources: Sequence[str]) -> frozenset[str]:
    """Return the names that ``rb.log`` is given; empty where that is not sure, or where it is perhaps never called.

    Without a call of it, what is printed and shown would count.
    """
    trees = [parse_cell(source) for source in sources]
    parsed = [tree for tree in trees if tree is not None]
    if len(parsed) < len(trees) or any(word in source for source in sources for word in _DYNAMIC):
        return frozenset()
    modules, functions, others = _own_names(parsed)
    calls = [node for tree in parsed for node in ast.walk(tree) if _is_log(node, modules, functions)]
    plain = all(not call.args and all(word.arg for word in call.keywords) for call in calls)
    if others or not plain or _mentions(parsed, modules, functions) != len(calls):
        return frozenset()
    certain = any(_is_log(node, modules, functions) for tree in parsed for node in _done_in_any_case(tree.body))
    names = {str(word.arg) for call in calls for word in call.keywords} - {"step"}
    return frozenset(names) if certain else frozenset()


def _own_names(trees: Sequence[ast.Module]) -> tuple[frozenset[str], frozenset[str], bool]:
    """Return the names of our package, those of ``rb.log``, and whether it is imported in a way that hides them."""
    aliases = [(node, alias) for tree in trees for node in ast.walk(tree) for alias in getattr(node, "names", ())]
    whole = [alias for node, alias in aliases if isinstance(node, ast.Import)]
    parts = [alias for node, alias in aliases if isinstance(node, ast.ImportFrom) and node.module == _OWN]
    inner = [
        node for node, _ in aliases if isinstance(node, ast.ImportFrom) and f"{node.module}".startswith(f"{_OWN}.")
    ]
    hidden = any(each.name.startswith(f"{_OWN}.") for each in whole) or any(each.name == "*" for each in parts)
    modules = frozenset(each.asname or each.name for each in whole if each.name == _OWN)
    functions = frozenset(each.asname or each.name for each in parts if each.name == _LOG)
    return modules, functions, hidden or bool(inner)


def _is_log(node: ast.AST, modules: frozenset[str], functions: frozenset[str]) -> TypeGuard[ast.Call]:
    """Tell whether a node is a call of ``rb.log``."""
    if not isinstance(node, ast.Call):
        return False
    match node.func:
        case ast.Attribute(value=ast.Name(id=owner), attr="log"):
            return owner in modules
        case ast.Name(id=name):
            return name in functions
        case _:
            return False


def _mentions(trees: Sequence[ast.Module], modules: frozenset[str], functions: frozenset[str]) -> int:
    """Count the places that name ``rb.log``, or our package other than for one of its functions."""
    count = 0
    for node in (each for tree in trees for each in ast.walk(tree)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner in modules:
                # The name of the package is visited as well, and counts below.
                count += (attribute == _LOG) - 1
            case ast.Name(id=name) if name in modules or name in functions:
                count += 1
    return count


def _done_in_any_case(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the expressions that are evaluated whatever the data: at the top, in loops and in ``with``."""
    for statement in body:
        if isinstance(statement, ast.For | ast.With):
            yield from _done_in_any_case(statement.body)
        elif isinstance(statement, ast.Expr):
            yield statement.value
