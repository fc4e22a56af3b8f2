"""Run the cells of a notebook in a kernel, by papermill."""

from __future__ import annotations

from typing import Any

from reprobook.execute.document import notebook_node
from reprobook.execute.early_kernel import in_its_loop
from reprobook.execute.heavy import import_papermill
from reprobook.execute.kernels import kernel_name
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation
from reprobook.execute.recording import Recording


def execute_cold(prepared: Preparation, recording: Recording, options: RunOptions) -> None:
    """Hand the notebook to papermill, and to a kernel that begins to record while papermill is imported."""
    try:
        _ask_to_record(recording)
        papermill = import_papermill()
        _execute_by_papermill(papermill, prepared, recording, options)
    finally:
        if recording.asked is not None:
            recording.asked.client.stop_channels()


def _ask_to_record(recording: Recording) -> None:
    """Send the prologue to the kernel that was started already, if there is one."""
    if recording.manager is None:
        return
    from reprobook.execute.first_request import FirstRequest  # noqa: PLC0415 - its manager has imported what it needs

    recording.asked = in_its_loop(FirstRequest.send, recording.manager, recording.kernel_prologue)


def _execute_by_papermill(papermill: Any, prepared: Preparation, recording: Recording, options: RunOptions) -> None:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError  # noqa: PLC0415 - as papermill

    try:
        papermill.execute_notebook(
            # papermill reads text as well as paths; a notebook is no remote address and no path template.
            notebook_node(prepared),
            None,
            engine_name="reprobook",
            kernel_name=kernel_name(prepared),
            progress_bar=False,
            recording=recording,
            execution_timeout=options.timeout,
        )
    except (DeadKernelError, CellTimeoutError, papermill.PapermillExecutionError):
        return  # noted in the recording, by the cell that it happened in
