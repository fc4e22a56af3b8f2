"""The recorder: what each cell read, wrote, drew and opened."""

from __future__ import annotations

import os
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from reprobook.ambient.settings import settings
from reprobook.ambient.watch import CallWatch
from reprobook.header.canonical import sha256_hex
from reprobook.trace.content import DEFAULT_BUDGET
from reprobook.trace.content.anatomy import qualified_name
from reprobook.trace.files import FileWatch
from reprobook.trace.model import CellError, CellTrace, ValueDigest
from reprobook.trace.names import NotebookNames
from reprobook.trace.outputs import CellOutput, normalised
from reprobook.trace.rng import positions
from reprobook.trace.static import names_of

_LONGEST_MESSAGE = 4000


@dataclass(frozen=True)
class _OpenCell:
    """A cell that runs."""

    source: str
    cell_id: str | None
    execution_count: int | None
    reads: dict[str, ValueDigest]
    rng: dict[str, str]
    settings: dict[str, str]
    started: float


class Recorder:
    """Records cells: call ``begin`` before each and ``end`` after it.

    Args:
        namespace: The notebook's namespace; never changed.
        on_cell: Called with the trace of each cell as it ends.
        resolve: Maps source and cell id to the code index in the source notebook, None for code that is no cell.
        hidden: Names that the shell put into the namespace, with their values; they count once rebound.
        ignore: Files and folders that are not the notebook's (the store, the run folder).
        budget: See ``Digester``; small for a light trace.
    """

    def __init__(  # noqa: PLR0913  # options, by keyword
        self,
        namespace: dict[str, Any],
        *,
        on_cell: Callable[[CellTrace], None],
        resolve: Callable[[str, str | None], int | None],
        hidden: Mapping[str, object] = types.MappingProxyType({}),
        ignore: Iterable[str | os.PathLike[str]] = (),
        budget: int = DEFAULT_BUDGET,
    ) -> None:
        self._names = NotebookNames(namespace, hidden, budget)
        self._on_cell = on_cell
        self._resolve = resolve
        self._files = FileWatch(ignore=ignore)
        self._calls = CallWatch(namespace)
        self._order = 0
        self._cell: _OpenCell | None = None

    @property
    def open_index(self) -> int | None:
        """Code index of the cell that runs, if it is one of the notebook's."""
        return self._resolve(self._cell.source, self._cell.cell_id) if self._cell else None

    def begin(
        self,
        source: str,
        cell_id: str | None = None,
        execution_count: int | None = None,
        *,
        transformed: str | None = None,
    ) -> None:
        """Record the state before a cell.

        Args:
            source: The cell as sent, by which it is known.
            cell_id: The id that the front end sent.
            execution_count: The kernel's counter.
            transformed: The Python that runs, where magics make it differ from the source.
        """
        self._cell = _OpenCell(
            source=source,
            cell_id=cell_id,
            execution_count=execution_count,
            reads=self._names.begin(names_of(source if transformed is None else transformed)),
            rng=positions(),
            settings=settings(),
            started=perf_counter(),
        )
        self._files.start()
        self._calls.start()

    def cancel(self) -> None:
        """Forget a cell that began."""
        self._calls.stop()
        self._files.stop()
        self._cell = None

    def end(
        self,
        error: BaseException | None = None,
        output: CellOutput | None = None,
        exit_code: int | None = None,
    ) -> CellTrace | None:
        """Record the state after the cell, and hand its trace to ``on_cell``; None if no cell began."""
        if (cell := self._cell) is None:
            return None
        duration = perf_counter() - cell.started
        self._cell = None
        calls = self._calls.stop()
        files_read, files_written = self._files.stop()
        writes, deletes = self._names.end(finished=error is None)
        trace = CellTrace(
            index=self._resolve(cell.source, cell.cell_id),
            cell_id=cell.cell_id,
            source_digest=sha256_hex(cell.source.encode("utf-8", "surrogatepass")),
            order=self._order,
            execution_count=cell.execution_count,
            status="ok" if error is None else "error",
            error=None if error is None else cell_error(error),
            writes=writes,
            deletes=deletes,
            reads=cell.reads,
            rng_before=cell.rng,
            rng_after=positions(),
            outputs=(output or CellOutput()).digest(),
            files_read=files_read,
            files_written=files_written,
            duration_s=duration,
            calls=calls,
            settings_before=cell.settings,
            settings_after=settings(),
            exit_code=exit_code,
        )
        self._order += 1
        self._on_cell(trace)
        return trace


def cell_error(error: BaseException) -> CellError:
    """Return name and message of an exception."""
    try:
        text = str(error)
    # The exception may be of the user's making, and its text too.
    except Exception:  # noqa: BLE001
        text = ""
    return CellError(ename=qualified_name(type(error)).rpartition(".")[2], evalue=normalised(text[:_LONGEST_MESSAGE]))
