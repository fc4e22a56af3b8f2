"""Place ``model = fabric.setup_module(model)``: before the first optimizer of that module, outside of loops.

An optimizer must be made after its module was set up, as FSDP replaces the weights.
"""

# libcst finds a visitor by its name, and hands it the old node and the new one:
# ruff: noqa: ARG002

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import libcst as cst

from reprobook.promote.fabric.demand import Demand
from reprobook.promote.fabric.torch_code import base
from reprobook.promote.fabric.words import SET_UP
from reprobook.promote.flow import flow_of, local_names
from reprobook.promote.python import code_of, statements, tree_of

_HIDDEN = frozenset({"children", "modules", "named_buffers", "named_children", "named_modules", "named_parameters"})
_DEFINITIONS = (cst.FunctionDef, cst.ClassDef)


class Setups:
    """The places where modules are set up, one scope at a time.

    Args:
        demand: What each statement needs.
        fabric: The script's name of the ``Fabric`` object.
    """

    def __init__(self, demand: Demand, fabric: str) -> None:
        self._demand = demand
        self._fabric = fabric
        self._done: set[str] = set()  # at top level, from cell to cell
        self._methods = "".join(f', "{name}"' for name in demand.code.methods_called(demand.trees))
        self.modules: set[str] = set()  # every expression that is set up somewhere

    def at_top_level(self, node: cst.BaseStatement) -> list[cst.BaseStatement]:
        """Return a statement of a cell with the modules it needs set up before it."""
        return self._placed([node.visit(_Functions(self))], self._done, None)  # type: ignore[list-item]  # stays one

    def in_function(self, node: cst.FunctionDef) -> cst.FunctionDef:
        """Return a function that sets up what it is given or makes itself."""
        tree = tree_of(node)
        if not isinstance(tree, (ast.FunctionDef, ast.AsyncFunctionDef)) or not isinstance(
            node.body, cst.IndentedBlock
        ):
            return node
        original = self._demand.code.names.definitions.get(tree.name)
        same = isinstance(original, type(tree)) and ast.dump(original.args) == ast.dump(tree.args)
        given = self._demand.given(original if same else tree)  # type: ignore[arg-type]  # a function, by its type
        body = self._placed(list(node.body.body), set(self._demand.parameters(tree)), local_names(tree))
        at = 1 if ast.get_docstring(tree, clean=False) is not None else 0
        body[at:at] = self._setup(given)
        return node.with_changes(body=node.body.with_changes(body=body))

    def _placed(
        self, body: Sequence[cst.BaseStatement], done: set[str], scope: frozenset[str] | None
    ) -> list[cst.BaseStatement]:
        """Return a block with its modules set up; ``scope`` are the local names of its function."""
        result: list[cst.BaseStatement] = []
        for node in body:
            tree = tree_of(node)
            wanted = [name for name in self._demand.of(tree) if scope is None or base(name) in scope]
            wanted = [name for name in wanted if name not in done]
            written = flow_of(tree).writes
            inside = {name for name in wanted if base(name) in written} if _has_blocks(node) else set()
            before = [name for name in wanted if name not in inside]
            done |= set(before)
            again: Any = node.visit(_Blocks(self, done, scope)) if inside else node.visit(_Bare(done))
            result += self._before(before, again)
            done -= {name for name in done if base(name) in written - flow_of(tree).reads}
        return result

    def block(self, node: cst.IndentedBlock, done: set[str], scope: frozenset[str] | None) -> cst.IndentedBlock:
        """Return the block of a loop or branch with the modules set up that are made in it."""
        return node.with_changes(body=self._placed(list(node.body), set(done), scope))

    def _before(self, names: Iterable[str], node: cst.BaseStatement) -> list[cst.BaseStatement]:
        """Put the setups before a statement; they take over the blank lines above it."""
        made = self._setup(names)
        if not made:
            return [node]
        lines = list(getattr(node, "leading_lines", ()))
        blank = next((at for at, line in enumerate(lines) if line.comment), len(lines))
        made[0] = made[0].with_changes(leading_lines=lines[:blank])
        return [*made, node.with_changes(leading_lines=lines[blank:])]

    def _setup(self, names: Iterable[str]) -> list[cst.BaseStatement]:
        self.modules |= set(names)
        call = (
            f"{SET_UP}({self._fabric}, {{}}{self._methods})" if self._methods else f"{self._fabric}.setup_module({{}})"
        )
        return [*statements("".join(f"{name} = {call.format(name)}\n" for name in names))]


def _has_blocks(node: cst.BaseStatement) -> bool:
    return isinstance(node, cst.BaseCompoundStatement) and not isinstance(node, _DEFINITIONS)


class _Functions(cst.CSTTransformer):
    """Set up within every function, from the inside out."""

    def __init__(self, setups: Setups) -> None:
        super().__init__()
        self._setups = setups

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        return self._setups.in_function(updated_node)


class _Bare(cst.CSTTransformer):
    """Reach through Fabric's wrapper where it hides what a module is made of: ``model[0]``, ``named_parameters``."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__()
        self._names = names

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def leave_Subscript(self, original_node: cst.Subscript, updated_node: cst.Subscript) -> cst.Subscript:
        return updated_node.with_changes(value=self._module(updated_node.value))

    def leave_Attribute(self, original_node: cst.Attribute, updated_node: cst.Attribute) -> cst.Attribute:
        hidden = updated_node.attr.value in _HIDDEN
        return updated_node.with_changes(value=self._module(updated_node.value)) if hidden else updated_node

    def _module(self, node: cst.BaseExpression) -> cst.BaseExpression:
        wrapped = code_of(node) in self._names
        return cst.Attribute(node, cst.Name("module")) if wrapped else node


class _Blocks(cst.CSTTransformer):
    """Set up within the blocks of one compound statement, functions in it apart."""

    def __init__(self, setups: Setups, done: set[str], scope: frozenset[str] | None) -> None:
        super().__init__()
        self._setups, self._done, self._scope = setups, done, scope

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> bool:
        return False  # a block takes care of those in it

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def leave_IndentedBlock(
        self, original_node: cst.IndentedBlock, updated_node: cst.IndentedBlock
    ) -> cst.IndentedBlock:
        return self._setups.block(updated_node, self._done, self._scope)
