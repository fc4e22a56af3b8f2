"""Which cell of the notebook, as it is now, was it that a recorded session executed?

A live session may not know its file, and the file may have been edited since: cells are found by the id that front
ends send, else by their source, else where they were.
"""

from __future__ import annotations

from collections.abc import Sequence

from reprobook.header import sha256_hex
from reprobook.notebook import Notebook
from reprobook.trace import CellTrace, Trace


def placed(original: Trace, replay: Trace, notebook: Notebook) -> Trace:
    """Return the original's trace with the code indices of the notebook that was replayed."""
    by_id = {now.id: index for index, now in enumerate(notebook.code_cells) if now.id}
    by_source: dict[str, set[int]] = {}
    for index, now in enumerate(notebook.code_cells):
        by_source.setdefault(sha256_hex(now.source.encode()), set()).add(index)
    for ran in replay.cells:
        # What ran has its parameters in place; the file has not.
        if ran.index is not None:
            by_source.setdefault(ran.source_digest, set()).add(ran.index)
    found: list[CellTrace] = []
    last = -1
    for cell in original.cells:
        place = by_id.get(cell.cell_id) if cell.cell_id else None
        if place is None:
            place = next_place(sorted(by_source.get(cell.source_digest, ())), last)
        last = last if place is None else place
        found.append(cell.model_copy(update={"index": place}))
    return original.model_copy(update={"cells": tuple(_edited(original.cells, found, len(notebook.code_cells)))})


def next_place(candidates: Sequence[int], last: int) -> int | None:
    """Return the next of several cells with one source, as one who runs from top to bottom means it."""
    return next((index for index in candidates if index > last), candidates[0] if candidates else None)


def _edited(before: Sequence[CellTrace], found: Sequence[CellTrace], count: int) -> list[CellTrace]:
    """Put cells that were not found where they were, if nothing else is there: their source was edited."""
    taken = {cell.index for cell in found}
    return [
        new.model_copy(update={"index": old.index})
        if new.index is None and old.index is not None and old.index < count and old.index not in taken
        else new
        for old, new in zip(before, found, strict=True)
    ]
