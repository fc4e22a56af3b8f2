"""What a training spec declares. Everything may be left open; what is declared is checked."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, PositiveInt

from reprobook.header import digest_json

SCHEMA: Literal["reprobook.spec/1"] = "reprobook.spec/1"
SHARES_ADD_UP = 1e-6

_EVERY = re.compile(r"epoch|end|best|[1-9]\d*( steps)?")


def _listed(value: Any) -> Any:
    """Take one value, or a text with commas, for a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return [value] if isinstance(value, int | float) else value


def _sentences(value: Any) -> Any:
    """Take a text for sentences that semicolons divide: commas are part of them."""
    return [part.strip() for part in value.split(";") if part.strip()] if isinstance(value, str) else value


def _mapped(value: Any) -> Any:
    """Take ``val_loss: epoch, test_loss: end`` for a mapping; names alone have no value."""
    items = _listed(value)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        return value
    pairs = [re.split(r"\s*[:=]\s*|\s+", item, maxsplit=1) for item in items]
    return {name: rest[0] if rest else None for name, *rest in pairs}


def _often(value: Any) -> Any:
    """Check how often something is done: ``epoch``, ``end``, ``best`` or ``N steps``."""
    if value is None:
        return value
    text = re.sub(r"^((each|every|at|the|on)\s+)+|(?<=epoch)s$", "", str(value).strip().lower())
    text = re.sub(r"step$", "steps", text)
    if not _EVERY.fullmatch(text):
        msg = f"{value!r} is none of: epoch, end, best, 100 steps"
        raise ValueError(msg)
    return f"{text} steps" if text.isdecimal() else text


def _shares(value: dict[str, float]) -> dict[str, float]:
    if value and abs(sum(value.values()) - 1) > SHARES_ADD_UP:
        msg = f"the shares add up to {sum(value.values()):g}, not to 1"
        raise ValueError(msg)
    return value


Often = Annotated[str | None, BeforeValidator(_often)]
Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Section(BaseModel):
    """A frozen part of the spec; an unknown field is an error, since nobody would check it."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Split(Section):
    """How rows are divided, and by what one part may tell about another."""

    strategy: Literal["random", "hash", "stratified", "entity", "time", "given"] | None = Field(
        default=None, description="How rows are divided"
    )
    parts: Annotated[dict[str, PositiveFloat], BeforeValidator(_mapped)] = Field(
        default_factory=dict, description="Share of each part: train 0.8, test 0.2"
    )
    leakage_risks: Annotated[tuple[str, ...], BeforeValidator(_sentences)] = Field(
        default=(), description="How one part may tell about another, in sentences; divided by ;"
    )

    def model_post_init(self, _: Any, /) -> None:
        """Check the shares together."""
        _shares(self.parts)


class Loop(Section):
    """How the model is trained."""

    optimizer: str | None = Field(default=None, description="Class of the optimizer: AdamW")
    schedule: str | None = Field(default=None, description="Class of the learning rate's schedule, or none")
    batch_size: Annotated[tuple[PositiveInt, ...], BeforeValidator(_listed)] = Field(
        default=(), description="Rows per step; of several, one a run"
    )
    epochs: PositiveInt | None = Field(default=None, description="Passes over the training rows")
    steps: PositiveInt | None = Field(default=None, description="Steps of the optimizer, if not epochs")
    early_stopping: str | None = Field(default=None, description="Metric that may end the training early, or none")


class Evaluation(Section):
    """What is measured, how often, and what the best is chosen by."""

    metrics: Annotated[dict[str, Often], BeforeValidator(_mapped)] = Field(
        default_factory=dict, description="Metrics and when they are logged: val_loss epoch, test_accuracy end"
    )
    selection_metric: str | None = Field(default=None, description="Metric that the best is chosen by, or none")
    selection_set: str | None = Field(default=None, description="Part of the data that it is chosen on: val")


class Checkpoints(Section):
    """What is kept of the model."""

    what: Names = Field(default=(), description="Names that are saved: model")
    every: Often = Field(default=None, description="epoch, end, best or a number of steps")
    where: str | None = Field(default=None, description="run (its artifacts), or a folder")


class Budget(Section):
    """What the training may cost."""

    minutes: PositiveFloat | None = Field(default=None, description="Most minutes that a run may take")
    device: Literal["cpu", "cuda", "mps"] | None = Field(default=None, description="Device to train on")


class Spec(Section):
    """A training spec."""

    hypothesis: str | None = Field(default=None, description="What the run is to show, and when it would be refuted")
    split: Split = Split()
    loop: Loop = Loop()
    evaluation: Evaluation = Evaluation()
    checkpoints: Checkpoints = Checkpoints()
    tracking: Names = Field(default=(), description="Trackers: wandb, mlflow, tensorboard")
    budget: Budget = Budget()

    def declared(self) -> dict[str, Any]:
        """Return what is declared, as JSON data; what is left open is left out."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        if len(self.loop.batch_size) == 1:
            data["loop"]["batch_size"] = self.loop.batch_size[0]
        return {name: value for name, value in data.items() if value not in ({}, [], None)}

    @property
    def digest(self) -> str:
        """SHA-256 over what is declared; fields that a later release adds do not change it."""
        return digest_json(self.declared())
