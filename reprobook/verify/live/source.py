"""What the text of a cell says about state that outlives it: caches, defaults, histories, patched modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from reprobook.notebook.syntax import cell_body, parse_cell
from reprobook.trace import names_of

_CACHES = frozenset({"lru_cache", "cache", "cached", "cachedmethod", "memoize"})
_HISTORY = re.compile(r"_{1,3}|_\d+|_i{1,3}|_i\d+|_[oid]h|Out|In")
_TRAINING = frozenset({"fit", "partial_fit", "backward", "step", "train_step", "fit_transform", "fit_predict", "boost"})
_FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef


@lru_cache(maxsize=512)
def _tree(source: str) -> ast.Module:
    """Return the Python of a cell; an empty module where it does not parse."""
    return parse_cell(source) or ast.Module(body=[], type_ignores=[])


def same_code(one: str, other: str) -> bool:
    """Tell whether two texts are the same program: comments and layout do not count."""
    if one.strip() == other.strip():
        return True
    left, right = cell_body(one), cell_body(other)
    try:
        # Magics are blanked there: their lines are compared as text.
        equal = ast.dump(ast.parse(left)) == ast.dump(ast.parse(right))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return equal and _magics(one) == _magics(other)


def _magics(source: str) -> list[str]:
    """Return the lines of magics and shell commands."""
    return [line.strip() for line in source.splitlines() if line.lstrip()[:1] in {"%", "!"}]


def cached_functions(source: str) -> set[str]:
    """Return the functions that a cell defines with a cache around them."""
    found = {
        node.name
        for node in _tree(source).body
        if isinstance(node, _FUNCTION) and any(_last_name(each) in _CACHES for each in node.decorator_list)
    }
    for node in _tree(source).body:
        # cached = lru_cache(f), cached = lru_cache(maxsize=8)(f)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _last_name(node.value) in _CACHES:
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def stateful_functions(source: str) -> dict[str, str]:
    """Return the functions of a cell that keep something from call to call, with what they keep it in."""
    found: dict[str, str] = {}
    for node in _tree(source).body:
        if not isinstance(node, _FUNCTION):
            continue
        defaults = [*node.args.defaults, *(each for each in node.args.kw_defaults if each)]
        if any(isinstance(each, ast.List | ast.Dict | ast.Set | ast.Call) for each in defaults):
            found[node.name] = "a mutable default argument"
        for inner in ast.walk(node):
            if isinstance(inner, ast.Nonlocal):
                found[node.name] = f"the closure variable {', '.join(inner.names)}"
            elif isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store):
                if isinstance(inner.value, ast.Name) and inner.value.id == node.name:
                    found[node.name] = f"the attribute {node.name}.{inner.attr}"
            elif isinstance(inner, ast.Yield | ast.YieldFrom):
                found.setdefault(node.name, "a generator")
    return found


def made_by(source: str, factories: dict[str, str]) -> dict[str, str]:
    """Return the names that a cell binds to what such a function returns, with what that keeps."""
    found: dict[str, str] = {}
    for node in _tree(source).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            kept = factories.get(_last_name(node.value.func))
            if kept:
                found |= {target.id: kept for target in node.targets if isinstance(target, ast.Name)}
    return found


def output_history(source: str) -> tuple[str, ...]:
    """Return the names of IPython's history that a cell reads: ``_``, ``__``, ``_5``, ``Out``."""
    inputs = names_of(cell_body(source)).inputs
    return tuple(sorted(name for name in inputs if _HISTORY.fullmatch(name)))


def numbered_outputs(source: str) -> set[int]:
    """Return the numbers that a cell asks the output history for."""
    found = {int(name[1:]) for name in output_history(source) if name[1:].isdigit()}
    for node in ast.walk(_tree(source)):
        match node:
            case ast.Subscript(value=ast.Name(id="Out" | "_oh"), slice=ast.Constant(value=int() as number)):
                found.add(number)
    return found


def patches(source: str) -> Iterator[str]:
    """Yield what a cell replaces inside of another object, as it stands there: ``np.mean``, ``F.relu``."""
    for node in ast.walk(_tree(source)):
        match node:
            # A setting that is set to a plain value replaces no code.
            case ast.Assign(targets=targets, value=ast.Name() | ast.Lambda() | ast.Attribute() | ast.Call()):
                for target in targets:
                    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name | ast.Attribute):
                        yield ast.unparse(target)
            case ast.Call(func=ast.Name(id="setattr"), args=[owner, ast.Constant(value=str(name)), *_]):
                yield f"{ast.unparse(owner)}.{name}"


def may_change(source: str) -> set[str]:
    """Return the names whose value a cell may change in place: ``x.append(1)``, ``x[0] = 1``, ``x.a = 1``."""
    found = set()
    for node in ast.walk(_tree(source)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name))):
                found.add(name)
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                found.add(name)
            case ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                found.add(name)
    return found


def trains(source: str) -> bool:
    """Tell whether a cell trains something."""
    calls = (node for node in ast.walk(_tree(source)) if isinstance(node, ast.Call))
    return any(isinstance(call.func, ast.Attribute) and call.func.attr in _TRAINING for call in calls)


def last_expression(source: str) -> str | None:
    """Return the text of the expression that a cell ends with and shows."""
    body = _tree(source).body
    if not body or not isinstance(body[-1], ast.Expr) or source.rstrip().endswith(";"):
        return None
    return ast.unparse(body[-1].value)


def seeds(source: str) -> bool:
    """Tell whether a cell seeds a generator."""
    calls = (node for node in ast.walk(_tree(source)) if isinstance(node, ast.Call))
    return any("seed" in _last_name(call.func).lower() for call in calls)


def quoted(source: str, most: int = 120) -> str:
    """Return a source as one line that a sentence can quote."""
    text = "; ".join(line.strip() for line in source.strip().splitlines() if line.strip())
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _last_name(node: ast.expr) -> str:
    """Return the last part of a dotted name, of a call that of what is called."""
    while isinstance(node, ast.Call):
        node = node.func
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
