"""The run header: the recipe of a run, frozen before its result exists.

Fields decide the identity of the recipe unless their annotation carries ``RECORD_ONLY``: those are kept for the
reader (times, hosts, users, paths) and change no ``recipe_digest``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Literal["reprobook.header/1"] = "reprobook.header/1"
# What reprobook itself shows in a notebook carries a type of this family.
OWN_MIME_TYPES = "application/vnd.reprobook."
MIME_TYPE = f"{OWN_MIME_TYPES}header+json"
RECORD_ONLY = "record-only"


def is_none(value: object) -> bool:
    """Tell whether a field is left out of the header."""
    return value is None


class Section(BaseModel):
    """A frozen part of the header; unknown fields are refused, so that a newer header is never half read."""

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,  # who reads no header does not wait for its validators
        extra="forbid",
        serialize_by_alias=True,
        validate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class Code(Section):
    """The notebook's code: one SHA-256 a code cell, over the source as written, in notebook order."""

    cells: tuple[str, ...]
    language: str = "python"


class Seeds(Section):
    """Seed and determinism settings, as requested and, apart from that, as they took effect.

    ``effective`` and ``ineffective`` say per setting what happened; an ineffective one carries the fix.
    """

    seed: int | None = None
    deterministic: bool = False
    device: str = "auto"
    effective: Annotated[dict[str, str], RECORD_ONLY] = Field(default_factory=dict)
    ineffective: Annotated[dict[str, str], RECORD_ONLY] = Field(default_factory=dict)
    positions: Annotated[dict[str, str], RECORD_ONLY] = Field(default_factory=dict)


class Distribution(Section):
    """One installed distribution.

    ``record`` is the SHA-256 of its RECORD file, ``direct_url`` its PEP 610 origin without credentials,
    ``content`` the digest of its files where they can be edited in place (an editable install).
    """

    name: str
    version: str
    record: str | None = None
    content: str | None = None
    direct_url: Annotated[str | None, RECORD_ONLY] = None


class Environment(Section):
    """Interpreter, distributions, local modules and the settings that decide results."""

    python: str
    implementation: str
    flags: dict[str, int | str | bool] = Field(default_factory=dict)
    distributions: tuple[Distribution, ...] = ()
    local_modules: dict[str, str] = Field(default_factory=dict)
    variables: dict[str, str] = Field(default_factory=dict)
    locale: str | None = None
    timezone: str | None = None


class Gpu(Section):
    """One GPU, as the driver names it; memory in bytes."""

    name: str
    capability: str | None = None
    memory: Annotated[int | None, RECORD_ONLY] = None


class Hardware(Section):
    """Traits of the machine that change floating-point results, and, record-only, what it is."""

    machine: str
    instruction_sets: tuple[str, ...] = ()
    cpu_count: int | None = None
    threads: dict[str, int] = Field(default_factory=dict)
    gpus: tuple[Gpu, ...] = ()
    cuda: str | None = None
    cudnn: str | None = None
    driver: str | None = None
    cpu: Annotated[str | None, RECORD_ONLY] = None
    memory: Annotated[int | None, RECORD_ONLY] = None


class DataSource(Section):
    """One declared data source: SHA-256 of its bytes, and where it is known its size in bytes."""

    name: str
    sha256: str
    size: Annotated[int | None, RECORD_ONLY] = None
    path: Annotated[str | None, RECORD_ONLY] = None


class Git(Section):
    """State of the repository; ``dirty`` is the digest of the uncommitted difference, or None."""

    commit: str | None = None
    branch: str | None = None
    remote: str | None = None
    dirty: str | None = None


class Origin(Section):
    """When, where and by whom the header was frozen; none of it decides the recipe."""

    created: str
    host: str | None = None
    user: str | None = None
    notebook: str | None = None
    folder: str | None = None
    reprobook: str | None = None


class Header(Section):
    """The recipe of a run.

    ``recipe_digest`` covers the identity fields (same digest, same result expected); ``header_digest`` covers
    every field but itself (any edit shows). Both are SHA-256 over canonical JSON. ``parameters`` holds values
    encoded by ``canonical.encode``.
    """

    # JSON Schema's own word; `schema` is taken by pydantic.
    schema_: Literal["reprobook.header/1"] = Field(default=SCHEMA, alias="schema")
    name: Annotated[str | None, RECORD_ONLY] = None
    code: Code
    parameters: dict[str, Any] = Field(default_factory=dict)
    seeds: Seeds = Field(default_factory=Seeds)
    environment: Environment | None = None
    hardware: Hardware | None = None
    data: tuple[DataSource, ...] = ()
    # Digest of the training spec. Left out where there is none: a header without one is what it always was.
    spec: str | None = Field(default=None, exclude_if=is_none)
    git: Annotated[Git | None, RECORD_ONLY] = None
    origin: Annotated[Origin, RECORD_ONLY]
    # Why a section is missing: a probe that failed never stops the others.
    missing: Annotated[dict[str, str], RECORD_ONLY] = Field(default_factory=dict)
    recipe_digest: str = ""
    header_digest: str = ""
