"""``rb.data``: a source of data, known by its content, and refused where that has changed."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reprobook.capture import strip_credentials
from reprobook.dataset.columns import file_shape, value_shape
from reprobook.dataset.contract import declared
from reprobook.dataset.declared import Declared, Found, Schema, as_document, changes, misfits
from reprobook.dataset.fetch import Fetched, Known, fetch
from reprobook.errors import InputError
from reprobook.execute.active import keep, place
from reprobook.execute.options import ACCEPT_DATA
from reprobook.runs.files import write_atomic
from reprobook.trace import digest_value

# In the message itself: in a traceback nobody sees a hint.
_ACCEPT_HOW = f"To accept it: accept=True, or for one run {ACCEPT_DATA}=1 (`reprobook run --accept-data`)"
_FOLDER = "data"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def data(  # noqa: PLR0913  # what is declared, by name
    name: str,
    source: str | Path | Callable[[], Any] | None = None,
    *,
    schema: Schema | None = None,
    sha256: str | None = None,
    version: str | None = None,
    license: str | None = None,  # noqa: A002  # the word of every catalogue
    description: str | None = None,
    credentials: Sequence[str] = (),
    max_age: timedelta | None = None,
    accept: bool = False,
) -> Any:
    """Return a source as a local file, or what a function makes: ``path = rb.data("prices", "s3://…/prices.csv")``.

    Its digest, size, columns, origin and age are kept with the run. Where the content differs from what an earlier run
    of this store saw under this name and source, it is refused and what has changed is named, unless ``accept`` is set
    or ``REPROBOOK_ACCEPT_DATA=1``. ``data.yaml`` in the working folder (``prices:`` and below it ``source:`` …) says
    otherwise without a change of code. URLs are those of fsspec, in a cache that is verified whenever it is used.

    Args:
        name: Its name; letters, digits, ``-``, ``_`` and ``.``.
        source: A path, a URL, or a function without arguments.
        schema: The kind of each column that must be there: ``int``, ``float``, ``text``, or the name of a type.
        sha256: Of the file; anything else is refused.
        version: As its maker calls it; another one than before accepts the change.
        license: SPDX identifier.
        description: What it is.
        credentials: Names of environment variables that access takes. Their values are not read.
        max_age: How old the source may be.
        accept: Whether changed content is fine.

    Raises:
        InputError: If it cannot be read, is not as declared, or has changed.
    """
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is no name for data"
        raise InputError(msg, hint="Use letters, digits, '-', '_' and '.'.")
    told = {
        "source": None if callable(source) or source is None else str(source),
        "schema": schema,
        "sha256": sha256,
        "version": version,
        "license": license,
        "description": description,
        "credentials": tuple(credentials),
        "max_age": max_age,
    }
    asked = declared(name, Path.cwd(), told)
    _check_credentials(name, asked)
    memory = _Memory(name, asked, source)
    found, value = _found(name, asked, source, memory.known)
    _check(found, asked)
    found = _held_against_header(found)
    memory.compare(found, accept=accept or os.environ.get(ACCEPT_DATA, "") not in {"", "0"})
    keep(f"{_FOLDER}/{name}.json", as_document(found))
    for note in found.notes:
        warnings.warn(f"data {name!r}: {note}", stacklevel=2)
    return value


class _Memory:
    """What this store last saw of a source; nothing outside of a recorded run."""

    def __init__(self, name: str, asked: Declared, source: Any) -> None:
        address = strip_credentials(asked.source or _function_name(source))
        key = f"{digest_value(address).digest[:16]}-{re.sub(r'[^A-Za-z0-9.-]+', '_', address)[-80:]}"
        where = place()
        self._path = where.memory / _FOLDER / name / f"{key}.json" if where and where.memory else None
        self._replay = where is not None and where.replay
        self.last = self._read()
        stamp = self.last.stamp if self.last else None
        digest = self.last.digest if self.last and asked.source else None
        self.known = Known(asked.sha256, stamp, pinned=True) if asked.sha256 else Known(digest, stamp)

    def _read(self) -> Found | None:
        if self._path is None or not self._path.is_file():
            return None
        try:
            return Found.model_validate_json(self._path.read_bytes())
        except ValidationError:
            return None  # damaged: what is found now counts

    def compare(self, found: Found, *, accept: bool) -> None:
        """Refuse changed content, and remember what was found.

        Raises:
            InputError: If it has changed and that is not accepted.
        """
        if self._replay:
            return
        changed = changes(self.last, found) if self.last else []
        new_version = self.last is not None and found.version not in {None, self.last.version}
        if changed and not accept and not new_version:
            msg = f"data {found.name!r} has changed since it was last seen: {'; '.join(changed)}. {_ACCEPT_HOW}"
            raise InputError(msg, hint="Restore it, or pin it with sha256=.")
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self._path, as_document(found))


def _check_credentials(name: str, asked: Declared) -> None:
    """Refuse to start without what access takes; only whether it is set is looked at."""
    if missing := [variable for variable in asked.credentials if variable not in os.environ]:
        msg = f"data {name!r} needs {', '.join(missing)}, which is not set"
        raise InputError(msg, hint="Set it in the environment, never in the notebook.")


def _found(name: str, asked: Declared, source: Any, known: Known) -> tuple[Found, Any]:
    """Read the source; return what is known of it, and what the notebook is given."""
    about = {
        "name": name,
        "version": asked.version,
        "license": asked.license,
        "description": asked.description,
        "credentials": asked.credentials,
    }
    if asked.source is not None:
        fetched = _fetched(name, asked.source, known)
        columns, rows = file_shape(fetched.path)
        seen = {
            "source": strip_credentials(asked.source),
            "digest": fetched.sha256,
            "size": fetched.path.stat().st_size,
            "modified": fetched.modified,
            "stamp": fetched.stamp,
            "notes": (fetched.note,) if fetched.note else (),
        }
        return Found.model_validate({**about, **seen, "columns": columns, "rows": rows}), fetched.path
    if not callable(source):
        msg = f"data {name!r} has no source"
        raise InputError(msg, hint="Give a path, a URL or a function, in the call or in data.yaml.")
    value = source()
    digest, (columns, rows) = digest_value(value), value_shape(value)
    note = ("part of it cannot be read, so that not every change of it shows",) if digest.opaque else ()
    seen = {"source": _function_name(source), "digest": digest.digest, "notes": note}
    return Found.model_validate({**about, **seen, "columns": columns, "rows": rows}), value


def _held_against_header(found: Found) -> Found:
    """Note where the content is another than when the header was frozen, in this very run."""
    where = place()
    if where is None or where.frozen.get(found.name, found.digest) == found.digest:
        return found
    note = f"its content has changed since the header was frozen: it was {where.frozen[found.name][:12]}… then"
    return found.model_copy(update={"notes": (*found.notes, note)})


def _fetched(name: str, source: str, known: Known) -> Fetched:
    """Fetch a source; what a library says of a failure may quote the address with all that is secret in it."""
    try:
        return fetch(name, source, known)
    except InputError as error:
        raise InputError(strip_credentials(str(error)), hint=error.hint) from None


def _function_name(source: Any) -> str:
    return f"function {getattr(source, '__qualname__', type(source).__qualname__)}"


def _check(found: Found, asked: Declared) -> None:
    """Refuse what is not as it was declared."""
    if asked.sha256 and found.digest != asked.sha256:
        msg = f"data {found.name!r} is not what is pinned: its sha256 is {found.digest}, not {asked.sha256}"
        raise InputError(msg, hint="Restore the file, or pin the new content.")
    if wrong := misfits(asked.columns, found.columns):
        msg = f"data {found.name!r} does not fit its schema: {'; '.join(wrong)}"
        raise InputError(msg, hint=f"It has {found.columns or 'no columns that can be read'}.")
    if asked.max_age is not None:
        _check_age(found, asked.max_age)


def _check_age(found: Found, most: timedelta) -> None:
    try:
        modified = datetime.fromisoformat(found.modified or "")
    except ValueError as error:
        msg = f"data {found.name!r}: its source does not tell how old it is"
        raise InputError(msg, hint="Leave out max_age.") from error
    age = datetime.now(UTC) - (modified if modified.tzinfo else modified.replace(tzinfo=UTC))
    if age > most:
        msg = f"data {found.name!r} is {age.days} days old; it may be {most.days or most} at most"
        raise InputError(msg, hint="Refresh the source, or raise max_age.")
