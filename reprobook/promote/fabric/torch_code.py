"""Which calls of a notebook make torch's optimizers and loaders, and whose weights an optimizer is given.

What the code shows decides; where it does not (a factory of another module), the types that the run observed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names

_GIVES_WEIGHTS = frozenset({"parameters", "named_parameters"})
_NO_OPTIMIZERS = ("torch.optim.lr_scheduler.", "torch.optim.swa_utils.")
_LOADERS = frozenset({"torch.utils.data.DataLoader", "torch.utils.data.dataloader.DataLoader"})
_CONTAINERS = frozenset({"dict", "list", "tuple", "types.SimpleNamespace"})
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


@dataclass(frozen=True)
class TorchCode:
    """What is known of a notebook's torch objects.

    Attributes:
        names: What the notebook's names stand for.
        kinds: Qualified type names of variables as the run observed them, by code index of the cell and name.
    """

    names: Names
    kinds: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def makes_optimizer(self, call: ast.Call) -> bool:
        """Tell a call that makes an optimizer: one of ``torch.optim``, or of a class derived from one."""
        return _is_optimizer(self._origin(call.func))

    def makes_loader(self, call: ast.Call) -> bool:
        """Tell a call that makes a data loader."""
        return self._origin(call.func) in _LOADERS

    def set_up_by(self, cell: int, tree: ast.stmt) -> dict[str, str]:
        """Return the variables that hold a loader or an optimizer made by a library, and what sets each up.

        Its code is not at hand, but the run saw what came of the call.
        """
        call = tree.value if isinstance(tree, ast.Assign) else None
        if not isinstance(call, ast.Call) or self.names.dotted(call.func) is None:
            return {}
        if self.makes_loader(call) or self.makes_optimizer(call):
            return {}
        kinds = self.kinds.get(cell, {})
        found = {name: _setup_of(kinds.get(name, "")) for name in sorted(flow_of(tree).writes)}
        return {name: method for name, method in found.items() if method}

    def methods_called(self, trees: Iterable[ast.AST]) -> list[str]:
        """Return the methods of the notebook's modules, ``forward`` apart, that code calls from outside of them."""
        classes = [each for each in self.names.definitions.values() if isinstance(each, ast.ClassDef)]
        modules = [each for each in classes if self._origin(ast.Name(each.name)).startswith("torch.nn.")]
        own = {node.name for each in modules for node in each.body if isinstance(node, ast.FunctionDef)} - {"forward"}
        calls = [node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
        called = [func for func in calls if isinstance(func, ast.Attribute) and func.attr in own]
        return sorted({func.attr for func in called if not _is_self(func.value) and func.attr[:1] != "_"})

    @cached_property
    def _collections(self) -> frozenset[str]:
        """Return the variables that the run observed to be plain containers, of modules perhaps."""
        seen = [(name, kind) for cell in self.kinds.values() for name, kind in cell.items()]
        return frozenset(name for name, kind in seen if kind in _CONTAINERS)

    def weights_of(self, node: ast.AST) -> list[str]:
        """Return the expressions whose weights code takes: ``model`` of ``model.parameters()``, in order."""
        found: dict[str, None] = {}
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and getattr(each.func, "attr", "") in _GIVES_WEIGHTS:
                found |= dict.fromkeys(self._modules(each.func.value))  # type: ignore[attr-defined]  # has an attr
        return list(found)

    def _modules(self, holder: ast.expr) -> list[str]:
        """Return the module that an expression belongs to, as source; several for ``ModuleList([a, b])``."""
        if isinstance(holder, ast.Call):
            names = [node for node in ast.walk(holder) if isinstance(node, ast.Name)]
            return [node.id for node in names if node.id not in self.names.imports]
        parts = [holder]
        while isinstance(parts[-1], (ast.Attribute, ast.Subscript)):
            parts.append(parts[-1].value)
        first = parts[-1]
        if not isinstance(first, ast.Name) or first.id in self.names.imports:
            return []
        if first.id in self._collections:
            return [ast.unparse(parts[-2])] if len(parts) > 1 else []
        # A part of a module (model.head) is set up with the module; what hangs on self is one of its own.
        of_self = first.id == "self" and len(parts) > 1
        return [ast.unparse(parts[-2])] if of_self else [first.id]

    def _origin(self, made: ast.expr) -> str:
        """Return the dotted name of what is called; for a class of the notebook, of the library's class it extends."""
        seen: set[str] = set()
        while isinstance(made, ast.Name) and made.id not in seen:
            seen.add(made.id)
            definition = self.names.definitions.get(made.id)
            if not isinstance(definition, ast.ClassDef) or not definition.bases:
                break
            made = definition.bases[0]
        return self.names.dotted(made) or ""


def _setup_of(kind: str) -> str:
    """Return the method of Fabric for objects of a type; empty if it has none."""
    if kind in _LOADERS:
        return "setup_dataloaders"
    return "setup_optimizers" if _is_optimizer(kind) else ""


def _is_optimizer(dotted: str) -> bool:
    named_as_class = dotted.rpartition(".")[2][:1].isupper()
    return dotted.startswith("torch.optim.") and named_as_class and not dotted.startswith(_NO_OPTIMIZERS)


def calls_in(node: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls that run with code, those in functions defined there apart."""
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, ast.Call):
            yield each
        stack += [child for child in ast.iter_child_nodes(each) if not isinstance(child, _SCOPES)]


def _is_self(node: ast.expr) -> bool:
    """Tell ``self`` and ``super()``."""
    return getattr(node, "id", "") == "self" or isinstance(node, ast.Call)


def base(expression: str) -> str:
    """Return the variable that ``self.net`` or ``nets["a"]`` begins with."""
    return expression.partition(".")[0].partition("[")[0]
