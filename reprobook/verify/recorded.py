"""Which recorded run belongs to a notebook file, and what evidence it left."""

from __future__ import annotations

from pathlib import Path

from reprobook.execute import read_trace
from reprobook.header import Header
from reprobook.runs import JsonLines, RunFolder, RunRecord, Store, project_folder
from reprobook.trace import CellTrace, Sink, Trace
from reprobook.trace.sinks import counted, result_digest


def recorded_run(path: Path, store: Store) -> RunFolder | None:
    """Return the newest run of the notebook that has evidence, a live session included; replays do not count."""
    target = path.resolve()
    bases = (project_folder(path), store.root.parent, Path.cwd())
    for record in store.records(where="kind in ('run', 'live')"):
        if _has_evidence(record) and target in _sources(record, bases):
            return store.folder(record.run_id)
    return None


def run_of_header(header: Header, store: Store) -> RunFolder | None:
    """Return the run that a header was frozen for, if it is in the store: an executed copy has another path."""
    found = store.records(where=f"header_digest == '{header.header_digest}' and kind != 'replay'", limit=1)
    return store.folder(found[0].run_id) if found else None


def _sources(record: RunRecord, bases: tuple[Path, ...]) -> set[Path]:
    """Return where the notebook of a run may be; a live session's record names the open file itself."""
    if record.kind == "live" and record.notebook:
        return {Path(record.notebook).resolve()}
    return {(base / record.source).resolve() for base in bases} if record.source else set()


def _has_evidence(record: RunRecord) -> bool:
    """Tell whether a run came far enough; a live session is verified while it goes on."""
    return record.kind == "live" or record.status in {"succeeded", "failed"}


def trace_of(run: RunFolder) -> Trace:
    """Return the evidence of a run: its trace, or what its journal holds while it goes on or after it was killed."""
    if run.trace.exists() or not run.trace_journal.exists():
        return read_trace(run)
    lines = JsonLines(run.trace_journal).read().records
    sinks = tuple(Sink.model_validate(line["sink"]) for line in lines if "sink" in line)
    cells = tuple(CellTrace.model_validate(line["cell"]) for line in lines if "cell" in line)
    return Trace(cells=cells, sinks=counted(sinks), result_digest=result_digest(sinks))
