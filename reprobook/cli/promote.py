"""`reprobook promote`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.text import Text

from reprobook.cli.console import cell_text, console, print_json
from reprobook.cli.exit_codes import DIVERGED, SUCCESS
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, is_notebook, open_store
from reprobook.cli.progress import Progress
from reprobook.promote import LAUNCHERS, STYLES, JobOptions, Promotion, promote_notebook
from reprobook.promote.options import Launcher, Style


@click.command(epilog=examples("reprobook promote train.ipynb -o job", "cd job && python train.py --help"))
@click.argument("target", metavar="NB|RUN")
@click.option("-o", "--output", "out", type=click.Path(path_type=Path, file_okay=False), help="The job's folder.")
@click.option(
    "--keep", metavar="CELL", multiple=True, help="Keep this code cell: its number, from 0, or its id. Repeatable."
)
@click.option(
    "--style", type=click.Choice(STYLES), default="plain", show_default=True, help="How the script is configured."
)
@click.option(
    "--launcher", type=click.Choice(LAUNCHERS), multiple=True, help="Write a job file for this scheduler. Repeatable."
)
@click.option("--force", is_flag=True, help="Replace another notebook's job, or files edited by hand.")
@click.option("--no-verify", is_flag=True, help="Write the script without running it.")
@common_options
def promote(  # noqa: PLR0913 - one for each option
    *,
    target: str,
    out: Path | None,
    keep: tuple[str, ...],
    style: Style,
    launcher: tuple[Launcher, ...],
    force: bool,
    no_verify: bool,
    store_path: Path | None,
    as_json: bool,
) -> int:
    """Turn a notebook into a script, and prove it: it is run, and must give the notebook's result bit by bit."""
    store = open_store(store_path, target)
    source = Path(target) if is_notebook(target) else store.resolve(target)
    options = JobOptions(style=style, launchers=launcher, keep=keep, force=force)
    with Progress() as progress:
        found = promote_notebook(source, store, options, out=out, verify=not no_verify, on_event=progress)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found)
    return DIVERGED if found.equivalent is False else SUCCESS


def _show(found: Promotion) -> None:
    """Show what was written, what was left out, and whether it is the same."""
    out = console()
    verdicts = {True: "✓ equivalent: true", False: "✗ equivalent: false", None: "not proved"}
    styles = {True: "bold green", False: "bold red", None: "yellow"}
    out.print(Text.assemble((verdicts[found.equivalent], styles[found.equivalent]), f"  {found.script}"))
    for kind, what in {"names": "variables", "lines": "printed lines"}.items():
        if found.equivalent and found.checked.get(kind):
            text = f"  by {found.checked[kind]} {what}: the notebook logs and shows no result"
            out.print(cell_text(text, "dim"))
    for cell in found.asked:
        out.print(cell_text(f"  kept as asked: cell {cell}", "dim"))
    for each in found.dropped:
        out.print(cell_text(f"  left out: cell {each.cell}: {each.reason}", "dim"))
    if found.first:
        out.print(cell_text(f"first difference: {found.first['evidence']}"))
        out.print(cell_text(f"hint: {found.first['fix']}", "cyan"))
