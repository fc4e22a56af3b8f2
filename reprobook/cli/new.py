"""`reprobook new`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import cell_text, console, print_json, table
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options
from reprobook.template import NewNotebook, Template, find_template, new_notebook, templates

# Columns: longer lines of prose are hard to read.
_READABLE = 100


@click.command(epilog=examples("reprobook new", "reprobook new bert intents", "reprobook new tabular work/churn.ipynb"))
@click.argument("name", metavar="[TEMPLATE]", required=False)
@click.argument("path", metavar="[PATH]", required=False, type=click.Path(path_type=Path))
@click.option("--list", "listing", is_flag=True, help="List the templates; so does the command alone.")
@common_options
def new(*, name: str | None, path: Path | None, listing: bool, store_path: Path | None, as_json: bool) -> None:
    """Begin a notebook from a template.

    PATH is a new folder, or where the notebook shall be (.ipynb); its README with data card, its data and its test are
    put beside it. Without PATH the folder is called like the template. Nothing is ever overwritten.
    """
    del store_path  # taken by every command; nothing is recorded here
    if name is None or listing:
        _show_list(templates(), as_json=as_json)
        return
    _show_new(new_notebook(find_template(name), path or Path(name)), as_json=as_json)


def _show_list(found: tuple[Template, ...], *, as_json: bool) -> None:
    """Print what there is to begin from."""
    if as_json:
        print_json([each.as_json() for each in found])
        return
    rows = table("template", "what it is")
    for each in found:
        rows.add_row(each.name, cell_text(each.summary))
    out = console()
    out.width = min(out.width, _READABLE)
    out.print(rows)


def _show_new(made: NewNotebook, *, as_json: bool) -> None:
    """Print what was written, and what to do next."""
    if as_json:
        files = [str(file) for file in made.files]
        print_json({"template": made.template, "dir": str(made.folder), "notebook": str(made.notebook), "files": files})
        return
    for file in made.files:
        click.echo(plain(file))
    click.echo(f"hint: reprobook run {plain(made.notebook)} --lite", err=True)
