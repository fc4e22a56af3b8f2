"""Gather the imports of a notebook: each name once, from where it was last imported."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterable

from reprobook.promote.identifiers import imported_name
from reprobook.promote.model import Import
from reprobook.promote.source import Source

# A progress bar for notebooks needs a browser.
_RENAMED = {"tqdm.notebook": "tqdm", "tqdm.autonotebook": "tqdm"}
_RENAMED_NAMES = {("tqdm", "tqdm_notebook"): "tqdm", ("tqdm", "tnrange"): "trange"}


def gathered(sources: Iterable[Source]) -> dict[str, Import]:
    """Return the names that top-level imports bind, with what they import."""
    found: dict[str, Import] = {}
    for source in sources:
        for statement in source.statements:
            if isinstance(statement.tree, (ast.Import, ast.ImportFrom)):
                found |= {one.name: one for one in _imports(statement.tree) if one.attribute != "*"}
    return found


def stars(sources: Iterable[Source]) -> tuple[str, ...]:
    """Return the modules of which everything is imported."""
    trees = [statement.tree for source in sources for statement in source.statements]
    return tuple(
        dict.fromkeys(
            one.module
            for tree in trees
            if isinstance(tree, ast.ImportFrom)
            for one in _imports(tree)
            if one.attribute == "*"
        )
    )


def _imports(tree: ast.Import | ast.ImportFrom) -> list[Import]:
    if isinstance(tree, ast.Import):
        return [Import(alias.name, "", imported_name(alias, tree)) for alias in tree.names]
    module = f"{'.' * tree.level}{tree.module or ''}"
    module = _RENAMED.get(module, module)
    found: list[Import] = []
    for alias in tree.names:
        attribute = _RENAMED_NAMES.get((module, alias.name), alias.name)
        found.append(Import(module, attribute, alias.asname or attribute))
    return found


def is_standard(module: str) -> bool:
    """Tell a module of the standard library."""
    return module.partition(".")[0] in sys.stdlib_module_names


def import_lines(imports: Collection[Import]) -> list[str]:
    """Return sorted import statements: ``import a`` before ``from a import b``, as isort does."""
    usual = [_usual(one) for one in imports]
    plain = sorted({_plain(one) for one in usual if not one.attribute})
    by_module: dict[str, set[str]] = {}
    for one in usual:
        if one.attribute:
            renamed = f"{one.attribute} as {one.name}" if one.name != one.attribute else one.attribute
            by_module.setdefault(one.module, set()).add(renamed)
    froms = [f"from {module} import {', '.join(sorted(names, key=_isort))}" for module, names in by_module.items()]
    return [*plain, *sorted(froms)]


def _usual(one: Import) -> Import:
    """Write ``import torch.nn as nn`` as ``from torch import nn``."""
    package, _, last = one.module.rpartition(".")
    return Import(package, last, last) if package and not one.attribute and one.name == last else one


def _plain(one: Import) -> str:
    bound = one.module.partition(".")[0]
    return f"import {one.module}" if one.name == bound else f"import {one.module} as {one.name}"


def _isort(name: str) -> tuple[int, str]:
    """Order constants, then classes, then functions, as ruff's isort rules do."""
    plain = name.partition(" ")[0]
    kind = 0 if plain.isupper() and len(plain) > 1 else 1 if plain[:1].isupper() else 2
    return kind, name
