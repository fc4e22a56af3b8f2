"""One recorded session: the process that runs a notebook's cells, headless or live."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from reprobook.ambient.pin import apply_pins
from reprobook.capture import Subject, apply_seed, capture, write_lock
from reprobook.dataset.fetch import cache_folder
from reprobook.dataset.frozen import frozen_sources
from reprobook.execute.active import activate, deactivate
from reprobook.execute.cell_map import CellMap
from reprobook.execute.inputs import keep_modules
from reprobook.execute.journal import Journal
from reprobook.execute.request import RecordRequest
from reprobook.execute.sinklog import Place, SinkLog
from reprobook.execute.snapshot import Provenance
from reprobook.header import Code, Header, Seeds, decode, short_id
from reprobook.profile import PROFILE, Profile, ShellProfile
from reprobook.runs import RunFolder
from reprobook.runs.files import write_atomic
from reprobook.trace import DEFAULT_BUDGET, CellTrace, Recorder, positions
from reprobook.trace.ipython import ShellTrace
from reprobook.trace.numbers import save_numbers
from reprobook.trace.thread_errors import ThreadErrors

# Bytes of one value that a light trace reads; of more, a deterministic sample.
_LIGHT_BUDGET = 1 << 20
# Folder of an experiment's run that holds the numbers asked for.
VALUES = "values"


class Session:
    """Freezes the header, then records every cell until ``stop``.

    Args:
        request: What to record, and where.
        shell: The IPython shell.
    """

    def __init__(self, request: RecordRequest, shell: Any) -> None:
        self.run = RunFolder(Path(request.folder))
        self.request = request
        apply_pins(request.pins)
        self.seeds = apply_seed(request.seed, deterministic=request.deterministic, device=request.device)
        self.header = self._freeze()
        self.cells = CellMap(request.sources, request.cell_ids)
        self._journal = Journal(self.run)
        self._namespace: dict[str, Any] = shell.user_ns
        self._recorder = Recorder(
            self._namespace,
            on_cell=self._cell_ended,
            resolve=self.cells.resolve,
            hidden=shell.user_ns_hidden,
            ignore=(self.run.path.parent.parent, cache_folder()),
            budget=_LIGHT_BUDGET if request.trace == "light" else DEFAULT_BUDGET,
        )
        self.sinks = SinkLog(
            self.run,
            self.run.make_artifacts,
            place=self._place(),
            on_sink=self._journal.sink,
            cell=lambda: self._recorder.open_index,
            provenance=self._provenance(),
        )
        self._hooks = ShellTrace(shell, self._recorder, self.sinks.shown)
        self._ended: int | None = None
        self._threads = ThreadErrors(self._last_cell, self._journal.thread_error)
        self._profile = (
            ShellProfile(shell, lambda: self._recorder.open_index, self._profiled) if request.profile else None
        )

    def start(self) -> None:
        """Begin to record, with the next cell."""
        activate(self.sinks, self.request.device)
        # The profile begins after the recorder and ends before it: what recording costs is not the cell's.
        if self._profile is not None:
            self._profile.attach_end()
        if self.request.trace != "off":
            self._hooks.attach()
            self._threads.attach()
        if self._profile is not None:
            self._profile.attach_begin()

    def stop(self) -> None:
        """Stop recording; what was recorded stays in the journal."""
        deactivate(self.sinks)
        if self._profile is not None:
            self._profile.detach()
        if self.request.trace != "off":
            self._hooks.detach()
            self._threads.detach()
        self._journal.close()
        self.run.close_metrics()

    def reseed(self) -> Seeds:
        """Set the requested seeds again: ``%reprotrain init`` means from here on."""
        if self.request.seed is not None or self.request.deterministic:
            apply_seed(self.request.seed, deterministic=self.request.deterministic, device=self.request.device)
        return self.seeds

    def _freeze(self) -> Header:
        """Write header and lock, before any cell has run."""
        request = self.request
        parameters = {name: decode(value) for name, value in request.parameters.items()}
        header = capture(
            Subject(
                code=Code(cells=request.cells),
                sources=request.sources,
                folder=Path(request.cwd),
                origin=Path(request.origin) if request.origin else None,
                parameters=parameters,
                data=frozen_sources(request.sources, Path(request.cwd), parameters),
                seeds=self.seeds.model_copy(update={"positions": positions()}),
                notebook=request.notebook,
                name=request.name,
                spec=request.spec,
            )
        )
        self.run.write_header(header, write_lock(header.environment) if header.environment is not None else None)
        keep_modules(self.run, request.sources, Path(request.cwd))
        return header

    def _place(self) -> Place:
        """Return where files go that are no results."""
        frozen = {source.name: source.sha256 for source in self.header.data}
        replay = self.run.read_record().kind == "replay"
        return Place(self.run.path, self.run.path.parent.parent, replay=replay, frozen=frozen)

    def _provenance(self) -> Provenance:
        """Return what a checkpoint of this run says of where it comes from."""
        return Provenance(
            version=short_id(self.header),
            run_id=self.run.run_id,
            parameters=self.header.parameters,
            data={source.name: source.sha256 for source in self.header.data},
            recipe_digest=self.header.recipe_digest,
            header_digest=self.header.header_digest,
            store=self.run.path.parent.parent,
        )

    def _profiled(self, profile: Profile) -> None:
        """Keep what was measured so far: a kernel that is killed leaves it."""
        text = profile.model_dump_json(by_alias=True, indent=1)
        write_atomic(self.run.path / PROFILE, text.encode() + b"\n", durable=False)

    def _last_cell(self) -> int | None:
        """Return the cell that runs, or ran last."""
        running = self._recorder.open_index
        return self._ended if running is None else running

    def _cell_ended(self, cell: CellTrace) -> None:
        self._ended = cell.index
        self.cells.passed(cell.index)
        self._journal.cell(cell)
        measured = self.request.measured
        if measured is not None and cell.index == measured[0]:
            save_numbers(self._namespace, measured[1], self.run.path / VALUES)


# One notebook a process: this is where rb.log finds it.
_current: list[Session] = []


def current_session() -> Session | None:
    """Return the session that records this process, if there is one."""
    return _current[-1] if _current else None


def begin(request: RecordRequest, shell: Any) -> Session:
    """Start to record this process; ends the session before it."""
    end()
    session = Session(request, shell)
    session.start()
    _current.append(session)
    return session


def end() -> Session | None:
    """Stop the current session and return it."""
    if not _current:
        return None
    session = _current.pop()
    session.stop()
    return session


def begin_in_kernel(request: str) -> None:
    """Start to record in the shell of this process; ``request`` is JSON of ``RecordRequest``."""
    begin(RecordRequest.model_validate_json(request), sys.modules["IPython"].get_ipython())
