"""What stands at module level of a script, outside any section."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from reprobook.promote import rewrite
from reprobook.promote.commented_code import without_commented_code
from reprobook.promote.comments import sets_parameter, speaks_of
from reprobook.promote.flow import flow_of
from reprobook.promote.hoist import Hoisting, is_guarded_import
from reprobook.promote.imports import is_standard
from reprobook.promote.model import Statements
from reprobook.promote.source import Source, Statement

_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class ModuleLevel:
    """Statements that leave their section.

    Attributes:
        early: Settings that precede imports.
        guarded: Imports with a fallback.
        unneeded: Settings that concern nothing which the script imports.
    """

    early: Sequence[Statement]
    guarded: Sequence[Statement]
    unneeded: Sequence[Statement] = ()


def early_settings(kept: Sequence[Source], sources: Sequence[Source]) -> list[Statement]:
    """Return the settings that stand before an import of a library, which reads them as it is imported."""
    libraries = [
        (source.index, statement.line)
        for source in sources
        for statement in source.statements
        if isinstance(statement.tree, _IMPORTS) and not _is_standard(statement.tree)
    ]
    last = max(libraries, default=(-1, -1))
    return [
        statement
        for source in kept
        for statement in source.statements
        if (source.index, statement.line) < last and _sets_environment(statement.tree)
    ]


def without_search_path(level: ModuleLevel) -> ModuleLevel:
    """Leave out what tells Python where modules of one's own lie: none is imported."""
    paths = [one for one in level.early if ast.unparse(one.tree).startswith("sys.path.")]
    return replace(level, early=[one for one in level.early if one not in paths], unneeded=paths)


def _is_standard(tree: ast.Import | ast.ImportFrom) -> bool:
    modules = [tree.module or "."] if isinstance(tree, ast.ImportFrom) else [alias.name for alias in tree.names]
    return all(is_standard(module) for module in modules)


def _sets_environment(tree: ast.stmt) -> bool:
    """Tell ``os.environ[...] = "literal"`` and ``sys.path.insert(0, "literal")``."""
    if isinstance(tree, ast.Assign):
        target, values = ast.unparse(tree.targets[0]), [tree.value]
    elif isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call):
        target, values = ast.unparse(tree.value.func), tree.value.args
    else:
        return False
    literals = all(isinstance(value, ast.Constant) for value in values)
    return literals and target.startswith(("os.environ[", "os.environ.setdefault", "sys.path."))


def guarded_imports(kept: Sequence[Source]) -> list[Statement]:
    """Return imports with a fallback: ``try: import cupy`` ... ``except ImportError: cupy = None``."""
    return [statement for source in kept for statement in source.statements if is_guarded_import(statement.tree)]


def module_statements(kept: Sequence[Source], guarded: Sequence[Statement], hoisted: Hoisting) -> Statements:
    """Return the statements of module level: guarded imports, then constants and definitions as they came."""
    found = _first_of_each(
        (flow_of(statement.tree).binds, _with_its_comments(source, at, hoisted))
        for source in kept
        for at, statement in enumerate(source.statements)
        if (bound := flow_of(statement.tree).binds)
        and bound <= hoisted.names
        and not isinstance(statement.tree, _IMPORTS)
    )
    moved = [
        rewrite.with_parameters(node, hoisted.extras[name])
        if (name := getattr(getattr(node, "name", None), "value", "")) in hoisted.extras
        else node
        for node in found
    ]
    definitions = without_commented_code(rewrite.with_arguments(moved, hoisted.extras))
    return (*(statement.node for statement in guarded), *definitions)


def _first_of_each(found: Iterable[tuple[frozenset[str], cst.BaseStatement]]) -> list[cst.BaseStatement]:
    """Return statements without those that bind a name once more: a constant that the notebook repeats."""
    by_names: dict[frozenset[str], cst.BaseStatement] = {}
    for names, node in found:
        by_names.setdefault(names, node)
    return list(by_names.values())


def _with_its_comments(source: Source, at: int, hoisted: Hoisting) -> cst.BaseStatement:
    """Return a definition or constant, without a comment that speaks of the code below a constant."""
    node = source.statements[at].node
    constant = sets_parameter(source.statements[at].tree, hoisted.names) is not None
    return node.with_changes(leading_lines=()) if constant and not speaks_of(source, at, hoisted.names) else node
