"""`reprobook models`: the checkpoints of a store, and the names that people give them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reprobook.cli.console import cell_text, console, number_text, print_json, table
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options, open_store
from reprobook.runs import Store
from reprobook.runs.aliases import Aliases
from reprobook.runs.checkpoints import StoredCheckpoint, checkpoints, find_checkpoint


@click.group(
    invoke_without_command=True,
    epilog=examples(
        "reprobook models",
        "reprobook models --model digits",
        "reprobook models alias digits candidate",
        "reprobook models alias digits@candidate production",
    ),
)
@click.option("--model", metavar="MODEL", help="Only this one.")
@common_options
@click.pass_context
def models(context: click.Context, *, model: str | None, store_path: Path | None, as_json: bool) -> None:
    """List the checkpoints that runs saved with rb.save(MODEL, model, optimizer=..., step=...), the newest first.

    rb.load(MODEL) takes the newest, rb.load("MODEL@ALIAS") the one that has this name, rb.load("MODEL@RUN") that of a
    run. An alias stays where it is until it is set anew.
    """
    if context.invoked_subcommand is not None:
        return
    store = open_store(store_path)
    found = list(checkpoints(store, model))
    names = _names(store, found)
    if as_json:
        print_json([checkpoint_json(each, names.get(each.place, [])) for each in found])
    elif found:
        _show(found, names)
    else:
        click.echo(f"No checkpoints in {plain(store.root)}.", err=True)


@models.command(epilog=examples("reprobook models alias digits candidate"))
@click.argument("name", metavar="MODEL[@ALIAS|@RUN]")
@click.argument("alias")
@common_options
def alias(*, name: str, alias: str, store_path: Path | None, as_json: bool) -> None:
    """Give a checkpoint a name: candidate, production. Without @ the newest of the model is meant."""
    store = open_store(store_path)
    found = find_checkpoint(store, name)
    found.check()
    made = Aliases(store.root, found.metadata.model).set(alias, found.place, found.metadata.content)
    if as_json:
        print_json({"model": found.metadata.model, "alias": made.name, "checkpoint": found.place, "since": made.time})
    else:
        click.echo(f"{plain(found.metadata.model)}@{plain(made.name)} is {plain(found.place)}")


def checkpoint_json(found: StoredCheckpoint, aliases: list[str]) -> dict[str, Any]:
    """Return a checkpoint as JSON: its metadata, where it is, and what it is called."""
    return {
        **found.metadata.model_dump(mode="json", by_alias=True),
        "checkpoint": found.place,
        "folder": str(found.folder),
        "aliases": aliases,
    }


def _names(store: Store, found: list[StoredCheckpoint]) -> dict[str, list[str]]:
    """Return the aliases of each checkpoint that has any, by its place."""
    names: dict[str, list[str]] = {}
    for model in {each.metadata.model for each in found}:
        for alias in Aliases(store.root, model).current().values():
            names.setdefault(alias.place, []).append(alias.name)
    return names


def _show(found: list[StoredCheckpoint], names: dict[str, list[str]]) -> None:
    """Print the list."""
    rows = table("model", "version", "saved", "run", "step", "metrics", "aliases", right=("step",))
    for each in found:
        about = each.metadata
        metrics = "  ".join(f"{name} {number_text(float(value))}" for name, value in about.metrics.items())
        texts = [about.model, about.version, about.created[:19], about.run_id, about.step, metrics]
        texts.append(", ".join(sorted(names.get(each.place, []))))
        rows.add_row(*(cell_text("" if text is None else text) for text in texts))
    console().print(rows)
