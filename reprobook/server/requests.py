"""What a client may ask to be done, with its limits, and the command line that does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from reprobook.server.places import Places

RunId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{5,63}$")]
Name = Annotated[str, Field(pattern=r"^[^\W\d]\w{0,199}$")]
Text = Annotated[str, Field(max_length=10_000)]
Short = Annotated[str, Field(min_length=1, max_length=200)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
_MOST_NAMES = 200


class Request(BaseModel):
    """A frozen request; ``path`` is the notebook, below the root of the server."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Annotated[str, Field(min_length=1, max_length=4096)]

    def words(self, notebook: Path, places: Places) -> list[str]:
        """Return the words of the command line, without ``--store`` and ``--json``."""
        raise NotImplementedError


class VerifyRequest(Request):
    """Run it again and compare; with no run named, the newest one of the notebook against the file."""

    action: Literal["verify"]
    run_id: RunId | None = None
    diagnose: bool = False
    tolerance: Short = "bitwise"

    def words(self, notebook: Path, places: Places) -> list[str]:
        """Return the words of ``reprobook verify``."""
        del places
        diagnose = ["--diagnose"] if self.diagnose else []
        return ["verify", self.run_id or str(notebook), f"--tolerance={self.tolerance}", *diagnose]


class PromoteRequest(Request):
    """Turn it into a script; ``out`` is a folder below the root of the server."""

    action: Literal["promote"]
    run_id: RunId | None = None
    out: Annotated[str, Field(min_length=1, max_length=4096)]
    style: Literal["plain", "hydra", "fabric"] = "plain"
    resume: bool = False
    force: bool = False

    def words(self, notebook: Path, places: Places) -> list[str]:
        """Return the words of ``reprobook promote``."""
        flags = [f"--{name}" for name in ("resume", "force") if getattr(self, name)]
        out = places.inside(self.out)
        return ["promote", self.run_id or str(notebook), f"--output={out}", f"--style={self.style}", *flags]


class RunRequest(Request):
    """Run it headless; values are texts, read by the type that the notebook declares."""

    action: Literal["run"]
    parameters: Annotated[dict[Name, Text], Field(max_length=_MOST_NAMES)] = Field(default_factory=dict)
    seed: Seed | None = None
    lite: bool = False
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    name: Short | None = None

    def words(self, notebook: Path, places: Places) -> list[str]:
        """Return the words of ``reprobook run``."""
        del places
        return ["run", str(notebook), f"--device={self.device}", *self._options()]

    def _options(self) -> Iterator[str]:
        for name, text in self.parameters.items():
            yield from ("-p", name, text)
        if self.seed is not None:
            yield f"--seed={self.seed}"
        if self.lite:
            yield "--lite"
        if self.name is not None:
            yield f"--name={self.name}"


class SweepRequest(Request):
    """Search the space of its parameters; a space is written as on the command line (``log:1e-5:1e-1``)."""

    action: Literal["sweep"]
    metric: Short
    spaces: Annotated[dict[Name, Short], Field(max_length=_MOST_NAMES)] = Field(default_factory=dict)
    direction: Literal["max", "min"] = "max"
    sampler: Literal["grid", "random", "tpe"] = "tpe"
    trials: Annotated[int, Field(ge=1, le=10_000)] | None = None
    jobs: Annotated[int, Field(ge=1, le=256)] = 1
    prune: bool = False

    def words(self, notebook: Path, places: Places) -> list[str]:
        """Return the words of ``reprobook sweep``."""
        del places
        spaces = [f"--param={name}={space}" for name, space in self.spaces.items()]
        options = [f"--{name}={getattr(self, name)}" for name in ("metric", "direction", "sampler", "jobs")]
        options += [f"--trials={self.trials}"] if self.trials is not None else []
        return ["sweep", str(notebook), *spaces, *options, *(["--prune"] if self.prune else [])]


AnyRequest = Annotated[
    VerifyRequest | PromoteRequest | RunRequest | SweepRequest,
    Field(discriminator="action"),
]
REQUEST: TypeAdapter[AnyRequest] = TypeAdapter(AnyRequest)
