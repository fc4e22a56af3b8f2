"""Run a prepared notebook's cells in this process."""

from __future__ import annotations

import asyncio
import sys
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from reprobook.errors import ExecutionError
from reprobook.execute.document import notebook_node
from reprobook.execute.heavy import import_nbformat
from reprobook.execute.inline.outputs import NotebookOutputs
from reprobook.execute.inline.process import lent_process
from reprobook.execute.inline.shell import notebook_shell
from reprobook.execute.inline.stamps import Stamps
from reprobook.execute.inline.stop import Stop
from reprobook.execute.inline.streams import notebook_streams
from reprobook.execute.inline.wire import Wire, request_id
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation
from reprobook.execute.recording import Recording
from reprobook.execute.session import current_session, end

_SKIPPED = "skip-execution"
_MAY_RAISE = "raises-exception"


def execute(prepared: Preparation, recording: Recording, options: RunOptions) -> None:
    """Do what ``execute_inline`` says."""
    if current_session() is not None:
        msg = "this process records a notebook already"
        raise ExecutionError(msg, hint="Choose another kernel than inline.")
    node = _upgraded(notebook_node(prepared))
    recording.notebook = node
    stamps = Stamps(node)
    stamps.begin()
    execution = _Execution(node, recording, options.timeout)
    try:
        with execution.running() as run:
            run(stamps)
    except TimeoutError:
        if not execution.timed_out:
            raise
    else:
        stamps.name_language()
        stamps.mark_error(import_nbformat().v4.new_markdown_cell)
    finally:
        stamps.end()


def _upgraded(node: Any) -> Any:
    """Return the notebook in the newest minor version of its format, its texts in one piece, as papermill does."""
    v4 = import_nbformat().v4
    return v4.upgrade(v4.rwbase.rejoin_lines(node)) or node


class _Execution:
    """One notebook in this process.

    Args:
        node: The notebook, filled in place.
        recording: What the driver wants to know.
        timeout: Seconds that a cell may take.
    """

    def __init__(self, node: Any, recording: Recording, timeout: float | None) -> None:
        self._node = node
        self._recording = recording
        self._timeout = timeout
        self._outputs = NotebookOutputs(node.cells, import_nbformat().from_dict)
        self._wire = Wire(self._outputs)
        self._stop = Stop()
        self._shell: Any = None
        self._streams: tuple[Any, ...] = ()

    @contextmanager
    def running(self) -> Iterator[Callable[[Stamps], None]]:
        """Take over the process; yields what runs the cells."""
        with ExitStack() as stack:
            stack.enter_context(lent_process(self._recording.env, self._recording.cwd))
            stack.callback(self._let_go)
            streams = stack.enter_context(notebook_streams(self._outputs, self._wire))
            self._streams = streams
            self._shell = stack.enter_context(notebook_shell(self._wire))
            self._shell.run_ast_nodes = self._unless_stopped(self._shell.run_ast_nodes)
            stack.callback(end)
            stack.enter_context(self._stop.signals())
            loop = stack.enter_context(_event_loop())
            yield lambda stamps: self._run_in(loop, stamps)

    def _run_in(self, loop: asyncio.AbstractEventLoop, stamps: Stamps) -> None:
        """Run the cells in an event loop; what stops a cell may come while it waits, and is told to it then."""
        task = loop.create_task(self._run(stamps))
        while True:
            try:
                loop.run_until_complete(task)
            except KeyboardInterrupt:
                if task.done():
                    raise
                task.cancel()
            else:
                return

    @property
    def timed_out(self) -> bool:
        """Whether a cell was ended for its time."""
        return self._stop.reason == "timeout"

    def _let_go(self) -> None:
        """Forget the shell, which holds what the notebook made."""
        self._shell, self._streams = None, ()

    async def _run(self, stamps: Stamps) -> None:
        """Run the cells in order, up to the first that fails."""
        self._begin_recording()
        for index, cell in enumerate(self._node.cells):
            # Tasks of earlier cells go on between cells.
            await asyncio.sleep(0)
            self._recording.on_cell(index)
            stamps.begin_cell(cell)
            try:
                await self._run_cell(index, cell, stamps)
            except BaseException as error:
                self._recording.failed, self._recording.error = index, error
                stamps.fail_cell(cell)
                # What nbclient raises where a cell fails by itself is an exception; the rest ends more than the cells.
                if self._stop.reason is not None or not isinstance(error, Exception):
                    raise
                break
            finally:
                stamps.end_cell(cell)
            if index == self._recording.stop_after:
                break

    def _begin_recording(self) -> None:
        """Start the session that records the shell.

        Raises:
            ExecutionError: If it fails.
        """
        try:
            exec(self._recording.prologue, {})  # noqa: S102  # the same line as a kernel is sent
        # Capture looks at the whole environment; whatever it stumbles over ends the run, with its reason.
        except Exception as error:
            msg = f"the process cannot record: {type(error).__name__}: {error}"
            raise ExecutionError(msg, hint="Run it in a kernel: --kernel cold.") from error

    async def _run_cell(self, index: int, cell: Any, stamps: Stamps) -> None:
        """Run one cell.

        Raises:
            CellExecutionError: If it fails and may not.
            CellTimeoutError: If it took too long.
            KeyboardInterrupt: If the run was ended meanwhile.
        """
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or _SKIPPED in tags:
            return
        cell.metadata.pop("execution", None)
        self._outputs.begin(index)
        self._shell.set_parent({"header": {"msg_id": request_id(index)}})
        cell["execution_count"] = self._shell.execution_count
        for moment in ("iopub.status.busy", "iopub.execute_input"):
            stamps.execution(cell, moment)
        try:
            with self._stop.deadline(self._timeout):
                reply = await self._reply(cell.source)
        except (KeyboardInterrupt, asyncio.CancelledError):
            if self._stop.reason is None:
                raise
            reply = None
        finally:
            for stream in self._streams:
                stream.flush()
            self._outputs.end()
        self._check_stop(cell)
        for moment in ("shell.execute_reply", "iopub.status.idle"):
            stamps.execution(cell, moment)
        if reply is not None and _MAY_RAISE not in tags:
            from nbclient.exceptions import CellExecutionError  # noqa: PLC0415 - only runs that fail wait for it

            raise CellExecutionError.from_cell_and_msg(cell, reply)

    def _unless_stopped(self, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Run no code of a cell after the run was ended.

        An interrupt that comes while IPython tells others that a cell begins is taken for a mistake of theirs.
        """

        async def run_unless_stopped(*args: Any, **kwargs: Any) -> Any:
            if self._stop.reason is not None:
                raise KeyboardInterrupt
            return await run(*args, **kwargs)

        return run_unless_stopped

    def _check_stop(self, cell: Any) -> None:
        """Say how the cell was ended from outside, if it was."""
        if self._stop.reason == "interrupt":
            raise KeyboardInterrupt
        if self._stop.reason == "timeout":
            from nbclient.exceptions import CellTimeoutError  # noqa: PLC0415 - see above

            msg = "Cell execution timed out"
            raise CellTimeoutError.error_from_timeout_and_cell(msg, self._timeout, cell)

    async def _reply(self, source: str) -> dict[str, Any] | None:
        """Run source, and return what ipykernel replies where it fails."""
        shell = self._shell
        result = await self._result(source)
        error = result.error_before_exec if result.error_before_exec is not None else result.error_in_exec
        shell.payload_manager.clear_payload()
        # Older releases of ipykernel do not know of it: an error while a value is shown ends no cell of theirs.
        if result.success and not getattr(shell, "_last_traceback_during_displayhook", False):
            return None
        return {"traceback": shell._last_traceback or [], "ename": type(error).__name__, "evalue": str(error)}  # noqa: SLF001

    async def _result(self, source: str) -> Any:
        """Run source as ``IPythonKernel.do_execute`` does: awaited if it awaits, else within the running loop."""
        shell = self._shell
        failure = None
        try:
            transformed = shell.transform_cell(source)
        # What ipykernel catches too: the error is shown as that of the cell.
        except Exception:  # noqa: BLE001
            transformed, failure = source, sys.exc_info()
        if not shell.should_run_async(source, transformed_cell=transformed, preprocessing_exc_tuple=failure):
            return shell.run_cell(source, store_history=True)
        result = None
        try:
            result = await shell.run_cell_async(
                source, store_history=True, transformed_cell=transformed, preprocessing_exc_tuple=failure
            )
        finally:
            shell.events.trigger("post_execute")
            shell.events.trigger("post_run_cell", result)
        return result


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Give the notebook an event loop that runs, as in a kernel; one of the caller's waits meanwhile."""
    outer = asyncio._get_running_loop()  # noqa: SLF001  # what asyncio's own runner asks, for a loop that may be none
    asyncio._set_running_loop(None)  # noqa: SLF001
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        pending = asyncio.all_tasks(loop)
        for task in pending:
            task.cancel()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        asyncio.set_event_loop(None)
        asyncio._set_running_loop(outer)  # noqa: SLF001
