"""`reprobook whence`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reprobook.cli.console import cell_text, console, print_json, table
from reprobook.cli.messages import examples
from reprobook.cli.models import checkpoint_json
from reprobook.cli.options import common_options
from reprobook.cli.render_runs import kind_of
from reprobook.errors import InputError
from reprobook.execute.written import WrittenFile, last_written, writers
from reprobook.runs import Store
from reprobook.runs.checkpoints import StoredCheckpoint, checkpoint_of
from reprobook.runs.files import sha256_file

_Origin = tuple[str, str, StoredCheckpoint | None]
_UNSEEN = (
    "Not seen is what was written with --trace off, by another program, by a thread after its cell, or by C code "
    "outside of the working folder."
)


@click.command(epilog=examples("reprobook whence downloads/model.safetensors", "reprobook whence mlp.pt"))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@common_options
def whence(*, file: Path, store_path: Path | None, as_json: bool) -> None:
    """Say which run made a file, by its bytes: renamed and copied files are found too.

    Found are artifacts that were saved with rb.save, and files that a cell wrote by itself (torch.save, joblib.dump,
    to_csv); of these it says the cell. Of a checkpoint it also says the model, the training step, and the checkpoint
    that the run went on from.
    """
    store = Store.open(store_path, Path())
    digest = sha256_file(file)
    origins = [(run, path, checkpoint_of(store, run, path)) for run, path in store.whence(digest)]
    written = writers(store, digest)
    if not origins and not written:
        raise _unknown(store, file, digest)
    if as_json:
        runs = [
            {"run_id": run, "path": path, **({"checkpoint": checkpoint_json(saved, [])} if saved else {})}
            for run, path, saved in origins
        ]
        print_json({"file": str(file), "sha256": digest, "runs": [*runs, *map(_written_json, written)]})
        return
    if origins:
        _show_sealed(origins)
    if written:
        _show_written(written)


def _show_sealed(origins: list[_Origin]) -> None:
    """Show the runs that keep the file as one of their own."""
    rows = table("run", "file", "model", "step", "from")
    for run, path, saved in origins:
        about = (saved.metadata.model, saved.metadata.step, saved.metadata.parent) if saved else (None, None, None)
        rows.add_row(run, cell_text(path), *(cell_text("" if fact is None else fact) for fact in about))
    console().print(rows)


def _show_written(written: list[WrittenFile]) -> None:
    """Show the cells that wrote the file."""
    rows = table("run", "kind", "written by", "as", "notebook")
    for each in written:
        facts = (kind_of(each.record), _cell(each), each.path, each.record.source or "not known")
        rows.add_row(each.record.run_id, *map(cell_text, facts))
    console().print(rows)


def _cell(written: WrittenFile) -> str:
    """Name a cell by its number, else by the kernel's."""
    return f"[{written.execution_count}]" if written.cell is None else f"cell {written.cell}"


def _written_json(written: WrittenFile) -> dict[str, Any]:
    return {"run_id": written.record.run_id, "path": written.path, "cell": written.cell}


def _unknown(store: Store, file: Path, digest: str) -> InputError:
    """Return the error for a file that no run made, with the run that wrote one in its place."""
    msg = f"{file}: no run in {store.root} made it (sha256 {digest})"
    last = last_written(store, file)
    if last is not None:
        where = f"{_cell(last)} of run {last.record.run_id}"
        return InputError(msg, hint=f"{where} wrote this file with other content: it was changed since. {_UNSEEN}")
    return InputError(msg, hint=f"Another store's run (--store)? {_UNSEEN}")
