"""Checkpoints of models in a store: which there are, and which of them a name means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from reprobook.errors import InputError, IntegrityError
from reprobook.runs.aliases import Aliases
from reprobook.runs.files import RESTORE, read_bytes, sha256_file
from reprobook.runs.model import Entry, JsonNumber, RunRecord

if TYPE_CHECKING:
    from reprobook.runs.store import Store  # whoever saves one does not wait for it

METADATA = "metadata.json"


class CheckpointMetadata(Entry):
    """What ``metadata.json`` says of a checkpoint.

    Attributes:
        model: Name of the model.
        version: Short name of the recipe that it comes from; ``job`` for a promoted script's.
        created: When it was saved, UTC.
        step: Training step, as given to ``rb.save``.
        run_id: The run that saved it; None for a promoted script's.
        parameters: Parameters of the run, encoded by ``header.encode``.
        metrics: Last value of each metric at that moment; not finite ones as text.
        data: SHA-256 of each declared data source.
        parent: The checkpoint of this model that the run had saved last, else the one that it had loaded last.
        recipe_digest: Of the header.
        header_digest: Of the header.
        content: Digest of the saved values alone: equal for equal values, whenever they were saved.
        files: SHA-256 of each file beside this one.
    """

    schema_: Literal["reprobook.checkpoint/1"] = Field(default="reprobook.checkpoint/1", alias="schema")
    model: str
    version: str
    created: str
    step: int | None = None
    run_id: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, JsonNumber] = Field(default_factory=dict)
    data: dict[str, str] = Field(default_factory=dict)
    parent: str | None = None
    recipe_digest: str = ""
    header_digest: str = ""
    content: str
    files: dict[str, str]


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint on disk: its folder, its name in the store (run id and path), what is said of it.

    ``foreign`` tells that its run was imported.
    """

    folder: Path
    place: str
    metadata: CheckpointMetadata
    foreign: bool = False

    def check(self) -> None:
        """Compare its files with their checksums.

        Raises:
            IntegrityError: If one is missing or was edited; names it.
        """
        for name, digest in self.metadata.files.items():
            path = self.folder / name
            if not path.is_file() or sha256_file(path) != digest:
                msg = f"{self.place}/{name}: the file is missing or was edited"
                raise IntegrityError(msg, hint=RESTORE)


def read_metadata(folder: Path, place: str) -> CheckpointMetadata:
    """Read what is said of the checkpoint in a folder.

    Raises:
        IntegrityError: If ``metadata.json`` is missing or garbage.
    """
    try:
        return CheckpointMetadata.model_validate_json(read_bytes(folder / METADATA, f"{place}/{METADATA}"))
    except ValidationError as error:
        msg = f"{place}/{METADATA}: not readable as a checkpoint's"
        raise IntegrityError(msg, hint=RESTORE) from error


def checkpoint_of(store: Store, run_id: str, path: str) -> StoredCheckpoint | None:
    """Return the checkpoint that a file of a run belongs to; None if it belongs to none.

    Raises:
        IntegrityError: If its metadata cannot be read.
    """
    folder = store.runs / run_id / Path(path).parent
    if Path(path).parts[:1] != ("artifacts",) or not (folder / METADATA).is_file():
        return None
    place = f"{run_id}/{Path(path).parent.as_posix()}"
    return StoredCheckpoint(folder, place, read_metadata(folder, place))


def checkpoints(store: Store, model: str | None = None) -> Iterator[StoredCheckpoint]:
    """Yield the checkpoints of runs that succeeded, of one model or of all, the newest first; replays are left out."""
    for record in store.records(where="status == 'succeeded'"):
        if record.kind != "replay":
            yield from _of_run(record, model)


def _of_run(record: RunRecord, model: str | None) -> Iterator[StoredCheckpoint]:
    """Yield a run's checkpoints as they were sealed, the newest first."""
    found = [name for name in record.files if name.startswith("artifacts/") and name.count("/") == 4]  # noqa: PLR2004
    for name in sorted((each for each in found if each.endswith(f"/{METADATA}")), key=_moment, reverse=True):
        if model is None or name.split("/")[1] == model:
            folder = Path(record.run_dir) / Path(name).parent
            place = f"{record.run_id}/{Path(name).parent.as_posix()}"
            yield StoredCheckpoint(folder, place, read_metadata(folder, place), record.foreign is not None)


def _moment(name: str) -> str:
    """Return the time in the path of a metadata file."""
    return name.split("/")[3]


def find_checkpoint(store: Store, name: str) -> StoredCheckpoint:
    """Return the checkpoint that ``MODEL``, ``MODEL@ALIAS`` or ``MODEL@RUN`` means: of several the newest.

    Raises:
        InputError: If there is none.
        IntegrityError: If an alias points to one that is gone or was changed.
    """
    model, _, which = name.partition("@")
    alias = Aliases(store.root, model).get(which) if which else None
    for each in checkpoints(store, model):
        if alias is not None and each.place == alias.place:
            return _unchanged(each, alias.content, name)
        # What was imported is only taken where it is asked for by its run.
        if alias is None and (which or not each.foreign) and (each.metadata.run_id or "").startswith(which):
            return each
    if alias is not None:
        msg = f"{name} is {alias.place}, which is gone"
        raise IntegrityError(msg, hint=f"Point it to another: reprobook models alias {model} {which}.")
    msg = f"no checkpoint {name!r} in {store.root}"
    raise InputError(msg, hint="`reprobook models` lists them; rb.save('model', model, step=epoch) makes one.")


def _unchanged(found: StoredCheckpoint, content: str, name: str) -> StoredCheckpoint:
    """Refuse a checkpoint that is another than the one that was named."""
    if found.metadata.content != content:
        msg = f"{name}: {found.place} is not what it was when it got that name"
        raise IntegrityError(msg, hint=RESTORE)
    return found
