"""`reprobook delete`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options, open_store
from reprobook.cli.render_runs import show_records
from reprobook.errors import InputError
from reprobook.runs import RunFolder, Store
from reprobook.runs.aliases import named_in
from reprobook.runs.deletion import Doomed, delete_runs, doomed
from reprobook.sweep.folder import SweepFolder, find_folder, remove_folder


@click.command(
    epilog=examples(
        "reprobook delete 20261121-0a1b",
        "reprobook delete --where \"status == 'failed' and created < '2026-11'\"",
        "reprobook delete 20261129-112031-k3f9 --yes   # a sweep: all its trials",
    )
)
@click.argument("texts", metavar="[RUN|SWEEP]...", nargs=-1)
@click.option("--where", metavar="EXPR", help="All runs for which this holds, as in `reprobook runs`.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@common_options
def delete(*, texts: tuple[str, ...], where: str | None, yes: bool, store_path: Path | None, as_json: bool) -> None:
    """Delete runs for good, with the replays of them, and all trials of a sweep that is named.

    What goes is listed, then you are asked; without a terminal --yes is needed. Kept files that no other run needs are
    freed too. Runs that are going on are refused, and then nothing is deleted.
    """
    if not texts and where is None:
        msg = "nothing is named: RUN, SWEEP or --where"
        raise click.UsageError(msg)
    store = open_store(store_path)
    runs, sweeps = _named(store, texts)
    runs += [store.folder(record.run_id) for record in store.records(where)] if where is not None else []
    going = doomed(store, runs)
    if not as_json:
        _show(store, going)
    if (going or sweeps) and not yes and not _agreed(going):
        click.echo("Nothing was deleted.", err=True)
        return
    freed = delete_runs(store, going)
    for sweep in sweeps:
        remove_folder(sweep)
    if as_json:
        ids = [each.run.run_id for each in going]
        print_json({"deleted": ids, "sweeps": [sweep.sweep_id for sweep in sweeps], "freed_bytes": freed})
    else:
        click.echo(f"✓ {len(going)} runs deleted, {_megabytes(freed)} freed" if going or sweeps else "No run matches.")


def _named(store: Store, texts: Sequence[str]) -> tuple[list[RunFolder], list[SweepFolder]]:
    """Return the runs that are named, those of the sweeps that are named, and these sweeps.

    Raises:
        InputError: If there is no such run or sweep, or the sweep is going on.
    """
    runs: list[RunFolder] = []
    sweeps: list[SweepFolder] = []
    for text in texts:
        try:
            runs.append(store.resolve(text))
        except InputError as unknown:
            sweeps.append(_sweep(store, text, unknown))
            records = store.records(f"sweep == {sweeps[-1].sweep_id!r}")
            runs += [store.folder(record.run_id) for record in records]
    return runs, sweeps


def _sweep(store: Store, text: str, unknown: InputError) -> SweepFolder:
    """Return a sweep by its id or the beginning of it; what is none either is an unknown run."""
    try:
        found = find_folder(store, text)
    except InputError:
        raise unknown from None
    if found.state().alive:
        msg = f"sweep {found.sweep_id} is still running; nothing was deleted"
        raise InputError(msg, hint="Stop it first.")
    return found


def _show(store: Store, going: Sequence[Doomed]) -> None:
    """List what goes, and the names of models that lead to it."""
    if records := [each.record for each in going if each.record]:
        show_records(console(), records)
    for each in going:
        if each.record is None:
            click.echo(f"{plain(each.run.run_id)}  (its record cannot be read)")
        for name in named_in(store.root, each.run.run_id):
            click.echo(f"warning: {plain(name)} is a checkpoint of run {each.run.run_id}", err=True)


def _agreed(going: Sequence[Doomed]) -> bool:
    """Ask whether all of it shall go.

    Raises:
        click.UsageError: If there is nobody to ask.
    """
    size = _megabytes(sum(each.size for each in going))
    if not sys.stdin.isatty():
        msg = f"{len(going)} runs ({size}) would be deleted for good, and there is no terminal to ask at"
        raise click.UsageError(msg + ": add --yes")
    return click.confirm(f"Delete {len(going)} runs ({size}) for good?", err=True)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
