"""`reprobook diff`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from reprobook.cli.console import cell_text, console, json_value, print_json, table
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, open_store
from reprobook.cli.render_check import show_diff
from reprobook.comparison import code_diff
from reprobook.runs import Difference, RunFolder, Side, diff

_DIGEST = re.compile(r"[0-9a-f]{40,64}")


@click.command("diff", epilog=examples("reprobook diff 20261121-0a1b latest"))
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@common_options
def diff_runs(*, first: str, second: str, store_path: Path | None, as_json: bool) -> None:
    """Show what differs between two runs: parameters, code, environment, data, hardware, results.

    Code is shown line by line, cells aligned by their text; of a live session, the cells as they were executed.
    """
    store = open_store(store_path)
    runs = [store.resolve(text) for text in (first, second)]
    a, b = (_side(run) for run in runs)
    found, code = diff(a, b), code_diff(*runs)
    if as_json:
        rows = [{"section": d.section, "key": d.key, "a": json_value(d.a), "b": json_value(d.b)} for d in found]
        print_json({"a": a.record.run_id, "b": b.record.run_id, "differences": rows, "code": code})
        return
    out = console()
    if shown := [each for each in found if not (code and _is_cell(each))]:
        rows_shown = table("section", "what", a.record.run_id, b.record.run_id)
        for each in shown:
            rows_shown.add_row(each.section, cell_text(each.key), cell_text(_short(each.a)), cell_text(_short(each.b)))
        out.print(rows_shown)
    if code:
        show_diff(out, code)
    elif not found:
        out.print("The two runs do not differ.")


def _side(run: RunFolder) -> Side:
    """Return a run, its files checked, as one side of the comparison."""
    record = run.check_integrity()
    return Side(record, run.read_header() if run.header.exists() else None)


def _is_cell(each: Difference) -> bool:
    """Tell whether a difference is the digest of a cell, of which its lines say more."""
    return each.section == "code" and each.key.startswith("cell ")


def _short(value: object) -> str:
    """Return a fact as text; of a digest the beginning is enough to see that it differs."""
    text = "—" if value is None else str(value)
    return f"{text[:12]}…" if _DIGEST.fullmatch(text) else text
