"""Whether the variables of sections keep their types: where they do not, annotations would be wrong.

A notebook may begin with ``X = []`` and go on with ``X = torch.tensor(X)``. A type checker looks into the bodies of
annotated functions, so that a script of such a notebook is left as its author wrote it: without annotations.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

from reprobook.promote.model import Function
from reprobook.promote.python import tree_of

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# ``weight.grad`` may be None, and a dataset may have no length, as the stubs of torch have it.
_PERHAPS_NONE = frozenset({"grad", "dataset"})


def keep_their_types(functions: Sequence[Function], kinds: Mapping[int, Mapping[str, str]]) -> bool:
    """Tell whether every variable of the sections has one type, as far as code and run show."""
    passed = {name for each in functions for name in (*each.arguments, *each.returns)}
    cells = [kinds.get(cell, {}) for each in functions for cell in each.cells]
    seen = [(name, seen[name].removeprefix("sampled:")) for seen in cells for name in passed & set(seen)]
    return len(dict(seen)) == len(set(seen)) and all(map(_is_stable, functions))


def _is_stable(function: Function) -> bool:
    nodes = [node for line in function.body for node in _own_nodes(tree_of(line))]
    bound: dict[str, str] = {name: f"argument {name}" for name in function.arguments}
    for node in nodes:
        if isinstance(node, ast.Attribute) and node.attr in _PERHAPS_NONE:
            return False
        if isinstance(node, ast.AugAssign) and not _adds_up(node, bound):
            return False
        for name, source in _bindings(node):
            if bound.setdefault(name, source) != source or source == ast.dump(ast.Constant(None)):
                return False
    return True


def _own_nodes(tree: ast.AST) -> Iterable[ast.AST]:
    """Yield the nodes of a statement in the order of its text, without those of functions that it defines."""
    yield tree
    for child in () if isinstance(tree, _DEFINITIONS) else ast.iter_child_nodes(tree):
        yield from _own_nodes(child)


def _adds_up(node: ast.AugAssign, bound: Mapping[str, str]) -> bool:
    """Tell ``total += x`` where ``total`` did not begin as an integer."""
    return isinstance(node.target, ast.Name) and bound.get(node.target.id, "") != "Constant(value=0)"


def _bindings(node: ast.AST) -> list[tuple[str, str]]:
    """Return the names that a statement binds, each with what tells its type: the function that made it, say."""
    if isinstance(node, ast.Assign):
        targets, value = node.targets, node.value
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        targets, value = [node.target], node.iter
    else:
        return []
    source = ast.dump(value.func if isinstance(value, ast.Call) else value)
    names = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    return [
        (each.id, f"{source} {at}" if len(names) > 1 else source)
        for at, each in enumerate(names)
        if isinstance(each.ctx, ast.Store)
    ]
