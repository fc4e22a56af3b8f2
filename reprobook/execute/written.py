"""Which cell of which run wrote a file: looked up in the traces by the content that the file had after the cell.

No index is kept of it: traces are searched for the digest as text, which takes 0.7 s in 2,000 of them (55 kB each), and
only those that have it are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprobook.errors import IntegrityError
from reprobook.execute.journal import trace_of
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.trace import CellTrace


@dataclass(frozen=True)
class WrittenFile:
    """A file as a cell left it.

    Attributes:
        record: The run.
        path: The file's path, relative to the run's working folder where it lies below.
        cell: Code index of the cell in the source notebook; None for code that is no cell of it.
        execution_count: The kernel's counter.
    """

    record: RunRecord
    path: str
    cell: int | None
    execution_count: int | None


def writers(store: Store, digest: str) -> list[WrittenFile]:
    """Return the cells that left a file of this SHA-256, the oldest run first."""
    found = (
        WrittenFile(record, path, cell.index, cell.execution_count)
        for record, cell in _cells(store, digest)
        for path, content in cell.files_written.items()
        if content == digest
    )
    return list(found)


def last_written(store: Store, file: Path) -> WrittenFile | None:
    """Return the newest run whose cell wrote a file where this one lies, whatever it held; None if there is none."""
    newest = None
    for record, cell in _cells(store, file.name):
        folder = _folder(store, record)
        for path in cell.files_written:
            if folder is not None and (folder / path).resolve() == file.resolve():
                newest = WrittenFile(record, path, cell.index, cell.execution_count)
    return newest


def _cells(store: Store, text: str) -> Iterator[tuple[RunRecord, CellTrace]]:
    """Yield the cells of all runs whose trace holds a text, the oldest run first."""
    for record in store.records(sort="sequence"):
        run = RunFolder(Path(record.run_dir))
        if _holds(run, text.encode()):
            try:
                trace = trace_of(run)
            except IntegrityError:
                continue  # `fsck` tells; a damaged trace names no writer
            yield from ((record, cell) for cell in trace.cells)


def _holds(run: RunFolder, text: bytes) -> bool:
    """Tell whether the evidence of a run holds a text at all."""
    for path in (run.trace, run.trace_journal):
        try:
            if text in path.read_bytes():
                return True
        except OSError:
            continue  # a run has one of the two
    return False


def _folder(store: Store, record: RunRecord) -> Path | None:
    """Return the working folder of a run; None where it is not known."""
    try:
        folder = store.folder(record.run_id).read_header().origin.folder
    except IntegrityError:
        return None
    return Path(folder) if folder else None
