"""The notebook as reprobook sees it: frozen, free of any Jupyter library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

CellKind = Literal["code", "markdown", "raw"]


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        index: 0-based position among all cells.
        code_index: 0-based position among the code cells; None for markdown and raw cells.
        kind: ``code``, ``markdown`` or ``raw``.
        source: The text of the cell.
        tags: The cell's tags (papermill's ``parameters`` among them).
        id: The cell id of nbformat 4.5, or None in older notebooks.
    """

    index: int
    code_index: int | None
    kind: CellKind
    source: str
    tags: frozenset[str] = frozenset()
    id: str | None = None


@dataclass(frozen=True)
class Notebook:
    """A notebook: its cells, its metadata, and the JSON content it was read from.

    ``name`` is how messages call the file. ``content`` is the parsed file; treat it as read-only.
    """

    name: str
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    content: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def code_cells(self) -> tuple[Cell, ...]:
        """The code cells, in order; position equals ``code_index``."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def language(self) -> str:
        """The kernel language in lower case; notebooks without metadata count as Python."""
        for section, field_name in (("kernelspec", "language"), ("language_info", "name")):
            found = self.metadata.get(section)
            if isinstance(found, Mapping) and found.get(field_name):
                return str(found[field_name]).lower()
        return "python"

    def with_sources(self, sources: Mapping[int, str]) -> Notebook:
        """Return a notebook in which the code cells at these code indices have new sources."""
        cells = tuple(
            replace(cell, source=sources[cell.code_index])
            if cell.code_index is not None and cell.code_index in sources
            else cell
            for cell in self.cells
        )
        raw_cells = [{**raw, "source": cell.source} for raw, cell in zip(self.content["cells"], cells, strict=True)]
        return replace(self, cells=cells, content={**self.content, "cells": raw_cells})
