"""A live session as verification sees it: its history, placed in the notebook as it is saved now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobook.execute.history import LoadedModule, read_history
from reprobook.execute.journal import trace_of
from reprobook.header import sha256_hex
from reprobook.notebook import Notebook
from reprobook.runs import RunFolder
from reprobook.trace import Trace
from reprobook.verify.live.events import Event, live_events
from reprobook.verify.live.parameters import LiveParameters, live_parameters, with_parameters


@dataclass(frozen=True)
class Live:
    """A live session beside the notebook as it is saved now.

    Attributes:
        run: The recorded run.
        notebook: The saved notebook.
        events: What was executed, placed in the notebook.
        trace: The session's trace, with the code indices of the saved notebook.
        parameters: The session's parameters that the file does not have.
        edited: Local modules whose file has changed since the kernel loaded it.
        modules: All local modules that it loaded.
    """

    run: RunFolder
    notebook: Notebook
    events: tuple[Event, ...]
    trace: Trace
    parameters: LiveParameters
    edited: tuple[LoadedModule, ...]
    modules: tuple[LoadedModule, ...]

    @property
    def is_empty(self) -> bool:
        """Whether it recorded none of the notebook's cells, but for reprobook's own magics."""
        return not any(event.trace and event.index is not None and not event.is_own for event in self.events)

    def clean_notebook(self, *, in_place: bool = False) -> bytes | None:
        """Return the bytes of the notebook with the session's parameters; None if the file has them itself."""
        return with_parameters(self.notebook, self.parameters, in_place=in_place) if self.parameters.values else None


def live_session(run: RunFolder, notebook: Notebook) -> Live:
    """Read what is known of a live run, also while it goes on, and place it in the saved notebook."""
    history = read_history(run)
    recorded = trace_of(run)
    events = live_events(history, recorded, notebook)
    cells = tuple(event.trace for event in events if event.trace)
    modules = history.modules if history else ()
    return Live(
        run=run,
        notebook=notebook,
        events=events,
        trace=recorded.model_copy(update={"cells": cells}),
        parameters=live_parameters(events, notebook),
        edited=_edited_modules(modules),
        modules=modules,
    )


def _edited_modules(modules: Sequence[LoadedModule]) -> tuple[LoadedModule, ...]:
    """Return the modules whose file is no longer what was loaded last."""
    last = {module.name: module for module in modules}
    return tuple(module for module in last.values() if _file_digest(module.path) != module.digest)


def _file_digest(path: str) -> str:
    """Return the digest of a file as it is now, empty if it is gone."""
    try:
        return sha256_hex(Path(path).read_bytes())
    except OSError:
        return ""
