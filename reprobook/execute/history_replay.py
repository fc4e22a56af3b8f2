"""A history executed again: steps in a fresh kernel, recorded, whatever notebook they came from."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from reprobook.ambient import NO_PINS, Pins
from reprobook.execute.history import LoadedModule
from reprobook.execute.journal import read_trace
from reprobook.execute.options import OnEvent, RunOptions, ignore
from reprobook.execute.preparation import Preparation
from reprobook.execute.run import run_prepared
from reprobook.notebook import InitOptions, read_notebook
from reprobook.runs import RunFolder, Store
from reprobook.trace import CellTrace


def replay_history(  # noqa: PLR0913  # what is repeated, and how, by keyword
    run: RunFolder,
    sources: Sequence[str],
    store: Store,
    *,
    modules: Sequence[LoadedModule] = (),
    cwd: Path | None = None,
    pins: Pins = NO_PINS,
    on_event: OnEvent = ignore,
) -> dict[int, CellTrace]:
    """Execute sources one after another in a fresh kernel, and return what each did, by its position.

    A source that fails does not end the replay: in a live session the next cell was executed all the same.

    Args:
        run: The live run, whose folder, seed and device count.
        sources: What to execute.
        store: Where the replay is recorded.
        modules: Local modules to import as the session loaded them.
        cwd: Working folder; default: that of the session.
        pins: What is held still.
        on_event: Told of the progress.

    Raises:
        InputError: If nothing could run.
    """
    header = run.read_header()
    folder = cwd or Path(header.origin.folder or run.path)
    with ExitStack() as stack:
        if modules:
            shelf = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reprobook-modules-")))
            _lay_out(run, modules, shelf)
            pins = pins.joined(Pins(import_path=str(shelf)))
        options = RunOptions(
            seed=header.seeds.seed,
            device=header.seeds.device,
            name=header.name,
            cwd=folder,
            kind="replay",
            parent=run.run_id,
            pins=pins,
        )
        prepared = _prepared(sources, folder, options, deterministic=bool(header.seeds.deterministic))
        replay = run_prepared(prepared, store, options, on_event)
    return read_trace(replay).by_cell()


def _prepared(sources: Sequence[str], folder: Path, options: RunOptions, *, deterministic: bool) -> Preparation:
    """Put the sources into a notebook of their own."""
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"step-{number}",
            "metadata": {"tags": ["raises-exception"]},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    data = json.dumps(content).encode()
    notebook = read_notebook(data, "history")
    init = InitOptions(options.name, options.seed, deterministic, options.device)
    return Preparation(data, notebook, notebook, {}, init, options.seed, folder.resolve(), folder / "history.ipynb")


def _lay_out(run: RunFolder, modules: Sequence[LoadedModule], shelf: Path) -> None:
    """Write modules below a folder, under their names; of several versions of one, the last."""
    for module in modules:
        parts = module.name.split(".")
        is_package = Path(module.path).name == "__init__.py"
        target = shelf.joinpath(*parts, "__init__.py") if is_package else shelf.joinpath(*parts).with_suffix(".py")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(run.blobs.read(module.digest))
