"""Which recorded run belongs to a notebook file, and what evidence it left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from reprobook.errors import InputError
from reprobook.execute.history import HISTORY
from reprobook.header import Header
from reprobook.notebook import Notebook, read_notebook
from reprobook.runs import RunFolder, RunRecord, Store, project_folder
from reprobook.verify.live.belonging import is_session_of
from reprobook.verify.live.session import live_session


def recorded_run(path: Path, store: Store) -> RunFolder | None:
    """Return the newest run of the notebook that has evidence, a live session included.

    Replays and imported runs do not count.
    """
    return next(recorded_runs(path, store), None)


def recorded_runs(path: Path, store: Store) -> Iterator[RunFolder]:
    """Yield the runs of the notebook that have evidence, the newest first."""
    target = path.resolve()
    bases = (project_folder(path), store.root.parent, Path.cwd())
    notebook = read_notebook(path.read_bytes(), path.name) if path.is_file() else None
    for record in store.records(where="kind in ('run', 'live')"):
        if not _has_evidence(record) or record.foreign is not None:
            continue
        run = store.folder(record.run_id)
        of_file = target in _sources(record, bases)
        if of_file or (record.kind == "live" and notebook and is_session_of(run, record, path, notebook)):
            yield run


def run_to_verify(path: Path, notebook: Notebook, headers: Iterable[Header], store: Store) -> RunFolder | None:
    """Return the newest run that recorded cells of a notebook: one that a freeze has just begun recorded none.

    Raises:
        InputError: If there are such runs only.
    """
    empty = None
    for run in chain(recorded_runs(path, store), filter(None, (run_of_header(header, store) for header in headers))):
        if _has_cells(run, notebook):
            return run
        empty = empty or run
    if empty is not None:
        msg = f"run {empty.run_id} has recorded none of the cells of {path.name} yet, and there is no other run of it"
        raise InputError(msg, hint=f"Run its cells in that session, or: reprobook run {path.name}")
    return None


def _has_cells(run: RunFolder, notebook: Notebook) -> bool:
    """Tell whether a run recorded cells of a notebook; of a session that may be none."""
    if not is_live(run):
        return True
    if not run.trace.exists() and not run.trace_journal.exists():
        return run.read_record().ended  # then they were removed, which is told where a run is checked
    return not live_session(run, notebook).is_empty


def is_live(run: RunFolder) -> bool:
    """Tell whether a run is a session with a history."""
    return run.read_record().kind == "live" and (run.path / HISTORY).exists()


def runs_of_notebook(path: Path, store: Store) -> str:
    """Return the condition that holds for the runs of a notebook, as ``--where`` takes it; replays are among them."""
    target = path.resolve()
    bases = {base.resolve() for base in (project_folder(target), store.root.parent)}
    inside = {target.relative_to(base).as_posix() for base in bases if target.is_relative_to(base)}
    # The record of a live session has the file's name for a source, and its whole path for a notebook.
    headless = f"kind != 'live' and source in {sorted(inside | {str(target)})!r}"
    return f"({headless} or kind == 'live' and notebook == {str(target)!r})"


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
