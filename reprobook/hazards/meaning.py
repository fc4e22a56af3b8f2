"""What an expression stands for, written as the dotted path that it was made by.

``np.random.default_rng(0)`` is ``numpy.random.default_rng()``, and so is a variable that was bound to it; its
``shuffle`` is ``numpy.random.default_rng().shuffle``. A builtin is its own name (``set``, ``set()``), a definition of
the notebook begins with ``@``, and ``?`` is unknown.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprobook.hazards.bindings import Binding
    from reprobook.hazards.book import Book

UNKNOWN = "?"
_INJECTED = frozenset({"get_ipython", "display"})
_DEEPEST = 40
_LONGEST = 240
_LITERALS: dict[type[ast.AST], str] = {
    ast.List: "list()",
    ast.ListComp: "list()",
    ast.Tuple: "tuple()",
    ast.Dict: "dict()",
    ast.DictComp: "dict()",
    ast.Set: "set()",
    ast.SetComp: "set()",
    ast.GeneratorExp: "generator()",
    ast.JoinedStr: "str()",
    ast.Lambda: "lambda",
}


class Meaning:
    """Tells what expressions of one notebook stand for."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[ast.AST, str] = {}
        self._open: set[ast.AST] = set()

    def of(self, node: ast.AST | None) -> str:
        """Return the dotted path of an expression."""
        if node is None:
            return UNKNOWN
        if node in self._known:
            return self._known[node]
        if node in self._open or len(self._open) > _DEEPEST:
            return UNKNOWN  # a name bound to itself, or a chain longer than anyone writes
        self._open.add(node)
        found = self._of(node)
        self._open.discard(node)
        found = found if len(found) <= _LONGEST else UNKNOWN
        if not self._open:
            self._known[node] = found
        return found

    def _of(self, node: ast.AST) -> str:
        if type(node) in _LITERALS:
            return _LITERALS[type(node)]
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__}()"
        if isinstance(node, ast.Name):
            return self._name(node)
        if isinstance(node, ast.Attribute):
            value = self._book.attribute(node)
            base = self.of(node.value)
            return self.of(value) if value is not None and base.startswith((UNKNOWN, "@")) else f"{base}.{node.attr}"
        if isinstance(node, ast.Call):
            return self._call(node)
        return self._compound(node)

    def _compound(self, node: ast.AST) -> str:
        if isinstance(node, ast.Subscript):
            return f"{self.of(node.value)}[]"
        if isinstance(node, (ast.Await, ast.Starred, ast.NamedExpr)):
            return self.of(node.value)
        if isinstance(node, ast.IfExp):
            return self._first(node.body, node.orelse)
        if isinstance(node, ast.BoolOp):
            return self._first(*node.values)
        if isinstance(node, ast.BinOp):
            return self._operation(node)
        if isinstance(node, ast.UnaryOp):
            return self.of(node.operand)
        return UNKNOWN

    def _first(self, *nodes: ast.AST) -> str:
        return next((found for node in nodes if (found := self.of(node)) not in {UNKNOWN, "NoneType()"}), UNKNOWN)

    def _operation(self, node: ast.BinOp) -> str:
        """An operation has the kind of its operands; a number beside an array does not count."""
        chain: ast.AST = node
        operands: list[ast.AST] = []
        while isinstance(chain, ast.BinOp):
            operands.append(chain.right)
            chain = chain.left
        kinds = [self.of(each) for each in (chain, *reversed(operands))]
        plain = [kind for kind in kinds if kind not in {"int()", "float()", UNKNOWN}]
        return plain[0] if plain else kinds[0]

    def _name(self, node: ast.Name) -> str:
        found = self._book.scope(node).find(node.id, self._book.at(node))
        if found is None:
            return node.id if hasattr(builtins, node.id) or node.id in _INJECTED else UNKNOWN
        return self._bound(found[0], node.id)

    def _bound(self, binding: Binding, name: str) -> str:
        if binding.origin == "import":
            return binding.dotted
        if binding.origin == "definition":
            return f"@{name}"
        if binding.origin == "parameter":
            return self._annotation(binding.value) if binding.value is not None else UNKNOWN
        value = self.of(binding.value)
        whole = binding.origin == "value" and binding.index is None
        return value if whole or value == UNKNOWN else f"{value}[]"

    def _annotation(self, node: ast.AST) -> str:
        if isinstance(node, ast.Subscript):
            node = node.value
        return f"{self.of(node)}()" if isinstance(node, (ast.Name, ast.Attribute)) else UNKNOWN

    def _call(self, node: ast.Call) -> str:
        definition = self._book.definition(node.func)
        if isinstance(definition, (ast.FunctionDef, ast.AsyncFunctionDef)):
            returned = [each.value for each in own_nodes(definition) if isinstance(each, ast.Return) and each.value]
            return self._first(*returned) if returned else UNKNOWN
        return f"{self.of(node.func)}()"


def own_nodes(function: ast.AST) -> list[ast.AST]:
    """Return the nodes of a function's body in the order of the source, without those of functions in it."""
    found: list[ast.AST] = []
    pending = list(reversed(list(ast.iter_child_nodes(function))))
    while pending:
        node = pending.pop()
        found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            pending.extend(reversed(list(ast.iter_child_nodes(node))))
    return found
