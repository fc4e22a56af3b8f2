"""What the panel shows of a notebook: how it stands, its header, parameters, hazards and the names its cells use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobook.errors import ParameterError
from reprobook.hazards import Hazard, find_hazards, fix_notebook
from reprobook.header import encode, header_data
from reprobook.notebook import Notebook, read_notebook
from reprobook.notebook.syntax import cell_body
from reprobook.runs import Store
from reprobook.server.rows import header_of
from reprobook.space import Choice, Float, Int, Parameter, declared_parameters, override
from reprobook.trace.static import names_of
from reprobook.verify.standing import Standing, standing


def describe(path: Path, store: Store, *, same_environment: bool) -> dict[str, Any]:
    """Return everything that the front end shows of a notebook beside its runs.

    Raises:
        NotebookError: If it is no Python notebook.
    """
    notebook = read_notebook(path.read_bytes(), path.name)
    hazards = find_hazards(notebook)
    stands = standing(path, store, same_environment=same_environment)
    return {
        "standing": stands.model_dump(mode="json"),
        "header": _header(stands, store),
        "parameters": _parameters(notebook),
        "cells": [_names(cell.source) | {"id": cell.id} for cell in notebook.code_cells],
        "hazards": [_hazard(notebook, hazard) for hazard in hazards if hazard.shown],
        "store": str(store.root),
    }


def fixed_sources(path: Path, cell: int | None) -> dict[str, Any]:
    """Return the new sources of the cells that ``check --fix`` would mend, of all hazards or those of one cell."""
    notebook = read_notebook(path.read_bytes(), path.name)
    hazards = [each for each in find_hazards(notebook) if cell is None or each.cell == cell]
    return _sources(notebook, fix_notebook(notebook, hazards))


def restored_sources(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the new sources of the cells that set a run's parameters; names that are no parameters now are told.

    Raises:
        ParameterError: If a value no longer fits.
    """
    notebook = read_notebook(path.read_bytes(), path.name)
    declared = declared_parameters(notebook)
    names = {parameter.name for parameter in declared}
    changed, _ = override(notebook, declared, {name: value for name, value in values.items() if name in names})
    pairs = zip(notebook.code_cells, changed.code_cells, strict=True)
    sources = {new.code_index or 0: new.source for old, new in pairs if old.source != new.source}
    return {**_sources(notebook, sources), "unknown": sorted(values.keys() - names)}


def _sources(notebook: Notebook, sources: dict[int, str]) -> dict[str, Any]:
    """Return new sources with the old ones, so that the client changes no cell that was edited meanwhile."""
    cells = notebook.code_cells
    return {"cells": [{"cell": n, "id": cells[n].id, "old": cells[n].source, "new": new} for n, new in sources.items()]}


def _header(stands: Standing, store: Store) -> dict[str, Any] | None:
    """Return the header of the run that the notebook stands for."""
    header = header_of(store.folder(stands.run_id)) if stands.run_id else None
    return header_data(header) if header else None


def _parameters(notebook: Notebook) -> list[dict[str, Any]]:
    """Return the parameters; none where their declaration is wrong, which a run would say."""
    try:
        return [_parameter(parameter) for parameter in declared_parameters(notebook)]
    except ParameterError:
        return []


def _parameter(parameter: Parameter) -> dict[str, Any]:
    """Return a parameter with what a form needs."""
    return {
        "name": parameter.name,
        "type": parameter.type.__name__,
        "default": encode(parameter.default),
        "text": parameter.default if isinstance(parameter.default, str) else repr(parameter.default),
        "comment": parameter.comment,
        "lite": None if parameter.lite is None else str(parameter.lite),
        "space": _space(parameter),
    }


def _space(parameter: Parameter) -> dict[str, Any] | None:
    """Return the declared space."""
    match parameter.space:
        case Float(low=low, high=high, log=log) | Int(low=low, high=high, log=log):
            return {"kind": "range", "low": low, "high": high, "log": log}
        case Choice(options=options):
            return {"kind": "choice", "options": [str(option) for option in options]}
        case _:
            return None


def _names(source: str) -> dict[str, list[str]]:
    """Return the names that a cell needs and those that it binds."""
    names = names_of(cell_body(source))
    return {"reads": sorted(names.inputs | names.deferred), "writes": sorted(names.stores)}


def _hazard(notebook: Notebook, hazard: Hazard) -> dict[str, Any]:
    """Return a hazard, and whether ``check --fix`` would mend it."""
    return {
        "cell": hazard.cell,
        "cell_id": notebook.code_cells[hazard.cell].id,
        "line": hazard.line,
        "cause": hazard.cause,
        "message": hazard.message,
        "fix": hazard.fix,
        "certain": hazard.certain,
        "fixable": hazard.certain and bool(hazard.edits or hazard.seeds),
    }
