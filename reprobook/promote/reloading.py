"""How a saved model is had again: the lines that build it, by its class in the script, and load its weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import libcst as cst

from reprobook.promote.identifiers import names_used
from reprobook.promote.layout import formatted
from reprobook.promote.model import Plan
from reprobook.promote.python import literal, tree_of

_WEIGHTS = ".safetensors"
_LINES = """\
from safetensors.torch import load_file
from train import {imported}

{config}model = {build}
model.load_state_dict(load_file({path}))
model.eval()
"""


def reloading(plan: Plan, artifact: str, path: str) -> str:
    """Return the code that loads an artifact into a model; empty where the script does not tell how it is built.

    ``artifact`` is the name of its file, ``path`` what leads to it from the folder of the script.
    """
    name = PurePosixPath(artifact)
    built = _construction(plan, name.stem) if name.suffix == _WEIGHTS else None
    if built is None:
        return ""
    config = plan.words.config
    takes = config in names_used([built])
    own = [plan.words.config_class] * takes + [ast.unparse(built.func)]
    lines = _LINES.format(
        imported=", ".join(own),
        config=f"{config} = {plan.words.config_class}()\n" if takes else "",
        build=ast.unparse(built),
        path=literal(path),
    )
    return formatted(lines)


def _construction(plan: Plan, artifact: str) -> ast.Call | None:
    """Return the call that makes what is saved under a name: of a class of the script, from its configuration alone."""
    trees = [tree_of(line) for function in plan.functions for line in function.body]
    saved = {variable for tree in trees for variable in _saved(tree, artifact, plan.words.job)}
    classes = {node.name.value for node in plan.module if isinstance(node, cst.ClassDef)}
    setting = [
        tree.value
        for tree in trees
        if isinstance(tree, ast.Assign) and {ast.unparse(target) for target in tree.targets} & saved
    ]
    call = setting[0] if len(setting) == 1 and len(saved) == 1 else None
    if not isinstance(call, ast.Call) or ast.unparse(call.func) not in classes:
        return None
    arguments = [*call.args, *(word.value for word in call.keywords)]
    return call if names_used(arguments) <= {plan.words.config} else None


def _saved(tree: ast.AST, artifact: str, job: str) -> Iterator[str]:
    """Yield the variables that ``rb.save("model", model)`` and ``rb.save("model", model.state_dict())`` save."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{job}.save":
            name, *values = node.args
            if isinstance(name, ast.Constant) and name.value == artifact and values:
                yield ast.unparse(values[0]).removesuffix(".state_dict()")
