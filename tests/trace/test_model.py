from __future__ import annotations

import pytest
from pydantic import ValidationError

from reprobook.errors import IntegrityError
from reprobook.trace import (
    CellError,
    CellTrace,
    SinkChain,
    Trace,
    cell_line,
    digest_value,
    open_cell_line,
    open_trace,
    trace_bytes,
)

CELL = CellTrace(
    index=0,
    cell_id="a",
    source_digest="00",
    order=0,
    execution_count=1,
    status="error",
    error=CellError(ename="E", evalue="é"),
    writes={"x": digest_value([1])},
    files_read={"d.csv": "missing"},
    duration_s=0.1,
)


def test_a_trace_comes_back_from_its_bytes() -> None:
    chain = SinkChain()
    chain.metric("loss", 0.5, step=1)
    trace = Trace(cells=(CELL,), sinks=chain.sinks, result_digest=chain.result_digest())
    data = trace_bytes(trace)
    assert open_trace(data, "trace.json") == trace
    assert trace_bytes(open_trace(data, "trace.json")) == data
    assert b'"schema":"reprobook.trace/1"' in data


def test_a_cell_is_one_line() -> None:
    line = cell_line(CELL)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert open_cell_line(line, "line 1") == CELL


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"schema":"reprobook.trace/2"}', b"\xff", b"[" * 100_000]
)
def test_damage_is_named(data: bytes) -> None:
    for read in (open_trace, open_cell_line):
        with pytest.raises(IntegrityError, match="runs/x") as caught:
            read(data, "runs/x")
        assert caught.value.hint


def test_a_torn_line_is_refused() -> None:
    with pytest.raises(IntegrityError):
        open_cell_line(cell_line(CELL)[:-20], "trace.jsonl:1")


def test_models_are_frozen_and_closed() -> None:
    with pytest.raises(ValidationError):
        CELL.order = 1
    with pytest.raises(ValidationError):
        CellTrace.model_validate({**CELL.model_dump(), "more": 1})
