"""Compare what a script prints with what the notebook printed: where there is no result and no variable."""

from __future__ import annotations

from reprobook.notebook import read_notebook
from reprobook.promote.model import Plan
from reprobook.promote.recipe import Recipe
from reprobook.promote.variables import Comparison
from reprobook.trace import CellOutput


def compared_text(printed: str, made: Plan, recipe: Recipe) -> Comparison:
    """Compare text with that of the cells which the script holds; addresses and clock times do not count."""
    executed = read_notebook(recipe.folder.executed.read_bytes(), recipe.notebook.name)
    held = {cell for function in made.functions for cell in function.cells}
    raw = [executed.content["cells"][cell.index] for cell in executed.code_cells if cell.code_index in held]
    wanted = "".join(CellOutput.of_notebook(cell.get("outputs", ())).stdout for cell in raw)
    if CellOutput(wanted).digest() != CellOutput(printed).digest():
        return Comparison(evidence="the script prints another text than the notebook")
    return Comparison(equal=len(wanted.splitlines()))
