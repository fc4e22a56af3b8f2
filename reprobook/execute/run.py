"""Run a prepared notebook headless into a run of the store."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reprobook.errors import ExecutionError, IntegrityError, KernelDiedError
from reprobook.execute.afterwards import report_afterwards
from reprobook.execute.cold import execute_cold
from reprobook.execute.document import notebook_node
from reprobook.execute.early_kernel import early_kernel
from reprobook.execute.heavy import import_nbformat
from reprobook.execute.inputs import keep_files
from reprobook.execute.journal import seal_trace, trace_of
from reprobook.execute.kernels import run_environment
from reprobook.execute.options import OnEvent, RunEvent, RunOptions, ignore
from reprobook.execute.preparation import Preparation
from reprobook.execute.recording import Recording
from reprobook.execute.signals import sigterm_interrupts
from reprobook.execute.tracking import Tracking
from reprobook.execute.watch import reported_metrics
from reprobook.header import header_data
from reprobook.runs import NewRun, RunError, RunFolder, RunRecord, Store
from reprobook.runs.files import StorageError, write_atomic
from reprobook.runs.folder import SOURCE, SPEC
from reprobook.trace import Trace


def run_prepared(prepared: Preparation, store: Store, options: RunOptions, on_event: OnEvent = ignore) -> RunFolder:
    """Make the run of a prepared notebook, execute it, seal it, and return it.

    Raises:
        KeyboardInterrupt: On Ctrl-C or SIGTERM, after the run was recorded as interrupted.
    """
    if options.kernel == "warm":
        from reprobook.execute.warm import WarmServer  # noqa: PLC0415 - it forks from a process that imports this

        return WarmServer().run_prepared(prepared, store.root, options, on_event)
    with early_kernel(prepared, options) as manager:
        return run_in(manager, prepared, store, options, on_event)


def run_in(
    manager: Any, prepared: Preparation, store: Store, options: RunOptions, on_event: OnEvent = ignore
) -> RunFolder:
    """Do what ``run_prepared`` does, in a kernel that was started already: ``early_kernel`` gives its manager.

    Raises:
        KeyboardInterrupt: On Ctrl-C or SIGTERM, after the run was recorded as interrupted.
    """
    run = store.create(
        NewRun(
            kind=options.kind,
            name=options.name or prepared.init.name,
            source=_source_of(prepared.path, options, store),
            notebook=str(prepared.path),
            parent=options.parent,
            trial=options.trial,
            parameters=prepared.parameters,
            seed=prepared.seed,
        ),
        {SOURCE: prepared.source} | ({SPEC: prepared.spec} if prepared.spec is not None else {}),
        status="running",
    )
    started = time.monotonic()
    total = len(prepared.notebook.code_cells)
    tracking = Tracking(run, options, on_event)
    recording = _recording(prepared, run, options, on_event)
    recording.manager = manager
    interrupted = False
    try:
        with sigterm_interrupts(), reported_metrics(run, on_event, total):
            # Whoever is told may interrupt at once: from here on that is recorded.
            on_event(RunEvent("started", None, total, run.run_id))
            _execute(prepared, recording, options, on_event)
    except KeyboardInterrupt:
        interrupted = True
    except ExecutionError as error:
        recording.error = error
    record, trace = _seal(run, recording, prepared, interrupted=interrupted, duration=time.monotonic() - started)
    tracking.end()
    _write_copy(run, options.output)
    report_afterwards(run, trace, total, on_event)
    on_event(RunEvent("ended", None, total, record.status))
    if interrupted:
        raise KeyboardInterrupt
    return run


def _recording(prepared: Preparation, run: RunFolder, options: RunOptions, on_event: OnEvent) -> Recording:
    """Describe the recording for the engine."""
    indices = [cell.code_index for cell in prepared.notebook.cells]
    total = len(prepared.notebook.code_cells)

    def on_cell(index: int) -> None:
        if indices[index] is not None:
            on_event(RunEvent("cell", indices[index], total))

    request = prepared.request(run.path, options).model_dump_json()
    return Recording(
        prologue=f"__import__('reprobook.execute.session', fromlist=['session']).begin_in_kernel({request!r})",
        journal=str(run.trace_journal),
        env=run_environment(prepared, options, os.environ),
        cwd=str(prepared.cwd),
        on_cell=on_cell,
        stop_after=None if options.stop_after is None else indices.index(options.stop_after),
        traced=options.trace != "off",
    )


def _execute(prepared: Preparation, recording: Recording, options: RunOptions, on_event: OnEvent) -> None:
    """Run the cells by the kernel that was asked for; how it ended stands in the recording."""
    if options.kernel == "inline":
        from reprobook.execute.inline import execute_inline, unfit  # noqa: PLC0415 - other runs do without

        reason = unfit(prepared, options)
        if reason is None:
            execute_inline(prepared, recording, options)
            return
        on_event(RunEvent("note", None, len(prepared.notebook.code_cells), f"in a kernel of its own: {reason}"))
    execute_cold(prepared, recording, options)


def seal_dead(run: RunFolder, prepared: Preparation, cell: int | None, *, interrupted: bool) -> None:
    """End a run whose process died in a cell, by its code index, as one whose kernel died.

    What the process had recorded by then is kept; the outputs of its cells are gone with it, so the executed notebook
    says only which cells ran.
    """
    error = DeadKernelError("Kernel died")
    indices = [each.code_index for each in prepared.notebook.cells]
    recording = Recording("", "", {}, str(prepared.cwd), lambda _: None, error=error)
    recording.failed = None if cell is None else indices.index(cell)
    recording.notebook = _without_outputs(prepared, trace_of(run))
    created = datetime.fromisoformat(run.read_record().created)
    duration = (datetime.now(UTC) - created).total_seconds()
    _seal(run, recording, prepared, interrupted=interrupted, duration=duration)


def _without_outputs(prepared: Preparation, trace: Trace) -> Any:
    """Return the notebook with the counts of the cells that a trace knows."""
    node = notebook_node(prepared)
    cells = [cell for cell in node.cells if cell.cell_type == "code"]
    for cell in cells:
        cell["outputs"], cell["execution_count"] = [], None  # those that the notebook was given with are of another run
    for index, ended in trace.by_cell().items():
        cells[index]["execution_count"] = ended.execution_count
    return node


def _seal(
    run: RunFolder, recording: Recording, prepared: Preparation, *, interrupted: bool, duration: float
) -> tuple[RunRecord, Trace | None]:
    """Write trace and executed notebook, and end the run with the status that is true; returns record and trace.

    Where the disk takes no more, or a cell wrote into the journal, the run has failed, and what is there is sealed.
    """
    error, trace = _error(recording, prepared), None
    try:
        trace = seal_trace(run)
        keep_files(trace, prepared.cwd, run.blobs)
        if recording.notebook is not None:
            error = error or _unrecorded(recording, trace)
            _write_executed(run, recording.notebook, prepared)
    except (StorageError, IntegrityError) as refused:
        error = error or RunError(ename=type(refused).__name__, evalue=str(refused), hint=refused.hint)
    record = run.seal(
        status="interrupted" if interrupted else "failed" if error else "succeeded",
        result_digest=None if trace is None else trace.result_digest,
        duration_s=round(duration, 3),
        notebook=str(run.executed if run.executed.exists() else prepared.path),
        error=error,
    )
    return record, trace


def _error(recording: Recording, prepared: Preparation) -> RunError | None:
    """Say what ended the run, if it was not its last cell."""
    error = recording.error
    if error is None:
        return None
    cell = None if recording.failed is None else prepared.notebook.cells[recording.failed].code_index
    ename = getattr(error, "ename", type(error).__name__)
    evalue = getattr(error, "evalue", str(error))
    if ename == "SystemExit" and evalue in {"", "0", "None"}:
        return None  # the notebook ended itself, as papermill sees it too
    return RunError(cell=cell, ename=ename, evalue=evalue, hint=getattr(error, "hint", "") or _HINTS.get(ename, ""))


def _unrecorded(recording: Recording, trace: Trace) -> RunError | None:
    """Say which cell ran without leaving a record: a run with a hole in its evidence proves nothing."""
    known = {cell.index for cell in trace.cells}
    cells = [cell for cell in recording.notebook.cells if cell.cell_type == "code"]
    lost = [index for index, cell in enumerate(cells) if cell.execution_count is not None and index not in known]
    if not recording.traced or not lost:
        return None
    evalue = "its record could not be made, or not be written"
    return RunError(cell=lost[0], ename="Unrecorded", evalue=evalue, hint=_HINTS["Unrecorded"])


def _write_executed(run: RunFolder, notebook: Any, prepared: Preparation) -> None:
    """Write the executed notebook; it carries the header along."""
    notebook.metadata["reprobook"] = {"run_id": run.run_id}
    if run.header.exists():
        notebook.metadata["reprobook"]["header"] = header_data(run.read_header())
    notebook.metadata.setdefault("papermill", {})["input_path"] = prepared.path.name
    write_atomic(run.executed, import_nbformat().writes(notebook).encode(), entry=False)


def _write_copy(run: RunFolder, output: Path | None) -> None:
    """Write the copy of the executed notebook that the user asked for."""
    if output is not None and run.executed.exists():
        write_atomic(output, run.executed.read_bytes())


def _source_of(path: Path, options: RunOptions, store: Store) -> str | None:
    """Return a notebook's path relative to the project, where it lies inside.

    None for the replay of a live session whose notebook is not known: the copy that the store keeps is no notebook of
    the user's.
    """
    if options.kind == "replay" and path.is_relative_to(store.root.resolve()):
        return None
    project = store.root.resolve().parent
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)


class DeadKernelError(KernelDiedError):
    """A fork died in a cell; called as nbclient calls the death of a kernel."""


_HINTS = {
    "Unrecorded": "The cell's standard error says why: a full disk? `--trace off` runs without records.",
    "DeadKernelError": "The kernel died: out of memory, or os._exit()? The cells before it are recorded.",
    "CellTimeoutError": "Raise --timeout, or leave it out.",
    "StdinNotImplementedError": "The cell asks for input; headless runs have no keyboard. Make it a parameter.",
    "ModuleNotFoundError": "Install the missing package into the environment of the kernel.",
}
