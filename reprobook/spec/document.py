"""The file of a spec: YAML beside the notebook, its history below it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from reprobook.errors import InputError
from reprobook.space.plain_yaml import YamlError, read_yaml, write_yaml
from reprobook.spec.entries import ENTRIES, checked
from reprobook.spec.model import SCHEMA, Spec
from reprobook.spec.place import read_spec, spec_path

_HISTORY = "history"
_HINT = "`reprobook spec NOTEBOOK.ipynb --new` writes one to fill in; its comments say what goes where."


class Change(BaseModel):
    """One entry of the history.

    Attributes:
        at: When, ISO 8601.
        digest: Of the spec from then on.
        why: The reason; may only be missing before the first run.
        changed: What changed, an entry a line.
        after: The newest run that had been made with the spec before.
    """

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")

    at: str
    digest: str
    why: str = ""
    changed: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True)
class Document:
    """A spec and what became of it."""

    spec: Spec
    history: tuple[Change, ...] = ()


_CHANGES = TypeAdapter(tuple[Change, ...], config=ConfigDict(defer_build=True))


def read_document(notebook: Path) -> Document | None:
    """Return the spec of a notebook, None if it has none.

    Raises:
        InputError: If the file is no spec.
        StorageError: If it cannot be read.
    """
    data = read_spec(notebook)
    return None if data is None else parse_document(data, spec_path(notebook).name)


def parse_document(data: bytes, place: str) -> Document:
    """Read a spec's file.

    Raises:
        InputError: If it is no spec; names ``place``.
    """
    try:
        found = read_yaml(data)
    except YamlError as error:
        where = f"{place}, line {error.line}" if error.line else place
        msg = f"{where}: not readable as YAML ({error})"
        raise InputError(msg, hint=_HINT) from error
    if not isinstance(found, dict) or found.pop("schema", SCHEMA) != SCHEMA:
        msg = f"{place}: not a training spec of schema {SCHEMA}"
        raise InputError(msg, hint=_HINT)
    history = found.pop(_HISTORY, None) or ()
    # A heading with nothing below it is None in YAML.
    spec = checked({name: value for name, value in found.items() if value is not None}, place)
    try:
        return Document(spec, _CHANGES.validate_python(history))
    except ValidationError as error:
        first = error.errors()[0]
        msg = f"{place}: {_HISTORY}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise InputError(msg, hint="The history is written by reprobook; restore the file.") from error


def document_bytes(document: Document, notebook: str) -> bytes:
    """Return the file of a spec; one that declares nothing has every entry as a comment, to be filled in."""
    head = (
        f"# What {notebook} is meant to do. Each run freezes it, and `reprobook show RUN` says whether it was kept.\n"
        f"# Change it with `reprobook spec {notebook}` or `%reprotrain spec`; after a run that takes a reason.\n"
    )
    data = {"schema": SCHEMA, **document.spec.declared()}
    text = head + write_yaml(data, sort_keys=False, width=110)
    if not document.spec.declared():
        text += _open_entries()
    if document.history:
        entries = [change.model_dump(mode="json", exclude_defaults=True) for change in document.history]
        text += "\n" + write_yaml({_HISTORY: entries}, sort_keys=False, width=110)
    return text.encode()


def _open_entries() -> str:
    """Return every entry as a comment, with what it means."""
    lines, before = [], ""
    for entry in ENTRIES:
        section, _, name = entry.key.rpartition(".")
        if section and section != before:
            lines.append(f"# {section}:")
        before = section
        options = f" ({', '.join(entry.options)})" if entry.options else ""
        lines.append(f"# {'  ' if section else ''}{name}:  # {entry.about}{options}")
    return "\n".join(lines) + "\n"
