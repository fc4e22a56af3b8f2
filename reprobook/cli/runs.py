"""`reprobook runs`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options, open_store
from reprobook.cli.render_runs import show_records
from reprobook.runs import record_json
from reprobook.runs.where import names_in


@click.command(
    epilog=examples(
        "reprobook runs",
        'reprobook runs --where "accuracy > 0.9 and seed == 1" --sort -accuracy --limit 5',
        "reprobook runs --where \"sweep == 'latest'\" --sort trial",
    )
)
@click.option("--where", metavar="EXPR", help="Only runs for which this holds: \"lr > 0.1 and status == 'succeeded'\".")
@click.option("--sort", metavar="[-]FIELD", help="By a field, parameter or metric; - for descending.  [newest first]")
@click.option("--limit", type=int, metavar="N", help="At most so many.")
@common_options
def runs(*, where: str | None, sort: str | None, limit: int | None, store_path: Path | None, as_json: bool) -> None:
    """List recorded runs, newest first, with the parameters that differ between them and their metrics.

    A run is plain, a trial of a sweep, a replay (of a verification), live (an open notebook), or a job (a promoted
    script). --where takes these fields too: kind, status, name, source, seed, sweep, trial, created, duration_s.
    """
    store = open_store(store_path)
    records = store.records(where, sort, limit)
    if as_json:
        print_json([record_json(record) for record in records])
    elif records:
        named = (*(names_in(where) if where else ()), *([sort.removeprefix("-")] if sort else []))
        show_records(console(), records, named)
    else:
        click.echo(f"No runs in {plain(store.root)}." if where is None else "No run matches.", err=True)
    for damaged in store.corrupt():
        click.echo(f"warning: {plain(damaged.run_id)} cannot be read: {plain(damaged.problem)}", err=True)
