"""What is declared of a data source, and what was found of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Schema = dict[str, str]


def _sayable(source: str) -> str:
    """Refuse what is neither an address nor a path, before anybody takes it apart."""
    urlsplit(source)  # a ValueError of its own
    try:
        Path(source).expanduser()
    except RuntimeError as error:
        msg = f"{error}: {source[:100]!r}"
        raise ValueError(msg) from error
    return source


Source = Annotated[str, AfterValidator(_sayable)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")


class Declared(_Entry):
    """A data source as a notebook, or ``data.yaml`` beside it, declares it.

    Attributes:
        source: Path or URL; None where a function makes the data.
        sha256: Of the bytes; anything else is refused.
        columns: The kind of each column that must be there (``int``, ``float``, ``text`` …).
        version: As its maker calls it.
        license: SPDX identifier or text.
        description: What it is and where it comes from.
        credentials: Names of environment variables that access takes; their values are never read.
        max_age: How old the source may be.
    """

    source: Source | None = None
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    columns: Schema = Field(default_factory=dict, alias="schema")
    version: str | None = None
    license: str | None = None
    description: str | None = None
    credentials: tuple[str, ...] = ()
    max_age: timedelta | None = None


class Found(_Entry):
    """A data source as it was found.

    Attributes:
        name: Its name in the notebook.
        source: Where it was, without credentials.
        digest: SHA-256 of the bytes of a file; of a value that a function made, BLAKE3 of its content.
        size: Bytes of a file.
        columns: The kind of each column, or what there is of it; empty where the format is not known.
        rows: Number of rows, where the format tells.
        modified: When the source was last changed, as ISO 8601, where it tells.
        stamp: What the server says of its version, such as an ETag.
        version: As declared.
        license: As declared.
        description: As declared.
        credentials: Names of what access took.
        notes: What a reader must know.
    """

    name: str
    source: Source
    digest: str
    size: int | None = None
    columns: Schema = Field(default_factory=dict)
    rows: int | None = None
    modified: str | None = None
    stamp: str | None = None
    version: str | None = None
    license: str | None = None
    description: str | None = None
    credentials: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def changes(before: Found, now: Found) -> list[str]:
    """Say what is not as it was; empty where the content is."""
    if before.digest == now.digest:
        return []
    said = [f"digest {before.digest[:12]}… is now {now.digest[:12]}…"]
    for what, old, new in (("size", before.size, now.size), ("rows", before.rows, now.rows)):
        if old != new:
            said.append(f"{what} {old} is now {new}")
    said += [f"column {name} is gone" for name in before.columns if name not in now.columns]
    said += [f"column {name} is new" for name in now.columns if name not in before.columns]
    said += [
        f"column {name} was {kind} and is {now.columns[name]}"
        for name, kind in before.columns.items()
        if now.columns.get(name, kind) != kind
    ]
    if before.modified != now.modified and now.modified:
        said.append(f"it was changed at {now.modified}")
    return said


def misfits(declared: Schema, found: Schema) -> list[str]:
    """Say which declared columns are not there, or are of another kind; an integer may stand for a float."""
    said = [f"column {name} is missing" for name in declared if name not in found]
    return said + [
        f"column {name} is {found[name]}, not {kind}"
        for name, kind in declared.items()
        if name in found and found[name] != kind and (kind, found[name]) != ("float", "int")
    ]


def as_document(entry: Any) -> bytes:
    """Return an entry as the bytes of its file."""
    text: str = entry.model_dump_json(indent=1)
    return text.encode() + b"\n"
