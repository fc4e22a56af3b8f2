"""Recording of an open notebook: from ``%reprotrain init`` to ``%reprotrain end`` or the end of the kernel."""

from __future__ import annotations

import atexit
import json
import os
import time
from pathlib import Path
from typing import Any

from reprobook.errors import ReprobookError
from reprobook.execute.history import LiveHistory
from reprobook.execute.inputs import keep_files
from reprobook.execute.journal import seal_trace
from reprobook.execute.preparation import spec_digest
from reprobook.execute.request import RecordRequest
from reprobook.execute.session import Session, begin, current_session, end
from reprobook.header import encode, sha256_hex
from reprobook.notebook import InitOptions, Notebook, read_notebook
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.runs.files import write_atomic
from reprobook.runs.folder import SOURCE, SPEC
from reprobook.space import declared_parameters
from reprobook.spec import read_spec

_started: dict[str, float] = {}
_histories: dict[str, LiveHistory] = {}


def begin_live(shell: Any, options: InitOptions) -> Session:
    """Make a run of the store for this session, freeze its header, and record from the next cell on.

    Raises:
        InputError: If an option is wrong.
        ReprobookError: If the store cannot be written.
    """
    end_live()
    path = notebook_path(shell)
    cwd = Path.cwd()
    store = Store.open(None, path.parent if path else cwd)
    notebook = _read(path)
    parameters = {p.name: p.default for p in declared_parameters(notebook)} if notebook else {}
    spec = read_spec(path) if path else None
    run = store.create(
        NewRun(
            kind="live",
            name=options.name,
            source=path.name if path else None,
            notebook=str(path or ""),
            parameters=parameters,
            seed=options.seed,
        ),
        {SOURCE: path.read_bytes() if path else _empty_notebook()} | ({SPEC: spec} if spec is not None else {}),
        status="running",
    )
    cells = notebook.code_cells if notebook else ()
    request = RecordRequest(
        folder=str(run.path),
        sources=tuple(cell.source for cell in cells),
        cells=tuple(sha256_hex(cell.source.encode()) for cell in cells),
        cell_ids=tuple(cell.id for cell in cells),
        parameters={name: encode(value) for name, value in parameters.items()},
        notebook=str(path) if path else None,
        cwd=str(cwd),
        name=options.name,
        seed=options.seed,
        deterministic=options.deterministic,
        device=options.device,
        live=True,
        spec=spec_digest(spec, path) if path else None,
    )
    _started[run.run_id] = time.monotonic()
    atexit.register(end_live)
    session = begin(request, shell)
    _histories[run.run_id] = LiveHistory(run, shell)
    _histories[run.run_id].attach()
    return session


def end_live() -> RunFolder | None:
    """Seal the live run, if there is one, with the notebook as it is saved now, and return it."""
    session = current_session()
    if session is None or not session.request.live:
        return None
    end()
    atexit.unregister(end_live)
    run = session.run
    if history := _histories.pop(run.run_id, None):
        history.detach()
    path = Path(session.request.notebook) if session.request.notebook else None
    if path is not None and path.is_file():
        write_atomic(run.source, path.read_bytes())
    trace = seal_trace(run)
    keep_files(trace, Path(session.request.cwd), run.blobs)
    duration = time.monotonic() - _started.pop(run.run_id, time.monotonic())
    run.seal(status="succeeded", result_digest=trace.result_digest, duration_s=round(duration, 3))
    return run


def notebook_path(shell: Any) -> Path | None:
    """Return the file of the open notebook, as Jupyter Server or VS Code names it; None where neither does."""
    named = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME")
    if not named:
        return None
    candidates = (Path(named), Path.cwd() / Path(named).name)
    return next((path.resolve() for path in candidates if path.suffix == ".ipynb" and path.is_file()), None)


def _read(path: Path | None) -> Notebook | None:
    """Read the notebook as it is saved; one that cannot be read now must not stop its session."""
    if path is None:
        return None
    try:
        return read_notebook(path.read_bytes(), path.name)
    except (ReprobookError, OSError):
        return None


def _empty_notebook() -> bytes:
    """Stand in for a notebook whose file is not known."""
    return json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
