"""Save a model with its state: ``MODEL/VERSION/TIME/`` with weights, optimizer, generators and ``metadata.json``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reprobook.errors import InputError
from reprobook.execute.artifacts import check_name, save_object
from reprobook.execute.checkpoint import archive
from reprobook.execute.checkpoint.generators import global_positions
from reprobook.execute.checkpoint.origins import Origins
from reprobook.execute.checkpoint.pack import Packer
from reprobook.header import digest_json, encode
from reprobook.runs.checkpoints import METADATA, CheckpointMetadata
from reprobook.runs.files import make_folder, sha256_file, write_atomic
from reprobook.runs.model import json_number
from reprobook.trace import digest_value

WEIGHTS = "weights"
STATE = "state.zip"


@dataclass(frozen=True)
class Provenance:
    """Where checkpoints come from; the fields are those of ``CheckpointMetadata``.

    Attributes:
        store: Root of the store that the run is in.
    """

    version: str = "job"
    run_id: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    recipe_digest: str = ""
    header_digest: str = ""
    store: Path | None = None


@dataclass(frozen=True)
class Snapshot:
    """A model and what its training needs to go on.

    Attributes:
        model: The name.
        value: The model, or its weights.
        states: Optimizer, schedule and so on, by name; each has ``state_dict``.
        step: The training step.
    """

    model: str
    value: Any
    states: Mapping[str, Any]
    step: int | None = None

    def content(self) -> str:
        """Return the digest of the values: no time, no run and no path is in it."""
        values = {name: state.state_dict() for name, state in self.states.items()}
        return digest_json(
            [digest_value(self.value).digest, {name: digest_value(value).digest for name, value in values.items()}]
        )


def write_snapshot(
    snapshot: Snapshot,
    artifacts: Path,
    provenance: Provenance,
    *,
    metrics: Mapping[str, float],
    parent: str | None,
) -> tuple[Path, CheckpointMetadata]:
    """Write a checkpoint into the folder of artifacts; return its folder and metadata, which is written last.

    Raises:
        InputError: If the name is no plain file name, or a state cannot be saved.
        StorageError: If the disk refuses.
    """
    check_name(snapshot.model)
    packer = Packer(Origins())
    states = [[name, packer.value(_state(name, value), name)] for name, value in snapshot.states.items()]
    document = {"states": states, "generators": packer.value(global_positions(), "generators")}
    now = datetime.fromtimestamp(time.time(), UTC)
    folder = _new_folder(artifacts / snapshot.model / provenance.version, now)
    save_object(snapshot.value, folder, WEIGHTS)
    archive.write(folder / STATE, document, packer.blobs)
    metadata = CheckpointMetadata(
        model=snapshot.model,
        version=provenance.version,
        created=now.isoformat(timespec="milliseconds"),
        step=snapshot.step,
        run_id=provenance.run_id,
        parameters={name: encode(value) for name, value in provenance.parameters.items()},
        metrics={name: json_number(value) for name, value in metrics.items()},
        data=dict(provenance.data),
        parent=parent,
        recipe_digest=provenance.recipe_digest,
        header_digest=provenance.header_digest,
        content=snapshot.content(),
        files={path.name: sha256_file(path) for path in sorted(folder.iterdir())},
    )
    text = metadata.model_dump_json(indent=1, by_alias=True)
    write_atomic(folder / METADATA, text.encode() + b"\n")
    return folder, metadata


def _state(name: str, value: Any) -> Any:
    """Return the state of an optimizer, schedule, scaler or loader.

    Raises:
        InputError: If it has none.
    """
    if callable(getattr(value, "state_dict", None)):
        return value.state_dict()
    msg = f"rb.save: {name} is a {type(value).__name__} and has no state_dict()"
    raise InputError(msg, hint="Give optimizers, schedules and the like by name: optimizer=optimizer.")


def _new_folder(place: Path, now: datetime) -> Path:
    """Make a folder named by the time; where a clock stands still, with a number."""
    make_folder(place)
    name, number = now.strftime("%Y%m%dT%H%M%S.%fZ"), 1
    folder = place / name
    while folder.exists():
        number += 1
        folder = place / f"{name}-{number}"
    make_folder(folder)
    return folder
