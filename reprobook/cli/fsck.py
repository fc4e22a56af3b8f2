"""`reprobook fsck`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from reprobook.cli.console import cell_text, console, print_json, table
from reprobook.cli.exit_codes import DAMAGED, SUCCESS
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, open_store
from reprobook.runs import fsck as check_store


@click.command(epilog=examples("reprobook fsck --repair"))
@click.option(
    "--repair",
    is_flag=True,
    help="Mark dead runs, remove leftovers, rebuild the index, put back files that a killed verify left changed.",
)
@common_options
def fsck(*, repair: bool, store_path: Path | None, as_json: bool) -> int:
    """Check every file of the store against its seal; exits with 4 if something is damaged."""
    report = check_store(open_store(store_path), repair=repair)
    if as_json:
        problems = [asdict(problem) for problem in report.problems]
        print_json({"checked": report.checked, "damaged": report.damaged, "problems": problems})
    else:
        rows = table("place", "problem", "repaired")
        for problem in report.problems:
            rows.add_row(cell_text(problem.place), cell_text(problem.problem), "yes" if problem.repaired else "no")
        console().print(rows if report.problems else f"{report.checked} runs checked, no damage.")
    return DAMAGED if report.damaged else SUCCESS
