"""The recorder: what each cell read, wrote, drew and opened."""

from __future__ import annotations

import os
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from reprobook.header.canonical import sha256_hex
from reprobook.trace.content import DEFAULT_BUDGET, Digester
from reprobook.trace.content.anatomy import module_of, qualified_name
from reprobook.trace.files import FileWatch
from reprobook.trace.model import CellError, CellTrace, ValueDigest
from reprobook.trace.outputs import CellOutput, normalised
from reprobook.trace.reach import reached_names
from reprobook.trace.rng import positions
from reprobook.trace.static import CellNames, names_of

_SHELL_NAMES = frozenset({"In", "Out", "exit", "quit", "get_ipython"})
_PACKAGE = "reprobook"
_LONGEST_MESSAGE = 4000
_ABSENT = object()


@dataclass(frozen=True)
class _OpenCell:
    """A cell that runs."""

    source: str
    cell_id: str | None
    execution_count: int | None
    names: CellNames
    reads: dict[str, ValueDigest]
    identities: dict[str, int]
    rng: dict[str, str]
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
        self._namespace = namespace
        self._on_cell = on_cell
        self._resolve = resolve
        self._hidden = hidden
        self._budget = budget
        self._files = FileWatch(ignore=ignore)
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
        names = names_of(source if transformed is None else transformed)
        self._cell = _OpenCell(
            source=source,
            cell_id=cell_id,
            execution_count=execution_count,
            names=names,
            reads=self._digests(self._readable(names)),
            identities=self._identities(),
            rng=positions(),
            started=perf_counter(),
        )
        self._files.start()

    def cancel(self) -> None:
        """Forget a cell that began."""
        self._files.stop()
        self._cell = None

    def end(self, error: BaseException | None = None, output: CellOutput | None = None) -> CellTrace | None:
        """Record the state after the cell, and hand its trace to ``on_cell``; None if no cell began."""
        if (cell := self._cell) is None:
            return None
        duration = perf_counter() - cell.started
        self._cell = None
        files_read, files_written = self._files.stop()
        trace = CellTrace(
            index=self._resolve(cell.source, cell.cell_id),
            cell_id=cell.cell_id,
            source_digest=sha256_hex(cell.source.encode("utf-8", "surrogatepass")),
            order=self._order,
            execution_count=cell.execution_count,
            status="ok" if error is None else "error",
            error=None if error is None else _cell_error(error),
            writes=self._writes(cell, finished=error is None),
            reads=cell.reads,
            rng_before=cell.rng,
            rng_after=positions(),
            outputs=(output or CellOutput()).digest(),
            files_read=files_read,
            files_written=files_written,
            duration_s=duration,
        )
        self._order += 1
        self._on_cell(trace)
        return trace

    def _identities(self) -> dict[str, int]:
        """Return every name with the id of its object: ids, since a reference would keep the object alive."""
        return dict(zip(self._namespace, map(id, self._namespace.values()), strict=True))

    def _readable(self, names: CellNames) -> set[str]:
        """Return the names whose value before the cell may matter to it."""
        direct = set(names.inputs)
        if names.stores & names.loads:
            # It may call what it defines: what those functions refer to is read here.
            direct |= names.deferred
        return direct | reached_names(direct, self._namespace)

    def _writes(self, cell: _OpenCell, *, finished: bool) -> dict[str, ValueDigest]:
        """Return the names that the cell bound or changed."""
        before = cell.identities
        rebound = {name for name, identity in self._identities().items() if before.get(name) != identity}
        # A cell that failed may not have come as far as to bind what it names.
        bound = rebound | cell.names.stores if finished else rebound
        used = cell.names.loads | cell.reads.keys()
        after = self._digests(bound | used | reached_names(used, self._namespace))
        return {name: value for name, value in after.items() if name in bound or cell.reads.get(name) != value}

    def _digests(self, names: Iterable[str]) -> dict[str, ValueDigest]:
        """Digest those of the names that are the notebook's own, as they are now."""
        digester = Digester(budget=self._budget)
        return {name: digester.digest(self._namespace[name]) for name in sorted(filter(self._counts, names))}

    def _counts(self, name: object) -> bool:
        """Tell whether a name is the user's."""
        if type(name) is not str or name.startswith("_") or name in _SHELL_NAMES:
            return False
        value = self._namespace.get(name, _ABSENT)
        return value is not _ABSENT and value is not self._hidden.get(name, _ABSENT) and not _is_ours(value)


def _is_ours(value: object) -> bool:
    """Tell whether a value is part of reprobook itself."""
    if type(value) is types.ModuleType:
        module = value.__name__
    elif type(value) is types.FunctionType:
        module = value.__module__
    else:
        module = module_of(value) if type(value) is type else module_of(type(value))
    return module == _PACKAGE or str(module).startswith(f"{_PACKAGE}.")


def _cell_error(error: BaseException) -> CellError:
    """Return name and message of an exception."""
    try:
        text = str(error)
    # The exception may be of the user's making, and its text too.
    except Exception:  # noqa: BLE001
        text = ""
    return CellError(ename=qualified_name(type(error)).rpartition(".")[2], evalue=normalised(text[:_LONGEST_MESSAGE]))
