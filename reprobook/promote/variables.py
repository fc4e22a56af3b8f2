"""Compare what a script leaves in its variables with what the notebook left in its own.

Only where a notebook logs, saves and shows no result: then its variables are all there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reprobook.execute.section_values import Values
from reprobook.hazards.timing import timings_of
from reprobook.promote.model import Plan
from reprobook.promote.recipe import Recipe
from reprobook.trace import Trace, ValueDigest

# They carry their names and their places, which a script changes; what they compute is compared.
_CODE = frozenset({"class", "function", "method", "module"})


@dataclass(frozen=True)
class Comparison:
    """How much is equal; or the first difference, in words, with the variable and the cell that set it."""

    equal: int = 0
    evidence: str = ""
    name: str = ""
    cell: int | None = None


def compared(values: Values, made: Plan, recipe: Recipe) -> Comparison:
    """Compare the variables of each section as it ended with the notebook's after the section's last cell.

    One that a later section sets anew may be older here: what nobody reads of it is not in the script.
    """
    timings = timings_of([cell.source for cell in recipe.notebook.code_cells])
    timed = frozenset(name for cell in timings for name in [*cell.pure, *cell.carriers])
    equal = 0
    for at, function in enumerate(made.functions):
        later = {name for each in made.functions[at + 1 :] for name in values.get(each.name, {})}
        wanted = _state_after(max(function.cells), recipe.trace)
        for name, found in values.get(function.name, {}).items():
            cell, value = wanted.get(name, (None, found))
            if cell is None or name in timed or not (_is_comparable(value) and _is_comparable(found)):
                continue
            if value.digest == found.digest:
                equal += 1
            elif name not in later:
                return Comparison(equal, f"`{name}` is not what it is in the notebook", name, cell)
    return Comparison(equal)


def _state_after(last: int, trace: Trace) -> Mapping[str, tuple[int, ValueDigest]]:
    """Return the variables of the notebook after a cell, each with the cell that wrote it."""
    state: dict[str, tuple[int, ValueDigest]] = {}
    for cell in trace.cells:
        if cell.index is not None and cell.index <= last:
            state |= {name: (cell.index, value) for name, value in cell.writes.items()}
    return state


def _is_comparable(value: ValueDigest) -> bool:
    local_class = "<locals>" in value.kind  # the notebook's has another full name
    return not value.opaque and value.kind not in _CODE and not local_class
