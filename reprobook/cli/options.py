"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reprobook.errors import InputError
from reprobook.runs.layout import store_root

if TYPE_CHECKING:
    from reprobook.runs import Store

Command = TypeVar("Command", bound=Callable[..., Any])


def common_options(command: Command) -> Command:
    """Add ``--store`` and ``--json``."""
    store = click.option(
        "--store",
        "store_path",
        metavar="DIR",
        type=click.Path(path_type=Path, file_okay=False),
        help="The run store.  [default: $REPROBOOK_STORE, else .reprobook of the project]",
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
    return store(as_json(command))


def kernel_option(text: str) -> Callable[[Command], Command]:
    """Add ``--kernel``."""
    return click.option("--kernel", type=click.Choice(["warm", "cold"]), default="cold", show_default=True, help=text)


def cwd_option(text: str) -> Callable[[Command], Command]:
    """Add ``--cwd``."""
    return click.option("--cwd", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help=text)


def trust_option(command: Command) -> Command:
    """Add ``--trust``."""
    return click.option("--trust", is_flag=True, help="Execute the code of an imported run.")(command)


def check_target(path: Path, *, force: bool) -> None:
    """Refuse to write over a file, which somebody may have edited since.

    Raises:
        InputError: If there is one, and that was not asked for; or if its folder is not there.
    """
    if not path.absolute().parent.is_dir():
        msg = f"the folder {path.parent} does not exist"
        raise InputError(msg, hint="Make it first.")
    if path.exists() and not force:
        msg = f"{path} is there already"
        raise InputError(msg, hint="Name another file with -o, or replace it with --force.")


def open_store(store_path: Path | None, target: str | Path = ".") -> Store:
    """Open the named store, else that of the project around a notebook, else that around the working folder."""
    from reprobook.runs import Store  # noqa: PLC0415 - a run need not wait for it

    return Store(find_root(store_path, target))


def find_root(store_path: Path | None, target: str | Path) -> Path:
    """Return where the store is that ``open_store`` opens."""
    return store_root(store_path, Path(target) if is_notebook(target) else Path())


def is_notebook(target: str | Path) -> bool:
    """Tell whether an argument means a notebook and not a run."""
    return Path(target).suffix == ".ipynb"
