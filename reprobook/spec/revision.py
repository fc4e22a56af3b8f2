"""A change of a spec: what it was, why, and what had been run before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reprobook.errors import InputError
from reprobook.runs.files import write_atomic
from reprobook.spec.document import Change, Document, document_bytes
from reprobook.spec.entries import ENTRIES, entry_text
from reprobook.spec.model import Spec
from reprobook.spec.place import spec_path

_OPEN = "(open)"
_FIRST = "first version"


def changed_lines(before: Spec, after: Spec) -> tuple[str, ...]:
    """Return what differs, an entry a line: ``loop.batch_size: 32 -> 64``."""
    pairs = ((each.key, entry_text(before, each.key), entry_text(after, each.key)) for each in ENTRIES)
    return tuple(f"{key}: {old or _OPEN} -> {new or _OPEN}" for key, old, new in pairs if old != new)


def revised(before: Document | None, spec: Spec, why: str = "", *, frozen: tuple[Spec, str] | None = None) -> Document:
    """Return the document with a changed spec, the change at the end of its history.

    Args:
        before: The document as it was; None if there was none.
        spec: As it is to be.
        why: The reason.
        frozen: The spec that the newest run was made with, and the id of that run.

    Raises:
        InputError: If a run was made with another spec, and there is no reason.
    """
    history = before.history if before else ()
    reference = frozen[0] if frozen else before.spec if before else None
    lines = changed_lines(reference, spec) if reference is not None else (_FIRST,)
    if before is not None and before.spec == spec and (not why or not lines):
        return before
    if frozen is not None and lines and not why.strip():
        msg = f"run {frozen[1]} was made with the spec as it was: {'; '.join(lines)}"
        raise InputError(msg, hint="Say why it changes: --why TEXT, or the entry Reason of the form.")
    change = Change(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        digest=spec.digest,
        why=why.strip(),
        changed=lines,
        after=frozen[1] if frozen and lines else None,
    )
    return Document(spec, (*history, change))


def write_document(notebook: Path, document: Document) -> Path:
    """Write the spec beside its notebook, and return the file.

    Raises:
        StorageError: If the disk refuses.
    """
    path = spec_path(notebook)
    write_atomic(path, document_bytes(document, notebook.name), mode=0o644)
    return path


def explained(document: Document, digest: str) -> bool:
    """Tell whether the history gives a reason for the spec with this digest."""
    return any(change.digest == digest and change.why for change in document.history)
