"""Where a store is, and what makes a folder one."""

from __future__ import annotations

import json
import os
from pathlib import Path

from reprobook.errors import InputError, IntegrityError
from reprobook.runs.files import make_folder, read_bytes, write_atomic

SCHEMA = "reprobook.store/1"
FOLDER = ".reprobook"


def project_folder(start: Path) -> Path:
    """Return the nearest folder upwards that has a store or a git repository, else ``start``'s own folder."""
    origin = start.absolute()
    here = origin if origin.is_dir() else origin.parent
    for folder in (here, *here.parents):
        if (folder / FOLDER).is_dir() or (folder / ".git").exists():
            return folder
    return here


def store_root(explicit: Path | None, start: Path) -> Path:
    """Return where the store is: ``explicit``, else ``$REPROBOOK_STORE``, else in the project around ``start``.

    Raises:
        InputError: If its path begins with the home of nobody.
    """
    named = explicit or os.environ.get("REPROBOOK_STORE")
    if not named:
        return project_folder(start) / FOLDER
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:
        msg = f"the store {str(named)!r} has no place: {error}"
        raise InputError(msg, hint="Give its path without ~.") from error


def check_schema(root: Path) -> None:
    """Refuse a store that this release does not know, rather than read it by halves.

    Raises:
        InputError: If a newer release wrote it.
        IntegrityError: If ``store.json`` is damaged.
    """
    file = root / "store.json"
    if not file.exists():
        return
    try:
        schema = json.loads(read_bytes(file, "store.json"))["schema"]
        family, _, version = schema.partition("/")
        newer = family == SCHEMA.partition("/")[0] and int(version) > int(SCHEMA.partition("/")[2])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        msg = f"{file}: not a readable store description"
        raise IntegrityError(msg, hint=f'It should read {{"schema": "{SCHEMA}"}}.') from error
    if newer:
        msg = f"{file}: the store was written by a newer reprobook ({schema}; this one knows {SCHEMA})"
        raise InputError(msg, hint="Upgrade reprobook, or use another store with --store.")
    if schema != SCHEMA:
        msg = f"{file}: unknown store schema {schema!r}"
        raise IntegrityError(msg, hint=f'It should read {{"schema": "{SCHEMA}"}}.')


def prepare(root: Path, *below: Path) -> None:
    """Make the folders, private to their owner, and tell git to ignore them."""
    for folder in (root, *below):
        make_folder(folder)
    for name, content in ((".gitignore", "*\n"), ("store.json", json.dumps({"schema": SCHEMA}) + "\n")):
        if not (root / name).exists():
            write_atomic(root / name, content.encode())
