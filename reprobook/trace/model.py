"""What a run did, cell by cell, as content digests."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reprobook.ambient import Call
from reprobook.errors import IntegrityError
from reprobook.header.canonical import canonical_json

TRACE_SCHEMA: Literal["reprobook.trace/1"] = "reprobook.trace/1"

# Frozen models keep their mappings as plain dicts (pydantic has no frozen one): treat them as read-only.
Digests = dict[str, str]


class Record(BaseModel):
    """A frozen part of a trace; unknown fields are refused, so that a newer trace is never half read."""

    model_config = ConfigDict(
        frozen=True, defer_build=True, extra="forbid", serialize_by_alias=True, validate_by_name=True
    )


class ValueDigest(Record):
    """The content of one value.

    Attributes:
        digest: BLAKE3 over the content, 64 hexadecimal digits.
        kind: Qualified type name; ``sampled:`` before it where only a deterministic sample was read.
        opaque: Part of the value is not covered by the digest (a generator, a lock, hidden C state). Two different
            digests still mean two different values; two equal ones prove nothing.
        summary: Short text that shows no content but numbers, such as ``float32[64, 32]``.
    """

    digest: str
    kind: str
    opaque: bool = False
    summary: str = ""


class CellError(Record):
    """The exception that ended a cell."""

    ename: str
    evalue: str


class CellTrace(Record):
    """What one execution of one cell did.

    Attributes:
        index: Code index in the source notebook; None for code that is no cell of it.
        cell_id: The cell id that the front end sent.
        source_digest: SHA-256 of the source as sent.
        order: 0-based position in the order of execution.
        execution_count: The kernel's counter.
        status: ``ok`` or ``error``.
        error: The exception, when the status is ``error``.
        writes: Names bound or changed, with their content after the cell.
        reads: Names that the cell may have loaded before binding them, with their content before the cell.
        rng_before: Digests of the states of the global generators before the cell.
        rng_after: The same, after the cell.
        outputs: Digest of the normalised outputs.
        files_read: SHA-256 of files opened for reading; ``missing`` for one that did not exist.
        files_written: SHA-256 of files opened for writing, after the cell.
        duration_s: Wall time of the cell in seconds.
        deletes: Names that the cell removed.
        calls: What the cell asked of the world outside.
        settings_before: Process-wide settings that change results (default dtype, threads, time zone ...), as text.
        settings_after: The same, after the cell.
        exit_code: Exit code of the cell's last shell line (``!command``), negative where a signal ended it; None
            without one.
    """

    index: int | None
    cell_id: str | None = None
    source_digest: str
    order: int
    execution_count: int | None = None
    status: Literal["ok", "error"] = "ok"
    error: CellError | None = None
    writes: dict[str, ValueDigest] = Field(default_factory=dict)
    reads: dict[str, ValueDigest] = Field(default_factory=dict)
    rng_before: Digests = Field(default_factory=dict)
    rng_after: Digests = Field(default_factory=dict)
    outputs: str = ""
    files_read: Digests = Field(default_factory=dict)
    files_written: Digests = Field(default_factory=dict)
    duration_s: float = 0.0
    deletes: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    settings_before: dict[str, str] = Field(default_factory=dict)
    settings_after: dict[str, str] = Field(default_factory=dict)
    exit_code: int | None = None


class Sink(Record):
    """One logged metric or saved artifact; ``digest`` is that of its value or bytes."""

    kind: Literal["metric", "artifact"]
    name: str
    step: int | None = None
    digest: str
    cell: int | None = None
    explicit: bool = True


class ThreadError(Record):
    """The exception that ended a thread; ``cell`` is the one that ran then, or had run last."""

    cell: int | None
    thread: str
    ename: str
    evalue: str


class Trace(Record):
    """The whole evidence of a run."""

    # JSON Schema's own word; `schema` is taken by pydantic.
    schema_: Annotated[Literal["reprobook.trace/1"], Field(alias="schema")] = TRACE_SCHEMA
    cells: tuple[CellTrace, ...] = ()
    sinks: tuple[Sink, ...] = ()
    result_digest: str = ""
    # Left out where there are none, so that a release that does not know them reads most traces.
    thread_errors: tuple[ThreadError, ...] = Field(default=(), exclude_if=lambda found: not found)

    def by_cell(self) -> dict[int, CellTrace]:
        """Return the last execution of each cell of the notebook, by its code index."""
        return {cell.index: cell for cell in self.cells if cell.index is not None}


def trace_bytes(trace: Trace) -> bytes:
    """Return the one byte string that a trace has on disk (RFC 8785)."""
    return canonical_json(trace.model_dump(mode="json")) + b"\n"


def open_trace(data: bytes, place: str) -> Trace:
    """Read a trace from its bytes on disk.

    Raises:
        IntegrityError: If the bytes are not those of a trace; names ``place``.
    """
    return Trace.model_validate(_checked(data, place, Trace))


def cell_line(cell: CellTrace) -> bytes:
    """Return the line that a cell has in ``trace.jsonl``."""
    return canonical_json(cell.model_dump(mode="json")) + b"\n"


def open_cell_line(data: bytes, place: str) -> CellTrace:
    """Read one line of ``trace.jsonl``.

    Raises:
        IntegrityError: If the line is torn or is not a cell; names ``place``.
    """
    return CellTrace.model_validate(_checked(data, place, CellTrace))


def _checked(data: bytes, place: str, model: type[Record]) -> Any:
    """Parse JSON and check it against a model."""
    try:
        content = json.loads(data)
        model.model_validate(content)
    except (ValueError, RecursionError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        msg = f"{place}: not a readable {model.__name__} ({reason})"
        raise IntegrityError(
            msg, hint="The file was edited or cut short: restore it, or run the notebook again."
        ) from error
    return content
