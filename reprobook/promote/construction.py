"""How an object that a section saves was built: by which call, of which classes of the script, and from what."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from reprobook.promote.flow import flow_of
from reprobook.promote.identifiers import names_in_order
from reprobook.promote.model import Plan
from reprobook.promote.python import tree_of

Numbers = Mapping[int, Mapping[str, float]]  # that the cells of a run left in variables, by cell and name

_MOVING = frozenset({"to", "cpu", "cuda"})  # ``Net().to(device)`` is a ``Net``


@dataclass(frozen=True)
class Construction:
    """A call that built an object.

    Attributes:
        call: The call.
        classes: The classes of the script that the object may hold, in the script's order; at least one.
        imported: What of the script's module level the call names.
        takes_config: Whether it reads the configuration.
        numbers: What else it names, with the values of the run; None where one is no number, or no class is called.
    """

    call: ast.Call
    classes: tuple[str, ...]
    imported: tuple[str, ...]
    takes_config: bool
    numbers: Mapping[str, float] | None


def construction(plan: Plan, section: int, variable: str, numbers: Numbers) -> Construction | None:
    """Return how a variable of a section was built; None where one call of the script's own classes does not tell."""
    where, binding = _binding(plan, section, variable) or (0, None)
    call = binding.value if isinstance(binding, ast.Assign) else None
    while isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in _MOVING:
        call = call.func.value
    trees = [tree_of(line) for line in plan.module]
    classes = _classes(trees, call) if isinstance(call, ast.Call) else ()
    if not isinstance(call, ast.Call) or not classes:
        return None
    level = flow_of(trees).writes
    names = names_in_order(call)
    found = {
        name: _number(plan, where, name, numbers) for name in names if name not in level and name != plan.words.config
    }
    known = {name: value for name, value in found.items() if value is not None}
    is_known = len(known) == len(found) and ast.unparse(call.func) in classes  # a function may do more than build
    return Construction(
        call=call,
        classes=classes,
        imported=tuple(name for name in names if name in level),
        takes_config=plan.words.config in names,
        numbers=known if is_known else None,
    )


def _binding(plan: Plan, section: int, variable: str) -> tuple[int, ast.stmt] | None:
    """Return the line that sets a variable of a section, and the section of that line; None if several do."""
    for at in range(section, -1, -1):
        function = plan.functions[at]
        if at < section and variable not in {*function.returns, *function.globals}:
            continue
        lines = [tree for tree in map(tree_of, function.body) if variable in flow_of(tree).writes]
        if lines:
            return (at, lines[0]) if len(lines) == 1 else None
    return None


def _number(plan: Plan, section: int, name: str, numbers: Numbers) -> float | None:
    """Return the number that a variable of a section was in the run; None if it was none."""
    where, binding = _binding(plan, section, name) or (0, None)
    if not isinstance(binding, ast.Assign):
        return None
    if isinstance(binding.value, ast.Constant) and isinstance(binding.value.value, int | float):
        return binding.value.value
    found = [numbers[cell][name] for cell in plan.functions[where].cells if name in numbers.get(cell, {})]
    return found[-1] if found else None


def _classes(module: list[ast.stmt], call: ast.Call) -> tuple[str, ...]:
    """Return the classes that a call makes objects of, by way of other classes and functions too."""
    defined = {
        tree.name: tree for tree in module if isinstance(tree, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    reached: set[str] = set()
    ahead = set(names_in_order(call))
    while ahead:
        name = ahead.pop()
        if name in defined and name not in reached:
            reached.add(name)
            ahead |= set(names_in_order(defined[name]))
    return tuple(name for name, tree in defined.items() if name in reached and isinstance(tree, ast.ClassDef))
