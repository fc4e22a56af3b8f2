"""`reprobook card`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.card import croissant, data_card, model_card
from reprobook.card.recorded import find_data
from reprobook.cli.console import print_json
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import check_target, common_options, open_store
from reprobook.runs import RunFolder
from reprobook.runs.files import write_atomic


@click.command(
    epilog=examples(
        "reprobook card latest -o MODEL_CARD.md --license mit",
        "reprobook card latest --data prices -o README.md",
        "reprobook card latest --data prices --croissant -o croissant.json",
    )
)
@click.argument("run")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file.  [default: print it]")
@click.option("--data", "name", metavar="NAME", help="A data card: of data that the run named with rb.data.")
@click.option("--croissant", "as_croissant", is_flag=True, help="With --data: Croissant metadata (JSON-LD) instead.")
@click.option(
    "--license", "license_id", default="", metavar="ID", help="The model's licence, as the hub calls it: mit …"
)
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@common_options
def card(  # noqa: PLR0913 - one for each option
    *,
    run: str,
    output: Path | None,
    name: str | None,
    as_croissant: bool,
    license_id: str,
    force: bool,
    store_path: Path | None,
    as_json: bool,
) -> None:
    """Write the model card of a run, or the card of data that it used, in Hugging Face's format.

    Everything in it was recorded: parameters, data with digests, metrics with the cell that logged them, how rows were
    split and what leaks, checkpoints, machine, and how the last verification ended. What is not known is listed as a
    gap, to be filled in by hand; nothing is invented.
    """
    if as_croissant and name is None:
        msg = "--croissant describes data: name it with --data"
        raise click.UsageError(msg)
    if output is not None:
        check_target(output, force=force)
    written = _text(open_store(store_path).resolve(run), name, license_id, as_croissant=as_croissant)
    # Names of an imported run may hold what is no character.
    text = written.encode("utf-8", "backslashreplace").decode()
    if output is not None:
        write_atomic(output, text.encode(), mode=0o644)
    if as_json:
        print_json({"file": str(output) if output else None, "text": text})
    elif output is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"✓ {plain(output)}")


def _text(run: RunFolder, name: str | None, license_id: str, *, as_croissant: bool) -> str:
    """Return the card that is asked for."""
    if name is None:
        return model_card(run, license_id)
    found = find_data(run, name)
    return croissant(found) if as_croissant else data_card(found, run.run_id)
