"""The statements of a cell that stay in its section: others move to the top, to the configuration or away."""

from __future__ import annotations

import ast

import libcst as cst

from reprobook.promote import rewrite
from reprobook.promote.comments import comments_above, sets_parameter, speaks_of, with_comments
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.model import Statements
from reprobook.promote.source import Source, Statement
from reprobook.promote.surroundings import Surroundings

_IMPORTS = (ast.Import, ast.ImportFrom)


def lines_of(source: Source, around: Surroundings) -> Statements:
    """Return the statements of a cell that stay in its section."""
    result: list[cst.BaseStatement] = []
    waiting: list[cst.EmptyLine] = []
    named = {*around.configuration.cells, *around.hoisted.names}
    for at, statement in enumerate(source.statements):
        if _stands_elsewhere(statement, source, around):
            waiting += comments_above(statement.node) if isinstance(statement.tree, _IMPORTS) else []
            if sets_parameter(statement.tree, named) and not speaks_of(source, at, named):
                waiting += [line for line in getattr(statement.node, "leading_lines", ()) if line.comment]
            continue
        node, waiting = with_comments(statement.node, waiting), []
        is_last = statement is source.statements[-1]
        if is_last and source.shows and source.index in around.shown:
            result += rewrite.logged(node, around.words.job, around.shown[source.index])
        else:
            result.append(node)
    displays = "display" not in around.taken or around.names.imports.get("display", "").startswith("IPython")
    return rewrite.without_notebook(result, display=displays)


def _stands_elsewhere(statement: Statement, source: Source, around: Surroundings) -> bool:
    tree, configuration = statement.tree, around.configuration
    if isinstance(tree, _IMPORTS) or id(statement.tree) in around.elsewhere:
        return True
    if _is_reprobook_setup(tree, around.names):
        return True
    bound = flow_of(tree).binds
    if bound and bound <= around.hoisted.names:
        return True
    if (name := sets_parameter(tree, configuration.cells)) and configuration.cells[name] == source.index:
        return True
    return bool(sets_parameter(tree, configuration.plain))


def _is_reprobook_setup(tree: ast.AST, names: Names) -> bool:
    """Tell ``rb.init(...)``, whose part the job itself plays."""
    call = tree.value if isinstance(tree, ast.Expr) else None
    return isinstance(call, ast.Call) and names.dotted(call.func) == "reprobook.init"
