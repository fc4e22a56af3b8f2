"""Which files of a job hold a model: what the code saves with ``rb.save``, and with torch's own functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from reprobook.promote.flow import flow_of
from reprobook.promote.model import Plan
from reprobook.promote.python import tree_of

_STATE = ".state_dict()"


@dataclass(frozen=True)
class ModelFile:
    """A file, or an artifact, that a variable is saved to.

    Attributes:
        section: The index of the section that saves it.
        variable: The model.
        name: The path of the file, or the name of the artifact.
        is_artifact: Whether ``rb.save`` saves it.
        is_whole: Whether it is the model itself, not its ``state_dict()``.
    """

    section: int
    variable: str
    name: str
    is_artifact: bool
    is_whole: bool


def model_files(plan: Plan) -> dict[str, ModelFile]:
    """Return the files that one variable is saved to, by name, as far as their names stand in the code.

    Source of ``torch.save``'s arguments: https://docs.pytorch.org/docs/stable/generated/torch.save.html.
    """
    fields = {f"{plan.words.config}.{each.name}": each.default for each in plan.fields if each.type is str}
    texts = _texts_after([tree_of(line) for line in plan.module], fields)
    found: dict[str, list[ModelFile]] = {}
    for section, function in enumerate(plan.functions):
        known: Mapping[str, str] = texts
        for tree in map(tree_of, function.body):
            before = {name: text for name, text in known.items() if name not in flow_of(tree).writes}
            for each in _saved(tree, section, before, plan.words.job):
                found.setdefault(each.name, []).append(each)
            known = _texts_after([tree], known)
    return {
        name: files[-1]
        for name, files in found.items()
        if len({(each.variable, each.is_artifact, each.is_whole) for each in files}) == 1
    }


def _saved(tree: ast.stmt, section: int, texts: Mapping[str, str], job: str) -> Iterator[ModelFile]:
    """Yield what a statement saves: ``rb.save("name", model)``, and ``torch.save(model, "path")``."""
    for node in ast.walk(tree):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if not isinstance(node, ast.Call) or called not in {f"{job}.save", "torch.save"} or len(node.args) < 2:  # noqa: PLR2004 - a name and a model
            continue
        is_artifact = called != "torch.save"
        name, value = node.args[:2] if is_artifact else node.args[1::-1]
        text, model = _text(name, texts), ast.unparse(value)
        if text:
            path = text if is_artifact else str(PurePosixPath(text))
            yield ModelFile(section, model.removesuffix(_STATE), path, is_artifact, not model.endswith(_STATE))


def _texts_after(trees: list[ast.stmt], texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables that hold a text which stands in the code."""
    known = dict(texts)
    for tree in trees:
        known = {name: text for name, text in known.items() if name not in flow_of(tree).writes}
        target = tree.targets[0] if isinstance(tree, ast.Assign) and len(tree.targets) == 1 else None
        if isinstance(tree, ast.Assign) and isinstance(target, ast.Name) and (text := _text(tree.value, known)):
            known[target.id] = text
    return known


def _text(value: ast.expr, texts: Mapping[str, str]) -> str:
    """Return the text that an expression is; empty if that is not known."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) in {"Path", "pathlib.Path"} and len(value.args) == 1:
        return _text(value.args[0], texts)
    if isinstance(value, ast.Name | ast.Attribute):
        return texts.get(ast.unparse(value), "")
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""
