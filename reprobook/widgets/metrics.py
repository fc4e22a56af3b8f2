"""The metrics that a notebook is known to give: those of its runs, and those that its source names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.notebook import Notebook
from reprobook.notebook.syntax import parse_cell
from reprobook.runs import Store

_RUNS = 50


def known_metrics(notebook: Notebook, store: Store) -> tuple[str, ...]:
    """Return names of metrics, those of the newest runs first.

    A metric with validation or test in its name comes before others of the same origin: it is what a sweep is for.
    """
    recorded = [name for record in _records(store, notebook.name) for name in record]
    logged = [name for cell in notebook.code_cells for name in _logged(cell.source)]
    found = dict.fromkeys([*recorded, *logged])
    return tuple(sorted(found, key=_is_secondary))


def _is_secondary(name: str) -> bool:
    return not any(word in name.lower() for word in ("val", "test", "dev"))


def _records(store: Store, name: str) -> Iterator[list[str]]:
    """Yield the metrics of the notebook's newest runs."""
    with suppress(ReprobookError, OSError):  # a store that cannot be read knows no metrics; the form says the rest
        for record in store.records(limit=_RUNS):
            if Path(record.source or record.notebook).name == name:
                yield list(record.metrics)


def _logged(source: str) -> Iterator[str]:
    """Yield the names that a cell passes to ``rb.log``."""
    tree = parse_cell(source)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "log":
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"rb", "reprobook"}:
                yield from (word.arg for word in node.keywords if word.arg not in {None, "step"} and word.arg)
