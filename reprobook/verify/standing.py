"""How a notebook stands: not recorded, frozen, drifted, reproduced or diverged; what the chip in JupyterLab says.

Seen from outside of its kernel: code, data files, local modules, and the packages where the observer's environment
is the kernel's. What only the kernel knows (its environment variables, threads, flags) `%reprotrain status` compares.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal

from reprobook.capture.distributions import installed_distributions
from reprobook.capture.local_modules import local_modules
from reprobook.errors import IntegrityError, ReprobookError
from reprobook.execute.inputs import files_read
from reprobook.execute.journal import trace_of
from reprobook.execute.preparation import spec_digest
from reprobook.header import Code, DataSource, Header, sha256_hex, short_id
from reprobook.notebook import Notebook, read_notebook
from reprobook.runs import RunFolder, Store
from reprobook.runs.files import sha256_file
from reprobook.spec import read_spec
from reprobook.trace import MISSING
from reprobook.verify.drift import Drift, drifts
from reprobook.verify.integrity import notebook_integrity
from reprobook.verify.kept import kept_verification
from reprobook.verify.model import Finding, Verification
from reprobook.verify.recorded import recorded_run, run_of_header

State = Literal["unrecorded", "frozen", "drifted", "reproduced", "diverged", "tampered"]


class Standing(Finding):
    """How a notebook stands.

    Attributes:
        state: One word for it.
        text: The same as the chip shows it.
        run_id: The newest run recorded of the notebook, else the one whose header it carries.
        recipe: The short id of the header.
        drift: What is not as it was frozen.
        verification: How the last verification of that run ended.
        problem: What is wrong with the copies of the header in the notebook; empty if nothing is.
        hint: What to do about it.
    """

    state: State
    text: str
    run_id: str | None = None
    recipe: str | None = None
    drift: tuple[Drift, ...] = ()
    verification: Verification | None = None
    problem: str = ""
    hint: str = ""


UNRECORDED = Standing(state="unrecorded", text="not recorded")


def standing(path: Path, store: Store, *, same_environment: bool) -> Standing:
    """Return how the notebook at ``path`` stands; ``same_environment``: its kernel runs in this environment.

    Raises:
        NotebookError: If it is no Python notebook.
        OSError: If it cannot be read.
    """
    notebook = read_notebook(path.read_bytes(), path.name)
    try:
        headers = notebook_integrity(notebook, store)
        # The run that `verify NOTEBOOK` would verify.
        run = recorded_run(path, store) or (run_of_header(headers[0], store) if headers else None)
        header = run.read_header() if run is not None and run.header.exists() else next(iter(headers), None)
    except IntegrityError as error:
        return Standing(state="tampered", text="header mismatch", problem=str(error), hint=error.hint)
    if header is None:
        return UNRECORDED
    if run is None:
        return Standing(state="frozen", text=f"frozen {short_id(header)}", recipe=short_id(header))
    drift = drifts(run.read_record(), *_both(header, notebook, run, path, same_environment=same_environment))
    verification = kept_verification(run)
    state, text = _state(header, drift, verification)
    return Standing(
        state=state,
        text=text,
        run_id=run.run_id,
        recipe=short_id(header),
        drift=drift,
        verification=verification,
    )


def _state(header: Header, drift: tuple[Drift, ...], verification: Verification | None) -> tuple[State, str]:
    """Return the word, and what the chip says; a verification says nothing of a notebook that has drifted since."""
    if drift:
        return "drifted", f"drifted: {len(drift)}"
    if verification is None:
        return "frozen", f"frozen {short_id(header)}"
    if verification.verdict in {"reproduced", "within_tolerance"}:
        return "reproduced", "reproduced ✓" if verification.verdict == "reproduced" else "reproduced ≈"
    cell = verification.first.cell if verification.first else None
    return "diverged", "diverged" if cell is None else f"diverged at [{cell}]"


def _both(
    frozen: Header, notebook: Notebook, run: RunFolder, path: Path, *, same_environment: bool
) -> tuple[Header, Header]:
    """Return the frozen header, the files that the run read added to its data, and the same as it is now."""
    folder = path.parent
    sources = [cell.source for cell in notebook.code_cells]
    code = Code(cells=tuple(sha256_hex(source.encode()) for source in sources))
    before, after = _data(run, Path(frozen.origin.folder or folder))
    environment = frozen.environment
    if environment is not None:
        modules = {"local_modules": local_modules(sources, folder)}
        packages = {"distributions": installed_distributions(sys.path)} if same_environment else {}
        environment = environment.model_copy(update=modules | packages)
    now = {"code": code, "environment": environment, "spec": _spec(path), "data": (*frozen.data, *after)}
    return frozen.model_copy(update={"data": (*frozen.data, *before)}), frozen.model_copy(update=now)


def _spec(path: Path) -> str | None:
    """Return the digest of the training spec as it is now."""
    try:
        return spec_digest(read_spec(path), path)
    except ReprobookError:
        return "unreadable"  # half edited, say: it has drifted; a run says what is wrong with it


def _data(run: RunFolder, folder: Path) -> tuple[list[DataSource], list[DataSource]]:
    """Return the files that a run read which have changed since: as they were, and as they are."""
    before, after = [], []
    try:
        read = files_read(trace_of(run))
    except ReprobookError:
        return [], []  # no evidence yet, or damaged: verify says so
    recorded = run.run.stat().st_mtime
    for name, digest in read.items():
        path = folder / name
        state = path.stat() if path.is_file() else None
        # A file not touched since the run ended is not read again: data can be large.
        if digest == MISSING or (state and max(state.st_mtime, state.st_ctime) < recorded):
            continue
        now = _digest(path, state.st_mtime_ns, state.st_size) if state else MISSING
        before.append(DataSource(name=name, sha256=digest, size=0))
        after.append(DataSource(name=name, sha256=now, size=0))
    return before, after


@lru_cache(maxsize=1024)
def _digest(path: Path, *_: int) -> str:
    """Return the digest of a file in a state; front ends ask again and again."""
    return sha256_file(path)
