"""Verify a run or a notebook: execute the recipe again and compare the evidence."""

from __future__ import annotations

from pathlib import Path

from reprobook.errors import InputError, NotebookError
from reprobook.execute import OnEvent, RunOptions, ignore, replay_run, run_notebook
from reprobook.notebook import read_notebook
from reprobook.runs import RunError, RunFolder, RunRecord, Side, Store, diff
from reprobook.trace.outputs import normalised
from reprobook.verify.compare import Comparison, compare
from reprobook.verify.evidence import of_headers
from reprobook.verify.integrity import notebook_integrity
from reprobook.verify.model import Divergence, Verdict, Verification
from reprobook.verify.placing import placed
from reprobook.verify.recorded import recorded_run, run_of_header, trace_of
from reprobook.verify.tolerance import Tolerance, metrics_agree, pair_metrics


def verify_run(
    run: RunFolder,
    store: Store,
    *,
    cwd: Path | None = None,
    tolerance: Tolerance = None,
    on_event: OnEvent = ignore,
) -> Verification:
    """Replay a recorded run and compare.

    Args:
        run: The run.
        store: Where the replay is recorded.
        cwd: Working folder of the replay; default: that of the run.
        tolerance: Relative difference that metrics may have; None: bit by bit.
        on_event: Told of the replay's progress.

    Raises:
        IntegrityError: If a file of the run was edited, removed or added.
        InputError: If the run left no evidence to compare with.
    """
    _check(run)
    return _compared(run, replay_run(run, store, cwd=cwd, on_event=on_event), tolerance)


def verify_notebook(
    path: Path,
    store: Store,
    *,
    cwd: Path | None = None,
    tolerance: Tolerance = None,
    on_event: OnEvent = ignore,
) -> Verification:
    """Verify the newest recorded run of a notebook against the file as it is now; without one, run it twice.

    Raises:
        NotebookError: If the file cannot be read.
        IntegrityError: If a copy of a header in it, or a file of the run, was edited.
    """
    source = _read(path)
    headers = notebook_integrity(read_notebook(source, path.name), store)
    known = (run_of_header(header, store) for header in headers)
    run = recorded_run(path, store) or next(filter(None, known), None)
    if run is None:
        run = run_notebook(path, store, RunOptions(cwd=cwd), on_event)
    _check(run)
    return _compared(run, replay_run(run, store, cwd=cwd, notebook=source, on_event=on_event), tolerance)


def _read(path: Path) -> bytes:
    """Read the notebook file."""
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror or error})"
        raise NotebookError(msg, hint="Give the path of an .ipynb file, a run id or a promoted folder.") from error


def _check(run: RunFolder) -> None:
    """Make sure that there is evidence, and that nobody touched it."""
    record = run.check_integrity()
    if not run.trace.exists() and not run.trace_journal.exists() and record.status != "succeeded":
        msg = f"run {run.run_id} left no trace: it is {record.status}"
        raise InputError(msg, hint="It did not come to its end; run the notebook again.")


def _compared(original: RunFolder, replay: RunFolder, tolerance: Tolerance) -> Verification:
    """Compare the two runs and judge."""
    before, after = original.read_record(), replay.read_record()
    # Headless kernels are sent no cell ids: those of the file are taken.
    notebook = read_notebook(replay.source.read_bytes(), replay.source.name)
    recorded, repeated = trace_of(original), trace_of(replay)
    comparison = compare(placed(recorded, repeated, notebook), repeated, [cell.id for cell in notebook.code_cells])
    if recorded.cells and not comparison.paired and after.status == "succeeded":
        msg = f"none of the cells that run {original.run_id} recorded is in the notebook that was run again"
        raise InputError(msg, hint="Name the notebook of that session: reprobook verify NOTEBOOK.ipynb")
    metrics = pair_metrics(before.metrics, after.metrics)
    verdict = _verdict(before, after, comparison)
    if verdict == "diverged" and tolerance is not None and metrics_agree(metrics, tolerance):
        verdict = "within_tolerance"
    return Verification(
        run_id=original.run_id,
        replay_id=replay.run_id,
        verdict=verdict,
        first=comparison.first or (_failure(after.error) if verdict == "failed" and after.error else None),
        all=comparison.all,
        metrics=metrics,
        opaque=comparison.opaque,
        environment=of_headers(diff(_side(original, before), _side(replay, after))),
        cells=comparison.cells,
        error=after.error,
    )


def _verdict(before: RunRecord, after: RunRecord, comparison: Comparison) -> Verdict:
    """Judge bit by bit; a run that failed is reproduced by one that fails alike."""
    if after.status != "succeeded" and _failing(before.error) != _failing(after.error):
        return "failed"
    if comparison.first:
        return "failed" if after.status != "succeeded" else "diverged"
    return "reproduced"


def _failing(error: RunError | None) -> tuple[int | None, str, str] | None:
    """Return what identifies a failure."""
    return (error.cell, error.ename, normalised(error.evalue)) if error else None


def _failure(error: RunError) -> Divergence:
    """Return the failure of a replay as the place where it left the original."""
    return Divergence(cell=error.cell, evidence=f"the replay failed with {error.ename}: {error.evalue}")


def _side(run: RunFolder, record: RunRecord) -> Side:
    """Return a run as the comparison of headers takes it."""
    return Side(record, run.read_header() if run.header.exists() else None)
