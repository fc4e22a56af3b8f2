"""What is known of a run: the record in ``run.json``, as `reprobook run --json` prints it.

JSON has no NaN: a metric that is not finite stands as ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``, a parameter that
JSON cannot hold as a tagged object of ``reprobook.header.encode``. Both come back as Python values.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator

from reprobook.errors import IntegrityError
from reprobook.header import decode, encode, sha256_hex
from reprobook.header.canonical import type_tags
from reprobook.runs.files import RESTORE

Status = Literal["pending", "running", "succeeded", "failed", "interrupted"]
Kind = Literal["run", "replay", "live", "job"]
JsonNumber = float | Literal["NaN", "Infinity", "-Infinity"]
ENDED: frozenset[Status] = frozenset({"succeeded", "failed", "interrupted"})


class Entry(BaseModel):
    """A frozen part of a record."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid", allow_inf_nan=True)


class RunError(Entry):
    """Why a run failed; ``cell`` is the 0-based index among the code cells of the source notebook."""

    cell: int | None = None
    ename: str
    evalue: str
    hint: str = ""


class Owner(Entry):
    """The process that drives a run, so that its death can be proved (a pid alone is reused).

    ``start_time`` is in seconds, comparable only on one boot of one host.
    """

    pid: int
    start_time: float
    boot_id: str
    host: str


class NewRun(Entry):
    """What is known of a run before it starts."""

    kind: Kind = "run"
    name: str | None = None
    source: str | None = None
    notebook: str = ""
    parent: str | None = None
    trial: int | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None

    @field_serializer("parameters", when_used="json")
    def _parameters_as_json(self, value: dict[str, Any]) -> dict[str, Any]:
        return {name: readable(item) for name, item in value.items()}


class RunRecord(NewRun):
    """One run.

    ``notebook`` is the executed notebook once there is one, before that the source; ``source`` the notebook's path
    relative to the project where possible; ``name`` the experiment; ``parent`` the run that this one replays, or
    the sweep that it is trial number ``trial`` of. ``sequence`` counts the runs of a store, so that order survives a
    wrong clock. ``files`` is the seal, written when the run ends: the SHA-256 of every file of the run folder but
    ``run.json``, by relative path. ``foreign`` says where an imported run came from: its code is not ours to run.
    """

    run_id: str
    status: Status = "pending"
    run_dir: str = ""
    recipe_digest: str = ""
    header_digest: str = ""
    result_digest: str | None = None
    metrics: dict[str, float] = Field(default_factory=dict)
    duration_s: float = 0.0
    error: RunError | None = None
    created: str = ""
    sequence: int = 0
    owner: Owner | None = None
    foreign: str | None = None
    files: dict[str, str] = Field(default_factory=dict)

    @field_validator("created")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        """Refuse what is no time: it is shown, and written into cards, as it stands."""
        if value:
            if not (value.isascii() and value.isprintable()):
                msg = "it is no time"
                raise ValueError(msg)
            datetime.fromisoformat(value)
        return value

    @property
    def ended(self) -> bool:
        """Whether nothing more can happen to this run."""
        return self.status in ENDED

    @field_serializer("metrics", when_used="json")
    def _metrics_as_json(self, value: dict[str, float]) -> dict[str, float | str]:
        return {name: json_number(number) for name, number in value.items()}


def record_json(record: RunRecord) -> dict[str, Any]:
    """Return a run as the JSON of `run` and `runs`."""
    return record.model_dump(mode="json", exclude={"owner", "files"})


def json_number(number: float) -> JsonNumber:
    """Return a number as JSON can hold it: ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` as text."""
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")


def readable(value: Any) -> Any:
    """Encode a value for ``decode``, but leave finite floats plain: people read this, and 1.0 stays apart from 1."""
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list):
        return [readable(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) and key not in type_tags for key in value):
        return {key: readable(item) for key, item in value.items()}
    return encode(value)


def record_bytes(record: RunRecord) -> bytes:
    """Return the content of ``run.json``: the record, closed by a digest of itself."""
    data = record.model_dump(mode="json")
    return json.dumps({**data, "record_digest": _digest(data)}, indent=1, allow_nan=False).encode() + b"\n"


def parse_record(data: bytes, place: str) -> RunRecord:
    """Read the content of a ``run.json``.

    Raises:
        IntegrityError: If it is garbage or was edited; the message names ``place``.
    """
    try:
        content = dict(json.loads(data))
        # The digest covers the data as found, not as this release models it: older records stay valid.
        if content.pop("record_digest", None) != _digest(content):
            msg = f"{place}: the record was edited (record_digest does not match its content)"
            raise IntegrityError(msg, hint=RESTORE)
        content["parameters"] = decode(content.get("parameters", {}))
        return RunRecord.model_validate(content)
    except (ValueError, TypeError, RecursionError) as error:
        msg = f"{place}: not a readable record ({_reason(error)})"
        raise IntegrityError(msg, hint=RESTORE) from error


def _reason(error: Exception) -> str:
    """Say what is wrong with a record, and in which field."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return ": ".join([*map(str, first["loc"]), first["msg"]])


def _digest(data: dict[str, Any]) -> str:
    """Digest JSON data; Python's own number format keeps 1 and 1.0 apart."""
    return sha256_hex(json.dumps(data, sort_keys=True, separators=(",", ":")).encode())
