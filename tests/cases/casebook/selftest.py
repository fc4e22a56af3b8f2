"""Prove the cases without reprobook: each buggy version really differs, in the cell that it names, and no fix does."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from casebook.drive import environment, prepare
from casebook.kernel import CellError, kernel, plain_digests, play, text
from casebook.model import Case, Side, Step


class After(NamedTuple):
    """Digests of all names after a cell, and the names that it gave another content."""

    cell: int
    names: Mapping[str, str]
    written: frozenset[str]


NOTHING = After(-1, {}, frozenset())


def selftest(cases: Sequence[Case], *, jobs: int = 1) -> int:
    """Run both versions of each case plainly, print what differs, and return 1 if a case is not what it says."""
    with ThreadPoolExecutor(jobs) as pool:
        wrong = sum(bool(problems) for problems in pool.map(_reported, cases))
    print(f"{len(cases)} cases, {wrong} to repair")
    return int(wrong > 0)


def _reported(case: Case) -> list[str]:
    try:
        problems = list(problems_of(case))
    except (CellError, OSError, RuntimeError) as error:
        problems = [str(error)[-700:]]
    print(f"{case.id:<34} {'; '.join(problems) or 'ok'}", flush=True)
    return problems


def problems_of(case: Case) -> Iterator[str]:
    """Yield what is wrong with a case."""
    found: list[tuple[int, set[str]]] = []
    for _ in range(case.attempts if case.expected else 1):
        found = differing(*both(case, fixed=False), case.benign)
        if found:
            break
    if case.expected and not found:
        yield "the buggy version does not differ"
    if not case.expected and found:
        yield f"differs without a cause at {found[:3]}"
    for each in case.expected:
        at = {name for cell, names in found if cell in each.cells for name in names}
        if found and not at & each.variables:
            yield f"expected {each.variables} in {each.cells}, differs at {found[:4]}"
    if case.expected and found and found[0][0] not in case.expected[0].cells:
        yield f"differs before, at {found[0]}"
    if case.fixed is not None:
        found = differing(*both(case, fixed=True), case.benign)
        if found and case.kind != "resume":
            yield f"the fixed version differs at {found[:4]}"


def differing(a: Sequence[After], b: Sequence[After], benign: Iterable[str]) -> list[tuple[int, set[str]]]:
    """Return the cells that give names another content, which did not differ before.

    The last execution of a cell counts. What a cell does not write is not compared there: in a session, later cells
    may have run before it.
    """
    left, right = {each.cell: each for each in a}, {each.cell: each for each in b}
    known = {*benign}
    found = []
    for cell in sorted(right):
        there, here = left.get(cell, NOTHING), right[cell]
        written = here.written | (there.written & here.names.keys())
        names = {name for name in written if there.names.get(name) != here.names.get(name)}
        if names - known:
            found.append((cell, names - known))
        known |= names
    return found


def both(case: Case, *, fixed: bool) -> tuple[list[After], list[After]]:
    """Run a version under both circumstances."""
    scratch = Path(tempfile.mkdtemp(prefix=f"selftest-{case.id}-"))
    try:
        notebook = case.fixed if fixed else case.notebook
        assert notebook is not None
        a, b = scratch / "a", scratch / "b"
        whole = headless(notebook)
        if case.kind == "interactive":
            named = Side(setup=case.run_a.setup, env={**case.run_a.env, "JPY_SESSION_NAME": str(a / "live.ipynb")})
            begun = {"scratch": "pass"}  # stands for %reprotrain init, which counts in Out[n]
            live = _executed(case, a, named, notebook, (begun, *(case.session_fixed if fixed else case.session)))
            clean = headless(notebook, case.clean_parameters)
            return live, _executed(case, a, Side(env=case.run_a.env), notebook, clean)
        first = _executed(case, a, case.run_a, notebook, whole)
        if case.kind == "leftover":
            return first, _executed(case, a, case.run_b, notebook, whole)
        if case.kind == "rerun":
            return first, _executed(case, b, case.run_a, notebook, whole)
        for parameters in case.run_b.pre:
            _executed(case, b, case.run_b, notebook, headless(notebook, parameters))
        return first, _executed(case, b, case.run_b, notebook, whole)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def headless(notebook: Mapping[str, Any], parameters: Mapping[str, Any] | None = None) -> list[Step]:
    """Return all cells in order; parameters are set at the end of the cell with the tag, as papermill does it."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    injected = "".join(f"\n{name} = {value!r}" for name, value in (parameters or {}).items())
    return [
        {"cell": number, "source": text(cell) + injected}
        if "parameters" in cell["metadata"].get("tags", ())
        else {"cell": number}
        for number, cell in enumerate(cells)
    ]


def _executed(case: Case, folder: Path, side: Side, notebook: Mapping[str, Any], steps: Sequence[Step]) -> list[After]:
    """Run a session of a notebook, and return the state after each cell."""
    prepare(case, folder, side, notebook)
    found, before = [], {}
    with kernel(folder, environment(side, folder), affinity=side.affinity) as client:
        for step in steps:
            play(client, notebook, (step,), folder=folder)
            names = plain_digests(client)
            if "cell" in step:
                written = {name for name, value in names.items() if before.get(name) != value}
                found.append(After(step["cell"], names, frozenset(written)))
            before = names
    return found
