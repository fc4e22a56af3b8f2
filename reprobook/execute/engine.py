"""The adapter to papermill: an engine that tells the truth about every cell.

papermill marks cells "completed" that never ran, after a kernel died or a cell timed out; here a cell that did not
run stays "pending" and the one that ended the run is "failed".
"""

from __future__ import annotations

from typing import Any

import psutil
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from reprobook.errors import ExecutionError
from reprobook.execute.descendants import descendants, end_descendants
from reprobook.execute.early_kernel import ARGUMENTS
from reprobook.execute.first_request import FirstRequest
from reprobook.execute.guard import Guard
from reprobook.execute.recording import Recording
from reprobook.execute.silence import Silence

_REPLACED = "Does a cell replace a function that Jupyter itself needs?"


class KernelStartError(ExecutionError):
    """The kernel did not start: nothing has run."""


class RecordingClient(PapermillNotebookClient):  # type: ignore[misc]  # papermill has no types
    """Runs the cells in a kernel that records itself."""

    km: Any

    def __init__(self, nb_man: Any, recording: Recording | None = None, **kwargs: Any) -> None:
        manager = recording.manager if recording is not None else None
        super().__init__(nb_man, km=manager, extra_arguments=list(ARGUMENTS), **kwargs)
        self.owns_km = True  # one that was started for this run ends with it, too
        self.recording = recording
        self._reply: dict[str, Any] = {}
        self._began = False
        self._kernel = 0
        self._below: list[psutil.Process] = []
        self._guard: Guard | None = None
        self._silence = Silence(0)

    def execute(self, **kwargs: Any) -> Any:
        """Start the kernel, run the cells, shut it down, and end what it left running.

        Raises:
            KernelStartError: If there is no kernel to run them.
        """
        if self.recording is not None:
            kwargs |= {"env": self.recording.env, "cwd": self.recording.cwd}
        try:
            try:
                return super().execute(**kwargs)
            except RuntimeError:
                if self._began:
                    raise
                # It died at once. Its ports are chosen before it takes them: another kernel may have been faster.
                self.km = None
                return super().execute(**kwargs)
        # The boundary to a process that is not there yet: the system, jupyter_client and zmq each have errors for it.
        except Exception as error:
            if self._began:
                raise
            msg = f"the kernel {self.kernel_name!r} did not start: {error}"
            raise KernelStartError(
                msg, hint="`jupyter kernelspec list` names those installed; start it by hand."
            ) from error
        finally:
            end_descendants(self._kernel, self._below)
            if self._guard is not None:
                self._guard.close()

    def papermill_execute_cells(self) -> None:
        """Run the cells in order, up to the first that fails, and note the processes that they started."""
        self._began = True
        self._kernel = getattr(self.km.provisioner, "pid", None) or 0
        self._silence = Silence(self._kernel)
        if self._kernel:
            self._guard = Guard(self._kernel)
        try:
            self._execute_cells()
        finally:
            self._below = descendants(self._kernel)

    def _execute_cells(self) -> None:
        """Run the cells in order, up to the first that fails.

        Raises:
            ExecutionError: If the kernel cannot be understood any more.
        """
        recording = self.recording
        if recording is not None:
            recording.notebook = self.nb
            self._check_prologue()
        for index, cell in enumerate(self.nb.cells):
            if recording is not None:
                recording.on_cell(index)
            self.nb_man.cell_start(cell, index)
            self._silence.ask()
            try:
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self._fail(index, error)
                break
            except (DeadKernelError, CellTimeoutError, KeyboardInterrupt) as error:
                if self._silence.is_final:
                    raise self._broken(index, "it takes no cell") from error
                self._fail(index, error)
                raise
            # The boundary to the kernel: a cell can break what speaks for it, by replacing json.dumps say.
            except Exception as error:
                raise self._broken(index, f"{type(error).__name__}: {error}") from error
            finally:
                self.nb_man.cell_complete(cell, index)
            if recording is not None and index == recording.stop_after:
                break

    async def _async_check_alive(self) -> None:
        """Called every second while a cell is waited for; one that is mute is as good as dead."""
        await super()._async_check_alive()
        if self._silence.is_final:
            raise DeadKernelError

    def process_message(self, *args: Any, **kwargs: Any) -> Any:
        """Take a message about the cell that runs; the first says that the kernel is busy with it."""
        self._silence.hear()
        return super().process_message(*args, **kwargs)

    def _broken(self, index: int, reason: str) -> ExecutionError:
        """Mark the cell, and return the error that says what the kernel is."""
        error = ExecutionError(f"the kernel cannot be understood any more: {reason}", hint=_REPLACED)
        self._fail(index, error)
        return error

    def _fail(self, index: int, error: BaseException) -> None:
        """Mark the cell that ended the run."""
        self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
        if self.recording is not None:
            self.recording.failed, self.recording.error = index, error

    def _check_prologue(self) -> None:
        """Make sure that the kernel records.

        Raises:
            ExecutionError: If the prologue failed.
        """
        if self._reply.get("status") != "ok":
            msg = f"the kernel cannot record: {self._reply.get('ename')}: {self._reply.get('evalue')}"
            raise ExecutionError(msg, hint="Is reprobook installed in the environment of the notebook's kernel?")

    async def async_start_new_kernel_client(self) -> Any:
        """Connect to the kernel, and let the prologue be the first thing that it does.

        nbclient waits until a kernel answers, and then until it says no more, before it sends anything.
        """
        recording = self.recording
        if recording is None:
            return await super().async_start_new_kernel_client()
        try:
            # It was sent to a kernel that was started already; to the next one, if that has died, it is sent here.
            request, recording.asked = recording.asked, None
            request = request or await FirstRequest.send(self.km, recording.kernel_prologue)
            self.kc = request.client
            self._reply = await request.reply(self.startup_timeout)
        except BaseException:
            await self._async_cleanup_kernel()
            raise
        return self.kc

    start_new_kernel_client = run_sync(async_start_new_kernel_client)


class ReprobookEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's engine ``reprobook``."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, recording: Recording | None = None, **kwargs: Any
    ) -> Any:
        """Run a notebook that papermill manages; ``recording`` is absent where papermill itself was called."""
        start_timeout = kwargs.pop("start_timeout", 60)
        timeout = kwargs.pop("execution_timeout", None)
        kwargs.pop("input_path", None)
        client = RecordingClient(
            nb_man, recording, kernel_name=kernel_name, timeout=timeout, startup_timeout=start_timeout, **kwargs
        )
        return client.execute()
