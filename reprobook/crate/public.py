"""The copy of a run that others may see: no path, host or user of this machine, no credential, sealed anew.

What decides the recipe stays to the bit, so the recipe digest does; the header digest is another, as the header is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from reprobook.capture import strip_credentials
from reprobook.crate.scrub import Scrubber, scrubber
from reprobook.errors import InputError, IntegrityError
from reprobook.execute.history import HISTORY
from reprobook.execute.inputs import files_read, recorded_modules
from reprobook.execute.journal import trace_of
from reprobook.header import MIME_TYPE, Header, header_bytes, seal, sha256_hex
from reprobook.runs import RunFolder, RunRecord
from reprobook.runs.files import RESTORE
from reprobook.runs.model import record_bytes

_LARGEST_LOOKED_AT = 8 << 20
_OUR_METADATA = ("reprobook", "papermill")


@dataclass(frozen=True)
class PublicRun:
    """A run for others.

    Attributes:
        record: Its record, sealed anew.
        header: Its header, sealed anew; None if it has none.
        files: Content of each file by its name below the run, the record included.
        blobs: The kept files that it read, by their SHA-256.
        notes: What names this machine all the same.
    """

    record: RunRecord
    header: Header | None
    files: dict[str, bytes | Path]
    blobs: dict[str, Path]
    notes: tuple[str, ...]


def public_run(run: RunFolder) -> PublicRun:
    """Return the public copy of a sealed run; nothing is written.

    Raises:
        IntegrityError: If the run is not what was sealed, or holds a link.
        InputError: If it has not ended, or what looks like a credential stands where it cannot be taken out.
    """
    record = run.check_integrity()
    if not record.ended:
        msg = f"run {run.run_id} has not ended"
        raise InputError(msg, hint="Export it when it has.")
    header = run.read_header() if run.header.exists() else None
    clean = scrubber(header, run.path.parent.parent)
    public = _public_header(header, clean) if header else None
    if header and public:
        clean = clean.with_word(header.header_digest, public.header_digest)
    notes: list[str] = []
    files: dict[str, bytes | Path] = {}
    for name in record.files:
        if (run.path / name).is_symlink():
            msg = f"{run.run_id}/{name}: a link cannot be exported"
            raise IntegrityError(msg, hint="Save the file itself as an artifact.")
        files[name] = _content_of(run, name, clean, notes)
    if public:
        files[run.header.name] = header_bytes(public)
    blobs = dict(_blobs(run, notes, clean))
    sealed = {
        name: sha256_hex(content) if isinstance(content, bytes) else record.files[name]
        for name, content in files.items()
    }
    shared = _public_record(record, public, clean, sealed)
    files[run.run.name] = record_bytes(shared)
    return PublicRun(shared, public, files, blobs, tuple(dict.fromkeys(notes)))


def _public_header(header: Header, clean: Scrubber) -> Header:
    """Return the header without host, user, folder and paths; none of them decides the recipe."""
    origin = header.origin
    notebook = Path(origin.notebook).name if origin.notebook else None
    changes: dict[str, Any] = {
        "origin": origin.model_copy(update={"host": None, "user": None, "folder": None, "notebook": notebook})
    }
    if header.environment:
        public = tuple(
            each.model_copy(update={"direct_url": None}) if (each.direct_url or "").startswith("file:") else each
            for each in header.environment.distributions
        )
        changes["environment"] = header.environment.model_copy(update={"distributions": public})
    if header.git and header.git.remote:
        changes["git"] = header.git.model_copy(update={"remote": clean.text(header.git.remote)})
    changes["missing"] = {section: clean.text(reason) for section, reason in header.missing.items()}
    changes["data"] = tuple(
        each.model_copy(update={"path": None}) if each.path and Path(each.path).is_absolute() else each
        for each in header.data
    )
    made = seal(header.model_copy(update=changes))
    if made.recipe_digest != header.recipe_digest:
        msg = f"{header.recipe_digest[:8]}: the recipe would change"
        raise IntegrityError(msg, hint="Please report this.")
    return made


def _public_record(record: RunRecord, header: Header | None, clean: Scrubber, files: dict[str, str]) -> RunRecord:
    """Return the record without paths and process, sealed with these files."""
    notebook = PurePosixPath(record.run_id, Path(record.notebook).name).as_posix()
    changes = {
        "run_dir": record.run_id,
        "notebook": notebook,
        "source": Path(record.source).name if record.source else None,
        "owner": None,
        "header_digest": header.header_digest if header else record.header_digest,
        "error": record.error.model_copy(
            update={"evalue": clean.text(record.error.evalue), "hint": clean.text(record.error.hint)}
        )
        if record.error
        else None,
        "files": dict(sorted(files.items())),
    }
    return record.model_copy(update=changes)


def _content_of(run: RunFolder, name: str, clean: Scrubber, notes: list[str]) -> bytes | Path:
    """Return what others get of a file.

    Raises:
        IntegrityError: If it is not what a run holds under that name: it may be an imported one, of anybody's making.
    """
    try:
        return _content(run.path / name, name, clean, notes)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        msg = f"{run.run_id}/{name}: not what a run holds there ({type(error).__name__}: {error})"
        raise IntegrityError(msg, hint=RESTORE) from error


def _content(path: Path, name: str, clean: Scrubber, notes: list[str]) -> bytes | Path:
    """Return what others get of a file: the file itself, unless it is text of ours."""
    if name.startswith("artifacts/") and path.name != "metadata.json":
        _look_at(path, name, clean, notes)
        return path
    match path.suffix:
        case ".ipynb":
            return _notebook(path, name, clean, notes)
        case ".jsonl":
            lines = [
                _line(json.loads(line), name, clean) for line in path.read_text("utf-8").split("\n") if line.strip()
            ]
            return "".join(json.dumps(line) + "\n" for line in lines).encode()
        case ".json":
            return json.dumps(clean.data(json.loads(path.read_bytes())), indent=1).encode() + b"\n"
        case _:
            return clean.text(path.read_text("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _line(data: Any, name: str, clean: Scrubber) -> Any:
    """Clean a line of a journal; code as it was executed stays."""
    public = clean.data(data)
    if name == HISTORY and "source" in data:
        _refuse_secret(str(data["source"]), name)
        public["source"] = data["source"]
    return public


def _notebook(path: Path, name: str, clean: Scrubber, notes: list[str]) -> bytes:
    """Clean outputs and metadata of a notebook; its code stays as it is, without the header's copies."""
    content = json.loads(path.read_bytes())
    cells = content.get("cells", [])
    for number, cell in enumerate(cells):
        source = "".join(cell.get("source", ""))
        _refuse_secret(source, f"cell {number} of {name}")
        if clean.names_machine(source):
            notes.append(f"cell {number} of {name} names a path of this machine")
        outputs = [output for output in cell.get("outputs", ()) if MIME_TYPE not in (output.get("data") or {})]
        cell.update(clean.data({key: value for key, value in cell.items() if key != "source"}))
        if "outputs" in cell:
            cell["outputs"] = clean.data(outputs)
    metadata = {key: value for key, value in content.get("metadata", {}).items() if key not in _OUR_METADATA}
    content["metadata"] = clean.data(metadata)
    return json.dumps(content, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _blobs(run: RunFolder, notes: list[str], clean: Scrubber) -> Iterator[tuple[str, Path]]:
    """Yield the kept files that the run read, and the modules that it imported."""
    read = files_read(trace_of(run))
    named = {digest: name for name, digest in [*read.items(), *recorded_modules(run).items()]}
    for digest, name in sorted(named.items()):
        if len(digest) == 64 and run.blobs.path(digest).is_file():  # noqa: PLR2004 - a SHA-256, not "missing"
            _look_at(run.blobs.path(digest), name, clean, notes)
            yield digest, run.blobs.path(digest)


def _look_at(path: Path, name: str, clean: Scrubber, notes: list[str]) -> None:
    """Look into a file that goes out as it is, if it is text."""
    if path.stat().st_size > _LARGEST_LOOKED_AT:
        return
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        return
    _refuse_secret(text, name)
    if clean.names_machine(text):
        notes.append(f"{name} names a path of this machine")


def _refuse_secret(text: str, place: str) -> None:
    """Refuse what cannot be taken out without another result.

    Raises:
        InputError: If there is a credential in it.
    """
    if strip_credentials(text) != text:
        msg = f"{place} holds what looks like a credential"
        raise InputError(
            msg, hint="Take it out (read it from the environment), run the notebook again, and export that."
        )
