"""Which expressions are sets whose order of iteration differs from process to process."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.book import Book

_SET = re.compile(r"^(?:set|frozenset)\(\)(?:\.(?:union|difference|intersection|symmetric_difference|copy)\(\))*$")
_OPERATIONS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
_NUMBERS = frozenset({"int", "len", "ord", "abs", "round", "float", "bool", "range", "id", "sum"})
_NUMERIC = re.compile(
    r"^(?:range\(\)|torch\.|numpy\.(?:arange|argmax|argsort|zeros|ones|random\.(?:rand|randn|randint|permutation|normal)\b)"
    r"|int\(\)|float\(\)|bool\(\)|sklearn\.datasets\.load_\w+\(\)\.(?:data|target|images)(?!.*names))"
)
_DEEPEST = 6


def is_set(book: Book, node: ast.AST) -> bool:
    """Tell whether an expression is a set, or made of dictionary keys by a set operation."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATIONS):
        sides = [book.dotted(node.left), book.dotted(node.right)]
        return any(_SET.match(side) or side.endswith(".keys()") for side in sides)
    if isinstance(node, ast.Name):
        found = book.scope(node).find(node.id, book.at(node))
        value = found[0].value if found and found[0].origin == "value" and found[0].index is None else None
        if isinstance(value, ast.BinOp):
            return is_set(book, value)
    return bool(_SET.match(book.dotted(node)))


def has_fixed_order(book: Book, node: ast.AST, depth: int = _DEEPEST) -> bool:
    """Tell whether the items of a set are plainly numbers, whose hash is not randomised."""
    if depth == 0:
        return False
    if isinstance(node, ast.Name):
        return _variable(book, node, depth)
    if isinstance(node, (ast.Set, ast.List, ast.Tuple)):
        return all(is_number(book, item, depth - 1) for item in node.elts)
    if isinstance(node, (ast.SetComp, ast.GeneratorExp, ast.ListComp)):
        return is_number(book, node.elt, depth - 1)
    if isinstance(node, ast.BinOp):
        sides = [has_fixed_order(book, each, depth - 1) for each in (node.left, node.right)]
        if isinstance(node.op, ast.Sub):
            return sides[0]  # what is left of numbers are numbers
        return any(sides) if isinstance(node.op, ast.BitAnd) else all(sides)
    if isinstance(node, ast.Call):
        return _call_has_fixed_order(book, node, depth)
    return _is_numeric(book, node)


def _call_has_fixed_order(book: Book, node: ast.Call, depth: int) -> bool:
    """``set(range(9))``, ``a.union(b)``, a function of the notebook."""
    if isinstance(node.func, ast.Name) and node.func.id in {"set", "frozenset", "list", "tuple", "sorted"}:
        return not node.args or has_fixed_order(book, node.args[0], depth - 1)
    if isinstance(node.func, ast.Attribute) and is_set(book, node.func.value):
        return all(has_fixed_order(book, each, depth - 1) for each in (node.func.value, *node.args))
    returned = _returned(book, node)
    return has_fixed_order(book, returned, depth - 1) if returned is not None else _is_numeric(book, node)


def _is_numeric(book: Book, node: ast.AST) -> bool:
    return bool(_NUMERIC.match(book.dotted(node)))


def _returned(book: Book, call: ast.Call) -> ast.expr | None:
    """Return what a function of the notebook returns, if it has one return only."""
    definition = book.definition(call.func)
    found = [each.value for each in ast.walk(definition) if isinstance(each, ast.Return)] if definition else []
    return found[0] if len(found) == 1 else None


def _variable(book: Book, node: ast.Name, depth: int) -> bool:
    """Look at what a variable was bound to, and at what is added to it later."""
    found = book.scope(node).find(node.id, book.at(node))
    if found is None or found[0].origin not in {"value", "element"}:
        return False
    value = found[0].value
    if found[0].origin == "element" or value is None:
        return value is not None and _is_numeric(book, node)
    added = _additions(book, node.id)
    items = value.elts if isinstance(value, ast.List) else value.args if isinstance(value, ast.Call) else [value]
    if not items and not added:
        return False
    return has_fixed_order(book, value, depth - 1) and all(is_number(book, each, depth - 1) for each in added)


def _additions(book: Book, name: str) -> list[ast.expr]:
    """Return what ``.add(x)`` and ``.append(x)`` put into a variable."""
    found: list[ast.expr] = []
    for load in book.loads.get(name, ()):
        attribute = book.parent(load)
        call = book.parent(attribute) if isinstance(attribute, ast.Attribute) else None
        if isinstance(call, ast.Call) and isinstance(attribute, ast.Attribute) and attribute.attr in {"add", "append"}:
            found.extend(call.args)
    return found


def is_number(book: Book, node: ast.AST, depth: int = _DEEPEST) -> bool:
    """Tell whether an expression is plainly a number."""
    if depth <= 0:
        return False
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (int, float))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _NUMBERS
    if isinstance(node, ast.BinOp):
        return is_number(book, node.left, depth - 1) or (
            is_number(book, node.right, depth - 1) and not isinstance(node.op, (ast.Mod, ast.Mult))
        )
    if isinstance(node, ast.Tuple):
        return all(is_number(book, item, depth - 1) for item in node.elts)
    if isinstance(node, ast.Name):
        found = book.scope(node).find(node.id, book.at(node))
        if (
            found
            and found[0].origin == "element"
            and found[0].index == 0
            and book.dotted(found[0].value) == "enumerate()"
        ):
            return True
        if found and found[0].origin == "value" and found[0].index is None and found[0].value is not None:
            return is_number(book, found[0].value, depth - 1)
    return _is_numeric(book, node)


def item_class(book: Book, node: ast.AST, depth: int = _DEEPEST) -> ast.ClassDef | None:
    """Return the notebook's class that the items of a set are plainly instances of."""
    if depth == 0:
        return None
    if isinstance(node, ast.Name):
        found = book.scope(node).find(node.id, book.at(node))
        usable = found and found[0].origin == "value" and found[0].value is not None
        made = item_class(book, found[0].value, depth - 1) if found and usable and found[0].value is not None else None
        return made or next((known for each in _additions(book, node.id) if (known := class_of(book, each))), None)
    if isinstance(node, (ast.SetComp, ast.GeneratorExp, ast.ListComp)):
        return class_of(book, node.elt)
    if isinstance(node, (ast.Set, ast.List, ast.Tuple)):
        return class_of(book, node.elts[0]) if node.elts else None
    if isinstance(node, ast.Call) and node.args:
        return item_class(book, node.args[0], depth - 1)
    return None


def class_of(book: Book, node: ast.AST) -> ast.ClassDef | None:
    """Return the notebook's class that an expression makes an instance of."""
    if isinstance(node, ast.Call):
        definition = book.definition(node.func)
        return definition if isinstance(definition, ast.ClassDef) else None
    found = book.scope(node).find(node.id, book.at(node)) if isinstance(node, ast.Name) else None
    value = found[0].value if found and found[0].origin == "value" else None
    return class_of(book, value) if isinstance(value, ast.Call) else None


def has_own_hash(definition: ast.ClassDef) -> bool:
    """Tell whether a class says itself how it is hashed: ``__hash__``, a frozen dataclass, or a base that may."""
    methods = {each.name for each in definition.body if isinstance(each, ast.FunctionDef)}
    return "__hash__" in methods or bool(definition.bases) or bool(definition.decorator_list)
