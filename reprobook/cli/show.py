"""`reprobook show`."""

from __future__ import annotations

from pathlib import Path

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.messages import examples
from reprobook.cli.options import common_options, is_notebook, open_store
from reprobook.cli.render_show import show_subject, subject_json
from reprobook.execute.journal import trace_of
from reprobook.spec import review
from reprobook.verify.subject import notebook_subject, run_subject


@click.command(epilog=examples("reprobook show latest", "reprobook show train.ipynb --json"))
@click.argument("target", metavar="RUN|NB")
@common_options
def show(*, target: str, store_path: Path | None, as_json: bool) -> None:
    """Show one run, or the header that a notebook carries: what was run, on what, what came of it, and was meant to."""
    store = open_store(store_path, target)
    subject = notebook_subject(Path(target), store) if is_notebook(target) else run_subject(store.resolve(target))
    reviewed = review(subject.run, store, trace_of(subject.run)) if subject.run and subject.run.spec.exists() else None
    if as_json:
        print_json(subject_json(subject, reviewed))
    else:
        show_subject(console(), subject, reviewed)
