"""What the seed of a run still decides in code that seeds generators itself, or draws no random number."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from reprobook.promote import libraries
from reprobook.promote.cell_flow import CellFlow
from reprobook.promote.meaning import Names
from reprobook.promote.prose import listed
from reprobook.promote.source import Source

_WORDS = {"rng:python": "Python's random", "rng:numpy": "NumPy", "rng:torch": "torch"}
_NONE: frozenset[str] = frozenset()


def meaning_of_seed(kept: Iterable[Source], cells: CellFlow) -> str:
    """Say what the seed of a run does: to a generator that the code seeds itself, nothing from there on.

    Nothing at all where no number is drawn before: then the script needs no such option.
    """
    seeded, drawn = _NONE, _NONE
    for source in kept:
        for statement in source.statements:
            reads = cells.statement_flow(source, statement).reads
            drawn |= {name for name in reads if name in _WORDS} - seeded
            seeded |= _seeds(statement.tree, cells.names)
    bound = [word for stream, word in _WORDS.items() if stream in drawn & seeded]
    free = [word for stream, word in _WORDS.items() if stream in drawn - seeded]
    if not drawn:
        return ""
    if not seeded:
        return "seeds every generator"
    until = f"{listed(bound)} only until the code seeds {'it' if len(bound) == 1 else 'them'}" if bound else ""
    return f"affects {'; '.join(part for part in (listed(free) if free else '', until) if part)}"


def _seeds(tree: ast.stmt, names: Names, seen: Sequence[str] = ()) -> frozenset[str]:
    """Return the generators that a statement surely sets: by a library, or by a function of the notebook."""
    call = tree.value if isinstance(tree, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return _NONE
    dotted = names.dotted(call.func)
    if dotted is not None:
        return frozenset(libraries.SEEDING.get(dotted, ()))  # without an argument it seeds from entropy
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    function = names.definitions.get(name)
    if not isinstance(function, ast.FunctionDef) or name in seen:
        return _NONE
    return _NONE.union(*(_seeds(statement, names, [*seen, name]) for statement in function.body))
