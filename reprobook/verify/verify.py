"""Verify a run or a notebook: execute the recipe again and compare the evidence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reprobook.errors import InputError
from reprobook.execute import run_notebook
from reprobook.execute.journal import trace_of
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import read_source
from reprobook.execute.workplace import workplace_of
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder, Store
from reprobook.runs.foreign import check_trust
from reprobook.verify.case import Case
from reprobook.verify.integrity import notebook_integrity
from reprobook.verify.kept import keep
from reprobook.verify.model import Verification
from reprobook.verify.options import VerifyOptions
from reprobook.verify.recorded import run_to_verify
from reprobook.verify.untouched import Folders, untouched, with_notes

_DEFAULT = VerifyOptions()


def verify_run(run: RunFolder, store: Store, options: VerifyOptions = _DEFAULT) -> Verification:
    """Replay a recorded run and compare.

    Raises:
        IntegrityError: If a file of the run was edited, removed or added.
        InputError: If the run left no evidence to compare with.
        UntrustedError: If it was imported, and is not trusted.
    """
    with untouched(store, options.on_event) as folders:
        found = _verified(run, store, options, folders)
    return keep(with_notes(found, folders.notes), run)


def verify_notebook(path: Path, store: Store, options: VerifyOptions = _DEFAULT) -> Verification:
    """Verify the newest recorded run of a notebook against the file as it is now; without one, run it twice.

    Raises:
        NotebookError: If the file cannot be read.
        IntegrityError: If a copy of a header in it, or a file of the run, was edited.
        UntrustedError: If its run was imported, and is not trusted.
    """
    source = read_source(path)
    notebook = read_notebook(source, path.name)
    headers = notebook_integrity(notebook, store)
    run = run_to_verify(path, notebook, headers, store)
    with untouched(store, options.on_event) as folders:
        if run is None:
            cwd = options.cwd or path.absolute().parent
            folders.enter(cwd, (), [cell.source for cell in notebook.code_cells])
            run = run_notebook(path, store, RunOptions(cwd=options.cwd, kernel=options.kernel), options.on_event)
            folders.wrote(cwd, trace_of(run).cells)
        found = _verified(run, store, options, folders, source)
    return keep(with_notes(found, folders.notes), run)


def _verified(
    run: RunFolder, store: Store, options: VerifyOptions, folders: Folders, source: bytes | None = None
) -> Verification:
    """Verify a run with the bytes of a notebook, or its own."""
    _check(run, trust=options.trust)
    with workplace_of(run, options.cwd) as cwd:
        case = Case(run, store, replace(options, cwd=cwd), folders, source or run.source.read_bytes())
        if cwd == options.cwd:
            case.enter()  # else it is thrown away
        return case.verification()


def _check(run: RunFolder, *, trust: bool) -> None:
    """Make sure that there is evidence, that nobody touched it, and that its code may be executed."""
    record = run.check_integrity()
    check_trust(record, trust=trust)
    if not run.trace.exists() and not run.trace_journal.exists() and record.status != "succeeded":
        msg = f"run {run.run_id} left no trace: it is {record.status}"
        raise InputError(msg, hint="It did not come to its end; run the notebook again.")
