"""`reprobook env`: the environment of a recorded run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from reprobook.capture import LOCK_NAME
from reprobook.cli.console import cell_text, console, print_json, table
from reprobook.cli.exit_codes import ENVIRONMENT, SUCCESS
from reprobook.cli.messages import examples, plain
from reprobook.cli.options import common_options, open_store, trust_option
from reprobook.environment import (
    IndexOptions,
    Mismatch,
    Restored,
    lock_environment,
    mismatches,
    read_interpreter,
    this_interpreter,
)
from reprobook.environment import restore as restore_environment
from reprobook.errors import InputError
from reprobook.header import Environment
from reprobook.runs.files import write_atomic
from reprobook.runs.foreign import check_trust

_MOST_LOCAL = 8
_extra_index = click.option(
    "--extra-index-url", "urls", multiple=True, metavar="URL", help="A further package index. Repeatable."
)


@click.group(
    epilog=examples(
        "reprobook env check latest",
        "reprobook env restore latest ../restored",
        "../restored/bin/reprobook verify latest",
    )
)
def env() -> None:
    """Lock, check or restore the environment that a run was recorded in.

    Every run records its Python and its distributions, each with a digest of its files. `check` holds another
    environment against that, `restore` makes the recorded one again, and `lock` writes a lock file (PEP 751) that uv
    and pip can install from.
    """


@env.command(
    epilog=examples("reprobook env lock latest", "reprobook env lock latest build && uv pip sync build/pylock*")
)
@click.argument("run")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@_extra_index
@trust_option
@common_options
def lock(  # noqa: PLR0913 - one for each option
    *, run: str, folder: Path | None, urls: tuple[str, ...], trust: bool, store_path: Path | None, as_json: bool
) -> int:
    """Write DIR/pylock.reprobook.toml: the recorded versions, with the wheels that the index has for this platform.

    DIR is the working folder unless it is named. Asking the index for a hundred distributions takes about a minute.

    What no index has is left out and listed, and the exit code is 5. Of what came from a folder of this machine the
    lock holds no path, but says where beside the lock it is expected.
    """
    made = lock_environment(_environment(run, store_path, trust=trust), IndexOptions(extra_index_urls=urls), _progress)
    path = (folder or Path()).absolute() / LOCK_NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, made.text.encode(), mode=0o644)
    if as_json:
        print_json({"lock": str(path), "distributions": made.locked, "missing": made.missing, "local": made.local})
    else:
        click.echo(f"wrote {plain(path)}: {made.locked} distributions, {len(made.missing)} more on no index")
        _show_reasons(made.missing)
        _show_reasons(dict(list(made.local.items())[:_MOST_LOCAL]))
        if len(made.local) > _MOST_LOCAL:
            click.echo(f"  … {len(made.local) - _MOST_LOCAL} more that lie on this machine: --json lists them")
    return ENVIRONMENT if made.missing else SUCCESS


@env.command(epilog=examples("reprobook env check latest", "reprobook env check latest .venv --json"))
@click.argument("run")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@common_options
def check(*, run: str, folder: Path | None, store_path: Path | None, as_json: bool) -> int:
    """Compare an environment with the recorded one: this one, or the virtual environment DIR.

    Each difference is shown with what would mend it. Exits with 5 if something is missing, or is another version or
    build; what is here in addition is only listed.
    """
    recorded = _environment(run, store_path, trust=True)
    found = mismatches(recorded, read_interpreter(folder.absolute()) if folder else this_interpreter())
    matched = not any(each.required for each in found)
    if as_json:
        print_json({"matched": matched, "mismatches": _json(found)})
    else:
        click.echo(f"{'✓ matches' if matched else '✗ does not match'} what run {run} was recorded in")
        _show(found)
        if not matched:
            click.echo(f"hint: reprobook env restore {plain(run)} DIR", err=True)
    return SUCCESS if matched else ENVIRONMENT


@env.command(epilog=examples("reprobook env restore latest ../restored", "../restored/bin/reprobook verify latest"))
@click.argument("run")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@_extra_index
@trust_option
@common_options
def restore(  # noqa: PLR0913 - one for each option
    *, run: str, folder: Path, urls: tuple[str, ...], trust: bool, store_path: Path | None, as_json: bool
) -> int:
    """Make a virtual environment DIR like the recorded one, and check it against the header, by the digests of wheels.

    uv installs where it is found, pip what uv cannot have. What is not to be had (another Python, wheels that are on
    no index, folders of the recording machine) is listed with the reason; everything else is installed. Exits with 5
    if the environment is not the recorded one. --extra-index-url names an index with builds such as torch's +cpu.
    """
    made = restore_environment(
        _environment(run, store_path, trust=trust), folder, IndexOptions(extra_index_urls=urls), _progress
    )
    if as_json:
        print_json(_restored_json(made))
    else:
        _show_restored(made)
    return SUCCESS if made.matched else ENVIRONMENT


def _environment(run: str, store_path: Path | None, *, trust: bool) -> Environment:
    """Return the recorded environment of a run; installers execute code of what they are given.

    Raises:
        InputError: If it was not recorded.
        UntrustedError: If the run was imported, and is not trusted.
    """
    folder = open_store(store_path).resolve(run)
    check_trust(folder.read_record(), trust=trust)
    found = folder.read_header().environment
    if found is None or not found.distributions:
        msg = f"run {run} has no record of its environment"
        raise InputError(msg, hint="Run the notebook again.")
    return found


def _progress(text: str) -> None:
    click.echo(text, err=True)


def _json(found: tuple[Mismatch, ...]) -> list[dict[str, Any]]:
    return [asdict(each) for each in found]


def _restored_json(made: Restored) -> dict[str, Any]:
    return {
        "dir": str(made.folder),
        "matched": made.matched,
        "installed": made.installed,
        "failed": made.failed,
        "mismatches": _json(made.mismatches),
        "notes": list(made.notes),
    }


def _show_restored(made: Restored) -> None:
    """Say what is there, what could not be had, and how to use it."""
    click.echo(f"{'✓' if made.matched else '✗'} {plain(made.folder)}: {made.installed} distributions as recorded")
    _show_reasons(made.failed)
    _show(made.mismatches)
    for note in made.notes:
        click.echo(f"note: {plain(note)}")
    click.echo(f"hint: {plain(made.folder)}/bin/reprobook verify RUN", err=True)


def _show_reasons(reasons: dict[str, str]) -> None:
    for name, reason in reasons.items():
        click.echo(f"  {plain(name)}: {plain(reason)}")


def _show(found: tuple[Mismatch, ...]) -> None:
    """Show differences as a table."""
    rows = table("name", "recorded", "found", "fix")
    for each in found:
        rows.add_row(
            cell_text(each.name), cell_text(each.recorded or "—"), cell_text(each.found or "—"), cell_text(each.fix)
        )
    if found:
        console().print(rows)
