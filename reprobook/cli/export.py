"""`reprobook export`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import print_json
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import check_target, common_options, open_store
from reprobook.crate import export_run


@click.command(
    epilog=examples("reprobook export latest -o digits.zip", "reprobook export RUN -o run.zip --license MIT")
)
@click.argument("run")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file.  [default: RUN.zip]")
@click.option("--license", "license_id", metavar="SPDX", help="What it may be used under: MIT, CC-BY-4.0 …")
@click.option("--force", is_flag=True, help="Replace the file if there is one.")
@common_options
def export(  # noqa: PLR0913 - one for each option
    *, run: str, output: Path | None, license_id: str | None, force: bool, store_path: Path | None, as_json: bool
) -> None:
    """Write a run as one file for others: a Workflow Run RO-Crate, which `reprobook import` takes in again.

    It holds the notebook, the header, the evidence, the artifacts, and the small files that the run read. Paths, host
    and user of this machine are taken out, so are credentials in what was printed; one in the code itself is refused.
    The same run gives the same bytes. What still names this machine (a path in the code) is listed.
    """
    found = open_store(store_path).resolve(run)
    target = output or Path(f"{found.run_id}.zip")
    check_target(target, force=force)
    made = export_run(found, target, license_id)
    if as_json:
        about = {"run_id": found.run_id, "file": str(made.path), "sha256": made.sha256, "size": made.size}
        print_json({**about, "files": made.files, "notes": list(made.notes)})
        return
    click.echo(f"✓ {plain(made.path)}: {made.files} files, {made.size} bytes, sha256 {made.sha256}")
    for note in made.notes:
        click.echo(f"note: {plain(note)}")
