"""`reprobook diff`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import cell_text, console, json_value, print_json, table
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, open_store
from reprobook.cli.subject import run_subject
from reprobook.runs import Side, diff


@click.command("diff", epilog=examples("reprobook diff 20261121-0a1b latest"))
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
@common_options
def diff_runs(*, first: str, second: str, store_path: Path | None, as_json: bool) -> None:
    """Show what differs between two runs: parameters, code, environment, data, hardware, results."""
    store = open_store(store_path)
    folders = [store.resolve(text) for text in (first, second)]
    subjects = [run_subject(folder) for folder in folders]
    a, b = (
        Side(subject.record or folder.read_record(), subject.header)
        for subject, folder in zip(subjects, folders, strict=True)
    )
    found = diff(a, b)
    if as_json:
        rows = [{"section": d.section, "key": d.key, "a": json_value(d.a), "b": json_value(d.b)} for d in found]
        print_json({"a": a.record.run_id, "b": b.record.run_id, "differences": rows})
        return
    shown = table("section", "what", a.record.run_id, b.record.run_id)
    for each in found:
        shown.add_row(each.section, cell_text(each.key), cell_text(each.a), cell_text(each.b))
    console().print(shown if found else "The two runs do not differ.")
