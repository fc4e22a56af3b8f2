"""Which cells give results that have no name: what is printed, saved or displayed after training is no exploration."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from reprobook.promote.effects import effects_of
from reprobook.promote.flow import flow_of
from reprobook.promote.libraries import SAVING
from reprobook.promote.meaning import Names, base_name
from reprobook.promote.python import code_of, statements, tree_of
from reprobook.promote.source import Source
from reprobook.promote.training import trains

# Looks at data, at shapes, at types: nobody reads them in the log of a job.
_LOOKS = """head tail sample describe info shape dtype dtypes columns index size type dir help len ndim keys
    get_params summary nlargest value_counts""".split()  # noqa: SIM905 - so many words read best as a text
_PREVIEWS = frozenset(_LOOKS)
_PURE = frozenset({"numpy", "pandas", "scipy", "sklearn", "torch"})  # their functions give what they compute


def nameless_results(sources: Sequence[Source], names: Names) -> frozenset[int]:
    """Return the cells, from the first training on, that print something computed, or write it to a file."""
    below = {source.index: [statement.tree for statement in source.statements] for source in _trained(sources, names)}
    return frozenset(index for index, body in below.items() if any(map(_gives_result, body)) or _tells(body))


def with_displays_printed(sources: Sequence[Source], names: Names, metrics: Collection[int]) -> tuple[Source, ...]:
    """Print what cells compute and display in their last line, from the first training on, as a script would.

    ``metrics`` are the cells whose last line shows a metric, which is logged.
    """
    trained = {source.index for source in _trained(sources, names)} - set(metrics)
    return tuple(
        _printed(source) if source.index in trained and source.shows and _displays(source, names) else source
        for source in sources
    )


def _trained(sources: Sequence[Source], names: Names) -> Sequence[Source]:
    """Return the cells from the first training on."""
    training = (at for at, source in enumerate(sources) if any(trains(each.tree, names) for each in source.statements))
    return sources[next(training, len(sources)) :]


def _displays(source: Source, names: Names) -> bool:
    """Tell ``confusion_matrix(y, predicted)``, and a method of what the cell computes: ``table.rename(columns=...)``.

    What a method of a model gives, such as ``model.eval()``, is no result, and a function may give none.
    """
    tree = source.statements[-1].tree
    call = tree.value if isinstance(tree, ast.Expr) else None
    effects = effects_of(tree, names)
    acts = effects.sinks or effects.prints or effects.plots or effects.figures or trains(tree, names)
    if not isinstance(call, ast.Call) or acts or not _is_computed(call) or _saves(call):
        return False
    assigned = [each.tree for each in source.statements[:-1] if isinstance(each.tree, ast.Assign)]
    library = (names.dotted(call.func) or "").partition(".")[0]
    return library in _PURE or base_name(call) in flow_of(assigned).binds


def _printed(source: Source) -> Source:
    *before, last = source.statements
    line: Any = last.node
    node = statements(f"print({code_of(line.body[0].value)})\n")[0]
    node = node.with_changes(leading_lines=line.leading_lines, trailing_whitespace=line.trailing_whitespace)
    return replace(source, statements=(*before, replace(last, node=node, tree=tree_of(node))), shows=False)


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
    return printed or any(map(_saves, calls))


def _saves(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in SAVING


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
