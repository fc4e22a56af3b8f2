"""`reprobook import`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import print_json
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options
from reprobook.crate import import_run as take_in
from reprobook.runs import Store, record_json


@click.command("import", epilog=examples("reprobook import digits.zip", "reprobook show latest"))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@common_options
def import_run(*, file: Path, store_path: Path | None, as_json: bool) -> None:
    """Take a run that `reprobook export` wrote into this store, its digests checked. Nothing of it is executed.

    It stays marked as imported: verify, promote and env restore, which execute what it holds, refuse it unless they
    are given --trust. An archive that could do harm when it is unpacked is refused before anything is written.
    """
    run = take_in(file, Store.open(store_path, Path()))
    record = run.read_record()
    if as_json:
        print_json(record_json(record))
        return
    click.echo(f"✓ run {run.run_id}, {record.status}, imported from {plain(record.foreign)}")
    click.echo(f"hint: reprobook show {run.run_id}; then reprobook verify {run.run_id} --trust", err=True)
