"""Which outputs stored in a notebook's file are of another run: whoever compares would take the job for wrong."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from reprobook.notebook import Notebook, read_notebook
from reprobook.promote.recipe import Recipe
from reprobook.trace import CellOutput
from reprobook.trace.outputs import normalised

Lines = tuple[str, str]


def stale_outputs(recipe: Recipe) -> dict[int, Lines]:
    """Return, for code cells that give results, the first line stored there that the run did not show, and what it did.

    Cells whose outputs were cleared have none; a line that is missing is empty.
    """
    executed = read_notebook(recipe.folder.executed.read_bytes(), recipe.notebook.name)
    shown = _lines(executed)
    giving = {sink.cell for sink in recipe.trace.sinks}
    found: dict[int, Lines] = {}
    for cell, stored in _lines(recipe.notebook).items():
        pairs = zip_longest(stored, shown.get(cell, []), fillvalue="")
        first = next((pair for pair in pairs if pair[0] != pair[1]), None)
        if cell in giving and stored and first is not None:
            found[cell] = first
    return found


def _lines(notebook: Notebook) -> dict[int, list[str]]:
    """Return what each code cell shows, line by line."""
    raw: Any = notebook.content["cells"]
    places: Mapping[int, Any] = {
        cell.code_index: raw[cell.index] for cell in notebook.code_cells if cell.code_index is not None
    }
    return {index: _of_cell(CellOutput.of_notebook(cell.get("outputs", ()))) for index, cell in places.items()}


def _of_cell(output: CellOutput) -> list[str]:
    text = "\n".join([output.stdout, *output.displays])
    # <Figure size 640x480 with 1 Axes>: what stands for an object is no result.
    return [line for line in normalised(text).splitlines() if line.strip() and not line.startswith("<")]
