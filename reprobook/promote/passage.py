"""One pass of a loop: what it reads before it sets it, and what it sets in any case."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from reprobook.promote.effects import effects_of
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.meaning import Names, base_name

_WRAPPERS = frozenset({"enumerate", "tqdm", "zip"})


class Passage:
    """The flow of one pass.

    An inner loop may not run at all. One over a data loader or a range that nothing in the pass changes runs as often
    in each pass: what it sets is set in every pass, or in none.
    """

    def __init__(self, tree: ast.For | ast.While, names: Names) -> None:
        self._names = names
        self._written = flow_of(tree.body).writes
        self._changed = effects_of(tree, names).changes
        head = flow_of(tree.target) if isinstance(tree, ast.For) else Flow()
        self.flow = head.then(self.flow_of(tree.body))

    def flow_of(self, body: Sequence[ast.stmt]) -> Flow:
        """Return the flow of statements of the pass."""
        result = Flow()
        for statement in body:
            result = result.then(self._statement(statement))
        return result

    def _statement(self, tree: ast.stmt) -> Flow:
        if isinstance(tree, ast.For) and not tree.orelse and self._is_the_same(tree.iter):
            start = flow_of(tree.iter).then(flow_of(tree.target))
            inner = self.flow_of(tree.body)
            return start.then(inner.maybe() if any(map(leaves_pass, tree.body)) else inner)
        return flow_of(tree)

    def _is_the_same(self, passes: ast.expr) -> bool:
        """Tell what gives as many items in each pass."""
        if isinstance(passes, (ast.Name, ast.Attribute)):
            word = passes.id if isinstance(passes, ast.Name) else passes.attr
            known = word in self._names.loaders or "loader" in word
            return known and base_name(passes) not in self._written
        if not isinstance(passes, ast.Call):
            return False
        called = (self._names.dotted(passes.func) or str(getattr(passes.func, "id", ""))).partition(".")[0]
        if called in _WRAPPERS:
            return bool(passes.args) and all(map(self._is_the_same, passes.args[: 1 if called != "zip" else None]))
        calls = [node for each in passes.args for node in ast.walk(each) if isinstance(node, ast.Call)]
        lengths = all(getattr(call.func, "id", "") == "len" for call in calls)
        return called == "range" and lengths and not flow_of(passes.args).uses & (self._written | self._changed)


def once_run(tree: ast.stmt) -> ast.stmt:
    """Return a statement in which loops over something are taken to run: what each pass sets is set after them.

    A section whose loop finds nothing to do would else need the variable of that name from an earlier one.
    """
    return ast.fix_missing_locations(_Running().visit(ast.parse(ast.unparse(tree)).body[0]))  # type: ignore[no-any-return]


class _Running(ast.NodeTransformer):
    def visit_For(self, node: ast.For) -> ast.stmt:
        self.generic_visit(node)
        if node.orelse or any(map(leaves_pass, node.body)):
            return node
        # Its flow is that of a block that runs: what it iterates, its variable, its body.
        return ast.With(items=[ast.withitem(context_expr=node.iter, optional_vars=node.target)], body=node.body)


def leaves_pass(tree: ast.AST) -> bool:
    """Tell whether a statement may end the pass that it stands in: jumps of inner loops are their own."""
    if isinstance(tree, (ast.Continue, ast.Break)):
        return True
    if isinstance(tree, (ast.For, ast.AsyncFor, ast.While)):
        return any(leaves_pass(child) for child in tree.orelse)
    if isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return False
    return any(leaves_pass(child) for child in ast.iter_child_nodes(tree))
