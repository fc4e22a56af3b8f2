"""Build notebooks and cases from what `corpus/` writes down."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from casebook.entry import At, Edit, Entry, Old, Outside, Scratch, SessionStep
from casebook.model import Case, Expected, Step

_CELL = re.compile(r"^# %% (.*)\n", re.MULTILINE)
_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@cache
def own_cases() -> tuple[Case, ...]:
    """Return all cases of `corpus/`, in the order of families and entries."""
    families = sorted(path.stem for path in (Path(__file__).parent / "corpus").glob("[a-z]*.py"))
    entries = [entry for family in families for entry in import_module(f"casebook.corpus.{family}").CASES]
    repeated = {entry.id for entry in entries if sum(other.id == entry.id for other in entries) > 1}
    if repeated:
        msg = f"ids are not unique: {sorted(repeated)}"
        raise ValueError(msg)
    return tuple(map(build, entries))


def build(entry: Entry) -> Case:
    """Build both notebooks of one entry, and its expectations as numbers of code cells."""
    buggy = edited(entry.text, entry.inject, entry.id)
    fixed = None if entry.fix is None else edited(buggy, entry.fix, entry.id)
    names = [name for name, _ in cells_of(buggy) if not name.startswith("#")]
    session_fixed = entry.session if entry.session_fixed is None else entry.session_fixed
    return Case(
        id=entry.id,
        title=entry.title,
        kind=entry.kind,
        notebook=notebook(buggy, ids=entry.ids),
        fixed=None if fixed is None else notebook(fixed, ids=entry.ids),
        expected=tuple(_expected(at, names) for at in entry.at),
        run_a=entry.run_a,
        run_b=entry.run_b,
        session=tuple(steps(buggy, entry.session)),
        session_fixed=() if fixed is None else tuple(steps(fixed, session_fixed)),
        clean_parameters=entry.clean_parameters,
        benign=entry.benign,
        attempts=entry.attempts,
    )


def edited(text: str, edits: Iterable[Edit], name: str) -> str:
    """Apply edits; each old text must stand exactly once, so that an edit never goes astray."""
    for old, new in edits:
        if text.count(old) != 1:
            msg = f"{name}: {old!r} stands {text.count(old)} times"
            raise ValueError(msg)
        text = text.replace(old, new)
    return text


def cells_of(text: str) -> list[tuple[str, str]]:
    """Split a text into named cells."""
    parts = _CELL.split(text.lstrip("\n"))[1:]
    return [(name.strip(), source.strip("\n")) for name, source in zip(parts[::2], parts[1::2], strict=True)]


def notebook(text: str, *, ids: bool) -> dict[str, Any]:
    """Build a notebook's document."""
    cells = [_cell(name, source, number) for number, (name, source) in enumerate(cells_of(text))]
    if not ids:
        for cell in cells:
            del cell["id"]
    metadata = {"kernelspec": _KERNELSPEC, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5 if ids else 4}


def _cell(name: str, source: str, number: int) -> dict[str, Any]:
    if name.startswith("#"):
        return {"cell_type": "markdown", "id": f"text-{number}", "metadata": {}, "source": f"{name}\n{source}".strip()}
    metadata = {"tags": ["parameters"]} if name == "parameters" else {}
    code = {"cell_type": "code", "id": name, "metadata": metadata, "source": source}
    return {**code, "outputs": [], "execution_count": None}


def steps(text: str, session: Sequence[SessionStep]) -> Iterable[Step]:
    """Translate a session of names into steps with the numbers of code cells."""
    code = [(name, source) for name, source in cells_of(text) if not name.startswith("#")]
    names, sources = [name for name, _ in code], dict(code)
    for step in session:
        match step:
            case Old(cell, now, then):
                yield {"cell": names.index(cell), "source": edited(sources[cell], [(now, then)], cell)}
            case Scratch(source):
                yield {"scratch": source}
            case Outside(source):
                yield {"py": source}
            case str():
                yield {"cell": names.index(step)}


def _expected(at: At, names: Sequence[str]) -> Expected:
    cell, *cells = (names.index(name) for name in at.cell.split("|"))
    variable, *variables = at.variable.split("|")
    label, *labels = at.label.split("|")
    return Expected(
        cell=cell,
        variable=variable,
        label=label,
        accept_cells=tuple(cells),
        accept_variables=tuple(variables),
        accept_labels=tuple(labels),
    )
