"""The notebook that a run fills with outputs."""

from __future__ import annotations

from typing import Any

from reprobook.execute.heavy import import_nbformat
from reprobook.execute.preparation import Preparation


def notebook_node(prepared: Preparation) -> Any:
    """Return a copy of the prepared notebook, as nbformat's ``NotebookNode``, that may be changed."""
    node = import_nbformat().from_dict(dict(prepared.notebook.content))
    for cell in node.cells:
        _complete(cell)
    return node


def _complete(cell: Any) -> None:
    """Add the keys that a cell must have; notebooks written by hand or by a script often lack them."""
    cell.setdefault("metadata", {})
    if cell.cell_type == "code":
        cell.setdefault("outputs", [])
        cell.setdefault("execution_count", None)
