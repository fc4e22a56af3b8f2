"""The code of two runs side by side: which cells differ, line by line."""

from __future__ import annotations

import difflib
from itertools import zip_longest

from reprobook.execute.history import read_history
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder

_CONTEXT = 2  # lines

_Cell = tuple[str, str]


def code_diff(a: RunFolder, b: RunFolder) -> list[str]:
    """Return a unified diff of the cells that differ, those of a live session as they were executed, in that order.

    Cells are aligned by their source, so that one that was added makes no other one differ.

    Raises:
        NotebookError: If a kept notebook cannot be read.
    """
    left, right = _cells(a), _cells(b)
    matcher = difflib.SequenceMatcher(None, [text for _, text in left], [text for _, text in right], autojunk=False)
    found: list[str] = []
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind != "equal":
            for old, new in zip_longest(left[first:last], right[begin:end], fillvalue=("no cell", "")):
                found += _lines(f"{a.run_id} {old[0]}", old[1], f"{b.run_id} {new[0]}", new[1])
    return found


def _lines(old_name: str, old: str, new_name: str, new: str) -> list[str]:
    """Return the difference of two cells."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, n=_CONTEXT, lineterm="")
    return list(lines)


def _cells(run: RunFolder) -> list[_Cell]:
    """Return name and source of what a run executed."""
    history = read_history(run)
    if history is not None:
        return [(f"[{each.count}]", each.source) for each in history.executions]
    if not run.source.exists():
        return []
    notebook = read_notebook(run.source.read_bytes(), run.place(run.source))
    return [(f"cell {number}", cell.source) for number, cell in enumerate(notebook.code_cells)]
