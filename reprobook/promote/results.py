"""Which cells give results that have no name: what is printed or saved of what was trained is no exploration."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from reprobook.promote.libraries import SAVING
from reprobook.promote.meaning import Names
from reprobook.promote.source import Source
from reprobook.promote.training import trains

# Looks at data, at shapes, at types: nobody reads them in the log of a job.
_LOOKS = """head tail sample describe info shape dtype dtypes columns index size type dir help len ndim keys
    get_params summary nlargest value_counts""".split()  # noqa: SIM905 - so many words read best as a text
_PREVIEWS = frozenset(_LOOKS)


def nameless_results(sources: Sequence[Source], names: Names) -> frozenset[int]:
    """Return the cells, from the first training on, that print something computed, or write it to a file."""
    trees = {source.index: [statement.tree for statement in source.statements] for source in sources}
    trained = next((index for index, body in trees.items() if any(trains(tree, names) for tree in body)), None)
    if trained is None:
        return frozenset()
    below = {index: body for index, body in trees.items() if index >= trained}
    return frozenset(index for index, body in below.items() if any(map(_gives_result, body)) or _tells(body))


def only_looks(tree: ast.stmt) -> bool:
    """Tell ``print(type(x))`` and ``print(x.shape)``: a look at what the data are, which no job needs in its log."""
    call = tree.value if isinstance(tree, ast.Expr) else None
    if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "print" or not call.args:
        return False
    values = [each for each in call.args if not isinstance(each, ast.Constant)]
    return bool(values) and all(map(_is_look, values))


def _is_look(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        name = getattr(value.func, "attr", getattr(value.func, "id", ""))
        return name in _PREVIEWS and all(
            isinstance(each, (ast.Name, ast.Constant, ast.Attribute)) for each in value.args
        )
    return isinstance(value, ast.Attribute) and value.attr in _PREVIEWS


def _gives_result(tree: ast.stmt) -> bool:
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False  # it prints when it is called
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    printing = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print")
    printed = any(_is_computed(argument) for call in printing for argument in call.args)
    return printed or any(isinstance(call.func, ast.Attribute) and call.func.attr in SAVING for call in calls)


def _tells(body: Sequence[ast.stmt]) -> bool:
    """Tell a cell that says in words what it computed: ``p = f(x)``, then ``print("probabilities", p)``."""
    assigned = [tree for tree in body if isinstance(tree, ast.Assign) and _is_computed(tree.value)]
    computed = {target.id for tree in assigned for target in tree.targets if isinstance(target, ast.Name)}
    calls = [tree.value for tree in body if isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call)]
    printing = [call.args for call in calls if getattr(call.func, "id", "") == "print"]
    return any(
        any(isinstance(each, ast.Constant) for each in given)
        and any(isinstance(each, ast.Name) and each.id in computed for each in given)
        for given in printing
    )


def _is_computed(value: ast.expr) -> bool:
    """Tell a value made from variables from a text, a preview of data, and a plain look at what they are."""
    nodes = list(ast.walk(value))
    names = {getattr(node, "attr", "") for node in nodes} | {getattr(node, "id", "") for node in nodes}
    looks = not _PREVIEWS.isdisjoint(names) or any(isinstance(node, ast.Slice) for node in nodes)
    return any(isinstance(node, ast.Call) for node in nodes) and not looks
