"""`reprobook check`."""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.exit_codes import SUCCESS
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options
from reprobook.cli.render_check import diff_lines, show_diff, show_hazards
from reprobook.errors import InputError
from reprobook.execute.preparation import read_source
from reprobook.hazards import Hazard, find_hazards, fix_notebook, with_sources
from reprobook.notebook import read_notebook
from reprobook.runs.files import write_atomic


@click.command(epilog=examples("reprobook check train.ipynb", "reprobook check train.ipynb --fix"))
@click.argument("path", metavar="NB", type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="Mend what can be mended safely; shows a diff first.")
@click.option("--yes", is_flag=True, help="Change the notebook without asking, as where there is no terminal.")
@common_options
def check(*, path: Path, fix: bool, yes: bool, store_path: Path | None, as_json: bool) -> int:
    """Say what may make a notebook irreproducible, before anything runs.

    Nothing is executed. A hazard (✗) will make results differ; a hint (·) may, in an open notebook or on another
    machine. Exits with 0 whether or not there are hazards, and with 2 if the notebook cannot be read.

    --fix seeds generators (with the variable `seed` if there is one), sorts sets and listings, and gives random_state,
    default_rng and samplers the seed. Outputs, metadata and all other bytes of the file stay as they are.
    """
    del store_path  # taken by every command; nothing is recorded here
    data = read_source(path)
    notebook = read_notebook(data, path.name)
    found = find_hazards(notebook)
    sources = fix_notebook(notebook, found) if fix else {}
    diff = diff_lines(notebook, sources)
    written = False
    if sources:
        if not as_json:
            show_diff(console(), diff)
        written = yes or not sys.stdin.isatty() or click.confirm("Write these changes?", err=True)
        if written:
            data = _write(path, data, sources)
            click.echo(f"changed: {path}", err=True)
            notebook = read_notebook(data, path.name)
            found = find_hazards(notebook)
    if as_json:
        changed = {"fixed": sorted(sources) if written else [], "diff": "\n".join(diff)} if fix else {}
        print_json({"hazards": [_as_json(hazard) for hazard in found], **changed})
    else:
        show_hazards(console(), notebook, found)
    return SUCCESS


def _as_json(hazard: Hazard) -> dict[str, Any]:
    """Return a hazard as JSON."""
    keys = ("cell", "line", "cause", "message", "fix", "certain")
    return {key: getattr(hazard, key) for key in keys}


def _write(path: Path, data: bytes, sources: Mapping[int, str]) -> bytes:
    """Replace the file in one step, and return its new bytes; a link is followed, the permissions stay.

    Raises:
        InputError: If it is read-only, or was changed meanwhile, by an open Jupyter for example.
        StorageError: If the disk refuses.
    """
    target = path.resolve()
    new = with_sources(data, sources)
    mode = stat.S_IMODE(target.stat().st_mode)
    if not mode & stat.S_IWUSR:
        # Replacing a file needs no permission to write it; whoever took that away meant it.
        msg = f"{path}: the file is read-only"
        raise InputError(msg, hint="Make it writable (chmod u+w), or check a copy.")
    if read_source(target) != data:
        msg = f"{path}: the file was changed while it was being checked"
        raise InputError(msg, hint="Save or close it in Jupyter, then run the command again.")
    write_atomic(target, new)
    target.chmod(mode)
    return new
