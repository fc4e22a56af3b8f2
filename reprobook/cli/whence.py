"""`reprobook whence`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import cell_text, console, print_json, table
from reprobook.cli.messages import examples
from reprobook.cli.models import checkpoint_json
from reprobook.cli.options import common_options
from reprobook.errors import InputError
from reprobook.runs import Store
from reprobook.runs.checkpoints import checkpoint_of
from reprobook.runs.files import sha256_file


@click.command(epilog=examples("reprobook whence downloads/model.safetensors"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common_options
def whence(*, file: Path, store_path: Path | None, as_json: bool) -> None:
    """Say which run made a checkpoint or artifact, by its bytes: renamed and copied files are found too.

    Of a checkpoint it also says the model, the training step, and the checkpoint that the run went on from.
    """
    store = Store.open(store_path, Path())
    digest = sha256_file(file)
    found = store.whence(digest)
    if not found:
        msg = f"{file}: no run in {store.root} made it (sha256 {digest})"
        raise InputError(msg, hint="Was it made by another store's run (--store), or changed since?")
    origins = [(run, path, checkpoint_of(store, run, path)) for run, path in found]
    if as_json:
        runs = [
            {"run_id": run, "path": path, **({"checkpoint": checkpoint_json(saved, [])} if saved else {})}
            for run, path, saved in origins
        ]
        print_json({"file": str(file), "sha256": digest, "runs": runs})
        return
    rows = table("run", "file", "model", "step", "from")
    for run, path, saved in origins:
        about = (saved.metadata.model, saved.metadata.step, saved.metadata.parent) if saved else (None, None, None)
        rows.add_row(run, cell_text(path), *(cell_text("" if fact is None else fact) for fact in about))
    console().print(rows)
