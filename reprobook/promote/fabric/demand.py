"""Which statement needs which module set up: optimizers are given a module's weights, perhaps inside of functions."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from reprobook.promote.fabric.torch_code import TorchCode, base, calls_in
from reprobook.promote.flow import flow_of, local_names
from reprobook.promote.meaning import Definition

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Demand:
    """The modules that code needs set up before it runs.

    A function that is given its module leaves that to its callers, so that all of them go on with the same object.
    """

    code: TorchCode
    trees: Sequence[ast.stmt]

    def of(self, tree: ast.AST) -> list[str]:
        """Return the modules that a statement needs set up, as source, in order; none for a definition."""
        if isinstance(tree, (*_FUNCTIONS, ast.ClassDef)):
            return []
        found: dict[str, None] = {}
        for call in calls_in(tree):
            if self.code.makes_optimizer(call):
                found |= dict.fromkeys(self.code.weights_of(call))
            elif isinstance(call.func, ast.Name) and call.func.id in self._needs:
                found |= dict.fromkeys(self._passed(call, call.func.id, self._needs))
        if flow_of(tree).writes & self._carriers and isinstance(tree, (ast.Assign, ast.AnnAssign)):
            found |= dict.fromkeys(self.code.weights_of(tree))
        return list(found)

    def given(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
        """Return the parameters that a function must set up itself: not every caller can."""
        lifted = self._needs.get(function.name, ()) if self._function(function.name) is function else ()
        return [name for name in self.parameters(function) if name not in lifted]

    def parameters(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
        """Return the parameters of a function that are set up, by itself or by its callers."""
        wanted = self._within(function, self._needs)
        return [argument.arg for argument in _arguments(function) if argument.arg in wanted]

    @cached_property
    def _carriers(self) -> frozenset[str]:
        """Return the variables that optimizers are given in place of a module's weights."""
        calls = [node for tree in self.trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
        given = [call for call in calls if self.code.makes_optimizer(call) and not self.code.weights_of(call)]
        return frozenset(node.id for call in given for node in ast.walk(call) if isinstance(node, ast.Name))

    @cached_property
    def _needs(self) -> Mapping[str, tuple[str, ...]]:
        """Return what each function needs of its callers: parameters and variables of the notebook, by name."""
        functions = {name: each for name, each in self.code.names.definitions.items() if isinstance(each, _FUNCTIONS)}
        found: dict[str, tuple[str, ...]] = {}
        while True:
            wider = {name: self._asked(each, found) for name, each in functions.items()}
            wider = {name: names for name, names in wider.items() if names}
            if wider == found:
                return found
            found = wider

    def _asked(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, known: Mapping[str, tuple[str, ...]]
    ) -> tuple[str, ...]:
        parameters = {argument.arg for argument in _arguments(function)}
        own = local_names(function) - parameters
        wanted = [name for name in self._within(function, known) if base(name) not in own]
        return tuple(name for name in wanted if name not in parameters or self._liftable(function, name))

    def _within(self, function: ast.AST, known: Mapping[str, tuple[str, ...]]) -> list[str]:
        """Return what the body of a function, inner functions included, needs."""
        found: dict[str, None] = {}
        for node in ast.walk(function):
            if not isinstance(node, ast.Call):
                continue
            if self.code.makes_optimizer(node):
                found |= dict.fromkeys(self.code.weights_of(node))
            elif isinstance(node.func, ast.Name) and node.func.id in known:
                found |= dict.fromkeys(self._passed(node, node.func.id, known))
        return list(found)

    def _passed(self, call: ast.Call, name: str, known: Mapping[str, tuple[str, ...]]) -> list[str]:
        """Return what a call of a function needs, in the words of the caller."""
        function = self._function(name)
        if function is None:
            return []
        parameters = {argument.arg for argument in _arguments(function)}
        given = {wanted: _argument(call, function, wanted) for wanted in known[name]}
        return [
            ast.unparse(value) if (value := given[wanted]) is not None else wanted
            for wanted in known[name]
            if given[wanted] is not None or wanted not in parameters
        ]

    def _liftable(self, function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: str) -> bool:
        """Tell whether every use of a function is a call that gives it the module by name."""
        calls = [node for tree in self.trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
        calls = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == function.name]
        uses = [node for tree in self.trees for node in ast.walk(tree) if isinstance(node, ast.Name)]
        called = {id(call.func) for call in calls}
        direct = all(id(node) in called for node in uses if node.id == function.name)
        return direct and bool(calls) and all(_is_name(_argument(call, function, parameter)) for call in calls)

    def _function(self, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        found: Definition | None = self.code.names.definitions.get(name)
        return found if isinstance(found, _FUNCTIONS) else None


def _arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _argument(call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> ast.expr | None:
    """Return what a call gives for a parameter; None where it does not show."""
    for word in call.keywords:
        if word.arg == name:
            return word.value
    positional = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
    at = positional.index(name) if name in positional else len(call.args)
    starred = any(isinstance(value, ast.Starred) for value in call.args[: at + 1])
    return call.args[at] if at < len(call.args) and not starred else None


def _is_name(value: ast.expr | None) -> bool:
    return isinstance(value, (ast.Name, ast.Attribute))
