"""What the driver asks the process that runs the cells to record, as one line of JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from reprobook.ambient import NO_PINS, Pins


class RecordRequest(BaseModel):
    """Everything a session needs to freeze the header and to follow the cells.

    Attributes:
        folder: The run's folder.
        sources: Sources of the code cells as they will be executed, by code index.
        cells: SHA-256 of the sources as written, by code index.
        cell_ids: Their cell ids, None in older notebooks.
        parameters: Values of the parameters, encoded by ``header.encode``.
        notebook: Path of the source notebook.
        cwd: Working folder.
        origin: The folder that the header names, where the working folder is a copy of it.
        live: An open notebook, not a headless run.
        pins: What is held still from before the header is frozen.
        spec: Digest of the training spec; None without one.
        profile: Measure time and memory of each cell.
        measured: Names whose numbers are saved after the cell of this code index, for an experiment.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")

    folder: str
    sources: tuple[str, ...]
    cells: tuple[str, ...]
    cell_ids: tuple[str | None, ...] = ()
    parameters: dict[str, Any] = {}
    notebook: str | None = None
    cwd: str
    origin: str | None = None
    name: str | None = None
    seed: int | None = None
    deterministic: bool = False
    device: str = "auto"
    trace: str = "full"
    live: bool = False
    pins: Pins = NO_PINS
    spec: str | None = None
    profile: bool = False
    measured: tuple[int, tuple[str, ...]] | None = None
