"""Run each case plainly and recorded: the recorder must change no value and move no generator."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from casebook.drive import INIT, environment, prepare
from casebook.kernel import CellError, execute, generator_digests, kernel, plain_digests, play
from casebook.model import Case, Side
from casebook.selftest import headless


class End(NamedTuple):
    """Digests of all names and generators at the end of a session."""

    names: Mapping[str, str]
    generators: Mapping[str, str]


def same_bits(cases: Sequence[Case], *, jobs: int = 1) -> int:
    """Compare the ends of each case without and with the recorder, print what differs, and return 1 if any does."""
    with ThreadPoolExecutor(jobs) as pool:
        wrong = sum(pool.map(_reported, cases))
    print(f"{len(cases)} cases, {wrong} changed by the recorder")
    return int(wrong > 0)


def _reported(case: Case) -> bool:
    try:
        text = changed(case)
    except (CellError, OSError, RuntimeError) as error:
        text = str(error)[-700:]
    print(f"{case.id:<34} {text or 'same'}", flush=True)
    return bool(text)


def changed(case: Case) -> str:
    """Return what the recorder changed: what differs between two plain sessions is the case's own doing."""
    notebook = case.fixed or case.notebook
    session = (case.session_fixed if case.fixed else case.session) if case.kind == "interactive" else None
    steps = list(session) if session else headless(notebook)
    plain, again = (_end(case, notebook, steps, first="pass") for _ in range(2))
    recorded = _end(case, notebook, steps, first=INIT)
    found = []
    for title, a, b, c in zip(End._fields, plain, again, recorded, strict=True):
        steady = {name for name in a if a[name] == b.get(name)}
        found += [f"{title}: {name}" for name in sorted(steady) if c.get(name) != a[name]]
        found += [f"{title}: {name} is new" for name in sorted(c.keys() - a.keys())]
    return ", ".join(found)


def _end(case: Case, notebook: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], *, first: str) -> End:
    """Run a session after a first cell, and return how it ends."""
    scratch = Path(tempfile.mkdtemp(prefix=f"same-{case.id}-"))
    try:
        folder = scratch / "work"
        side = Side(setup=case.run_a.setup, env={"PYTHONHASHSEED": "0", **case.run_a.env})
        path = prepare(case, folder, side, notebook)
        env = environment(side, folder, JPY_SESSION_NAME=str(path), REPROBOOK_STORE=str(scratch / "store"))
        with kernel(folder, env, affinity=case.run_a.affinity) as client:
            execute(client, first, "first")
            play(client, notebook, tuple(steps), folder=folder)
            return End(plain_digests(client), generator_digests(client))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
