"""Drive one case through the command line, as a checker that knows no internals does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from casebook.kernel import execute, kernel, outside, play
from casebook.model import Case, Side

REPROBOOK = str(Path(sys.executable).with_name("reprobook"))
INIT = "%load_ext reprobook\n%reprotrain init"
COMMAND_SECONDS = 300
# What a developer's shell may have set would hide or add causes.
CLEARED = ("PYTHONHASHSEED", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TZ", "PYTHONPATH")


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Ways in which two checkers may differ.

    Attributes:
        same_folder: The changed circumstances are made in the folder of the run; no ``--cwd``.
        cell_ids: The front end sends the id of the cell that it executes.
        session_name: Jupyter Server tells the kernel the path of its notebook.
        alive: The notebook is verified while its kernel still runs.
    """

    same_folder: bool = False
    cell_ids: bool = True
    session_name: bool = True
    alive: bool = False


class DriveError(RuntimeError):
    """A command did not give a document."""


@dataclass(frozen=True)
class Command:
    """The command line in one folder, under one environment."""

    folder: Path
    env: Mapping[str, str]
    affinity: tuple[int, ...] = ()

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Call a command with ``--json`` and return its document.

        Raises:
            DriveError: If there is none.
        """
        done = subprocess.run(
            [*self._prefix(), REPROBOOK, *arguments, "--json"],
            cwd=self.folder,
            env=dict(self.env),
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        try:
            return dict(json.loads(done.stdout))
        except json.JSONDecodeError as error:
            msg = f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-1500:]}"
            raise DriveError(msg) from error

    def _prefix(self) -> Sequence[str]:
        return ("taskset", "-c", ",".join(map(str, self.affinity))) if self.affinity else ()


@cache
def diagnose_options() -> tuple[str, ...]:
    """Return the options of `verify` that this version has."""
    shown = subprocess.run([REPROBOOK, "verify", "--help"], capture_output=True, text=True, check=False).stdout
    return ("--diagnose",) if "--diagnose" in shown else ()


def environment(side: Side, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of one side of a case."""
    base = {
        name: value
        for name, value in os.environ.items()
        if name not in CLEARED and not name.startswith(("JPY_", "LC_"))
    }
    own = {name: value.replace("{cwd}", str(folder)) for name, value in side.env.items()}
    return {**base, **own, **more}


def prepare(case: Case, folder: Path, side: Side, notebook: Mapping[str, Any]) -> Path:
    """Make the working folder of one side, with the notebook in it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _name(case)
    path.write_text(json.dumps(notebook, indent=1), "utf-8")
    if side.setup:
        outside(side.setup, folder)
    return path


def _name(case: Case) -> str:
    return f"case{case.id}.ipynb"


def verified(
    case: Case, scratch: Path, *, fixed: bool = False, variant: Variant = Variant(), times: int = 1
) -> list[dict[str, Any]]:
    """Run a case once and return what `verify` says about it each time, with the seconds of both under ``seconds``."""
    notebook = case.fixed if fixed else case.notebook
    if notebook is None:
        msg = f"case {case.id} has no fixed twin"
        raise DriveError(msg)
    if not variant.cell_ids:
        notebook = without_ids(notebook)
    store = str(scratch / "store")
    if case.kind == "interactive":
        session = case.session_fixed if fixed else case.session
        return [_live(case, scratch / f"{n}", notebook, session=session, variant=variant) for n in range(times)]
    a = scratch / "work" / "a"
    path = prepare(case, a, case.run_a, notebook)
    start = time.monotonic()
    original = Command(a, environment(case.run_a, a, REPROBOOK_STORE=store), case.run_a.affinity)("run", path.name)
    if original["status"] != "succeeded":
        msg = f"the run {original['status']}: {original['error']}"
        raise DriveError(msg)
    seconds = round(time.monotonic() - start, 1)
    moved = case.kind in {"env", "resume"} and not variant.same_folder
    found = []
    for number in range(times):
        b = scratch / "work" / f"b{number}" if moved else a
        if moved or number == 0:
            prepare(case, b, case.run_b, notebook)
        start = time.monotonic()
        told = _replayed(case, scratch, b, original["run_id"], ("--cwd", str(b)) if moved else ())
        found.append({**told, "seconds": {"run": seconds, "verify": round(time.monotonic() - start, 1)}})
    return found


def _replayed(case: Case, scratch: Path, b: Path, run_id: str, where: Sequence[str]) -> dict[str, Any]:
    """Verify a run under the circumstances of the second one."""
    for parameters in case.run_b.pre:
        given = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
        aside = environment(case.run_b, b, REPROBOOK_STORE=str(scratch / "aside"))
        Command(b, aside, case.run_b.affinity)("run", _name(case), *given)
    check = Command(b, environment(case.run_b, b, REPROBOOK_STORE=str(scratch / "store")), case.run_b.affinity)
    return check("verify", run_id, *diagnose_options(), *where)


def _live(
    case: Case, scratch: Path, notebook: Mapping[str, Any], *, session: tuple[Mapping[str, Any], ...], variant: Variant
) -> dict[str, Any]:
    folder = scratch / "work" / "a"
    path = prepare(case, folder, case.run_a, notebook)
    env = environment(case.run_a, folder, REPROBOOK_STORE=str(scratch / "store"))
    named = {"JPY_SESSION_NAME": str(path)} if variant.session_name else {}
    verify = Command(folder, env, case.run_a.affinity)
    start = time.monotonic()
    with kernel(folder, {**env, **named}) as client:
        execute(client, INIT, "init" if variant.cell_ids else None)
        play(client, notebook, session, folder=folder)
        ran = time.monotonic()
        if variant.alive:
            found = verify("verify", path.name, *diagnose_options())
    if not variant.alive:
        found = verify("verify", path.name, *diagnose_options())
    return {**found, "seconds": {"run": round(ran - start, 1), "verify": round(time.monotonic() - ran, 1)}}


def without_ids(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return a notebook as it was before nbformat 4.5."""
    cells = [{name: value for name, value in cell.items() if name != "id"} for cell in notebook["cells"]]
    return {**notebook, "cells": cells, "nbformat_minor": 4}
