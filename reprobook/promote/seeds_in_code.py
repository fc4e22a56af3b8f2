"""The seeds that a script's own code sets: what ``--seed`` cannot change."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from reprobook.promote.model import Plan
from reprobook.promote.prose import listed
from reprobook.promote.python import tree_of
from reprobook.promote.seeding_text import decided

_SEEDING = frozenset({"RandomState", "default_rng", "manual_seed", "manual_seed_all", "seed", "seed_all"})
_SEEDING |= {"seed_everything", "set_seed"}
_KEYWORDS = frozenset({"random_state", "seed"})
_MOST = 6


def seeds_in_code(plan: Plan, seed: int | None = None) -> str:
    """Say which seeds stand in the code of a script, and what it seeds from entropy, in Markdown; empty if none do.

    ``seed`` is that of the run: where the script has no option for it, that is said.
    """
    lines = [*plan.module, *(line for function in plan.functions for line in function.body)]
    calls = [node for line in lines for node in ast.walk(tree_of(line)) if isinstance(node, ast.Call)]
    fixed = list(dict.fromkeys(each for call in calls for each in _fixed(call)))
    free = list(dict.fromkeys(ast.unparse(call) for call in calls if _is_free(call)))
    said = [_apart(plan, seed)] if plan.fixed_seed or (seed is not None and not _has_option(plan)) else []
    said += [f"Seeds stand in the code: {_quoted(fixed)}."] if fixed else []
    said += [f"No two runs are alike: {_quoted(free)} seeds from entropy."] if free else []
    return " ".join(said)


def _has_option(plan: Plan) -> bool:
    return plan.seed is not None or any(each.name == "seed" for each in plan.fields)


def _apart(plan: Plan, seed: int | None) -> str:
    call = f"`{plan.words.seed_everything}({plan.seed_expression})`" if plan.fixed_seed else f"the run's, {seed},"
    return f"There is no option for the seed: {call} decides {decided(plan, '`')}."


def _fixed(call: ast.Call) -> Iterator[str]:
    name = _name(call)
    if name in _SEEDING and call.args and all(map(_is_fixed, call.args)):
        yield ast.unparse(call)
    for word in call.keywords:
        value = word.value
        if word.arg in _KEYWORDS and isinstance(value, ast.Constant) and isinstance(value.value, int):
            yield f"{word.arg}={value.value}"


def _is_fixed(value: ast.expr) -> bool:
    """Tell a number, or what is computed from numbers: ``2147483647 + 10``."""
    parts = [value.left, value.right] if isinstance(value, ast.BinOp) else []
    return isinstance(value, ast.Constant) or (bool(parts) and all(map(_is_fixed, parts)))


def _is_free(call: ast.Call) -> bool:
    """Tell ``torch.seed()`` and ``default_rng()``."""
    random = ast.unparse(call.func).endswith(("random.seed", "torch.seed")) or _name(call) == "default_rng"
    return random and not call.args and not call.keywords


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _quoted(code: Iterable[str]) -> str:
    found = [f"`{each}`" for each in (text.replace("`", "'") for text in code)]
    more = len(found) - _MOST
    return listed([*found[:_MOST], *([f"{more} more"] if more > 0 else [])])
