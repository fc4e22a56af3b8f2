"""`reprobook spec`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from reprobook.cli.console import console, print_json
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options, open_store
from reprobook.cli.render_spec import show_proposals, show_standing, standing_json
from reprobook.errors import InputError
from reprobook.execute.journal import trace_of
from reprobook.runs import Store
from reprobook.spec import (
    Document,
    Proposal,
    Spec,
    frozen_before,
    proposals,
    read_document,
    revised,
    spec_path,
    spec_standing,
    with_entries,
    write_document,
)
from reprobook.verify.recorded import runs_of_notebook


@click.command(
    epilog=examples(
        "reprobook spec train.ipynb --new",
        "reprobook spec train.ipynb --set loop.batch_size=32 --set 'evaluation.metrics=val_loss epoch, test_loss end'",
        "reprobook spec train.ipynb --set loop.epochs=40 --why 'val_loss still fell at 20'",
        "reprobook spec train.ipynb --from-image board.jpg",
    )
)
@click.argument("path", metavar="NB", type=click.Path(path_type=Path))
@click.option("--new", "begin", is_flag=True, help="Write a spec to fill in, every entry explained.")
@click.option("--set", "entries", metavar="ENTRY=TEXT", multiple=True, help="Declare an entry; empty: leave it open.")
@click.option(
    "--from-image", "photo", metavar="FILE", type=click.Path(path_type=Path), help="Read entries off a photo."
)
@click.option("--why", metavar="TEXT", default="", help="Why it changes; needed once a run was made with it.")
@common_options
def spec(  # noqa: PLR0913  # one for each option
    *,
    path: Path,
    begin: bool,
    entries: tuple[str, ...],
    photo: Path | None,
    why: str,
    store_path: Path | None,
    as_json: bool,
) -> None:
    """Declare what a training is meant to do, and see whether the newest run of the notebook kept to it.

    The spec stands beside NB, as NAME.spec.yaml: split and leakage risks, loop, evaluation, checkpoints, tracking,
    budget, hypothesis. Each run freezes it: its digest is in the header. Edit the file, or use --set (which keeps no
    comments of yours). After a run a change takes a reason; all changes are kept in the file's history.

    --from-image reads a photo of a whiteboard on this machine, and asks before it takes a value.
    """
    store = open_store(store_path, path)
    document, proposed = _document(path, begin=begin), _read_photo(photo)
    asking = sys.stdin.isatty() and not as_json
    texts = dict(map(_entry, entries)) | (_confirmed(proposed) if asking else {})
    if begin or texts or why:
        document = _revise(path, document, texts, why, store)
    if document is None and not proposed:
        msg = f"{path.name} has no training spec"
        raise InputError(msg, hint=f"reprobook spec {path} --new writes one to fill in.")
    standing = spec_standing(document, store, runs_of_notebook(path, store), trace_of)
    if as_json:
        print_json(standing_json(path, standing, proposed))
        return
    if not asking:
        show_proposals(console(), proposed, path)
    show_standing(console(), path, standing)


def _document(path: Path, *, begin: bool) -> Document | None:
    """Return the spec of a notebook, if it has one.

    Raises:
        InputError: If there is no such notebook, or a spec is to be begun and there is one.
    """
    if not path.is_file():
        msg = f"{path}: there is no such notebook"
        raise InputError(msg, hint="Give the path of an .ipynb file.")
    document = read_document(path)
    if begin and document is not None:
        msg = f"{spec_path(path)} is there already"
        raise InputError(msg, hint="Edit it, or use --set.")
    return document


def _revise(path: Path, before: Document | None, texts: dict[str, str], why: str, store: Store) -> Document:
    """Write the spec with these entries."""
    wanted = with_entries(before.spec if before else Spec(), texts)
    frozen = frozen_before(store, runs_of_notebook(path, store))
    document = revised(before, wanted, why, frozen=(frozen[0].spec, frozen[1].run_id) if frozen else None)
    click.echo(plain(write_document(path, document)), err=True)
    return document


def _entry(text: str) -> tuple[str, str]:
    """Take ``loop.epochs=20`` apart."""
    key, equals, value = text.partition("=")
    if not equals:
        msg = f"--set {text}: there is no '='"
        raise InputError(msg, hint="Write it like --set loop.epochs=20.")
    return key.strip(), value


def _read_photo(photo: Path | None) -> tuple[Proposal, ...]:
    """Return what a photo says of a spec."""
    if photo is None:
        return ()
    from reprobook.spec.photo import read_photo  # noqa: PLC0415  # an optional extra

    click.echo(f"reading {plain(photo)} …", err=True)
    found = proposals(read_photo(photo))
    if not found:
        msg = f"{photo}: no line reads like an entry of a spec"
        raise InputError(msg, hint="Write lines such as `Batch size: 32`, and take the photo from the front.")
    return found


def _confirmed(proposed: Iterable[Proposal]) -> dict[str, str]:
    """Ask for each value whether it is right, and return those that are."""
    taken: dict[str, str] = {}
    for each in proposed:
        click.echo(f"\nread: {plain(each.line.text)}  ({each.line.score:.0%} sure)", err=True)
        if each.problem:
            click.echo(f"left out: {plain(each.problem)}", err=True)
        elif click.confirm(f"{each.key} = {plain(each.text)}?", default=False, err=True):
            taken[each.key] = each.text
    return taken
