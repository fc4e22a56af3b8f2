"""The panel's form as a value: what it asks for, whether it may start, and the command that does the same."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from reprobook.errors import ReprobookError
from reprobook.notebook import Notebook
from reprobook.space import declared_parameters, parse_value
from reprobook.sweep.grid import axis
from reprobook.sweep.model import Direction, Pruner, Sampler, SweepKernel, SweepOptions
from reprobook.widgets.field import Field, field_of

Pruning = Literal["none"] | Pruner
_TRIALS = 20
# A metric called so is better the smaller it is.
_SMALLER = ("loss", "error", "err", "rmse", "mse", "mae", "perplexity", "nll", "time", "seconds", "latency")


@dataclass(frozen=True, kw_only=True)
class SweepForm:
    """All entries of the sweep panel.

    Attributes:
        notebook: Name of the notebook's file.
        fields: One a parameter.
        metric: What a trial is judged by.
        direction: Whether more of it is better.
        sampler: See ``SweepOptions``.
        trials: How many; of a grid at most so many.
        seeds: Runs a trial.
        seed: Of the sampler and of the runs.
        jobs: Trials at a time.
        kernel: See ``SweepOptions``.
        pruning: Which trials are ended early.
    """

    notebook: str
    fields: tuple[Field, ...]
    metric: str = ""
    direction: Direction = "max"
    sampler: Sampler = "tpe"
    trials: int = _TRIALS
    seeds: int = 1
    seed: int = 0
    jobs: int = 1
    kernel: SweepKernel = "warm"
    pruning: Pruning = "none"

    def with_field(self, field: Field) -> SweepForm:
        """Return it with other entries for one parameter."""
        return replace(self, fields=tuple(field if each.name == field.name else each for each in self.fields))

    def problems(self) -> dict[str, str]:
        """Return what is wrong, in words, by the name of the parameter; ``""`` is the form as a whole."""
        found = {field.name: problem for field in self.fields if (problem := field.problem())}
        if not self.fields:
            return {"": "This notebook declares no parameters. Tag a cell 'parameters', or assign a number in a cell."}
        if not any(field.kind != "fixed" for field in self.fields):
            found[""] = "Nothing is varied: give at least one parameter a range or choices."
        elif not self.metric.strip():
            found[""] = "Choose the metric that trials are judged by: a name that the notebook logs or prints."
        return found

    def note(self) -> str:
        """Return what is worth knowing of entries without problems: the size of a grid."""
        if self.sampler != "grid" or self.problems():
            return ""
        size = math.prod(len(axis(field.space())) for field in self._varied)
        return f"The grid has {size} points" + (f": {self.trials} of them are tried." if self.trials < size else ".")

    def options(self) -> SweepOptions:
        """Return it as options of a sweep; what the notebook declares and the form fixes is given as a value.

        Raises:
            ParameterError: If there are problems.
        """
        return SweepOptions(
            spaces={field.name: field.space() for field in self._varied},
            values={field.name: parse_value(field.parameter, field.text()) for field in self._fixed},
            metric=self.metric.strip(),
            direction=self.direction,
            sampler=self.sampler,
            trials=self.trials,
            seeds=self.seeds,
            seed=self.seed,
            jobs=self.jobs,
            kernel=self.kernel,
            prune=None if self.pruning == "none" else self.pruning,
        )

    def command(self) -> str:
        """Return the command line that does the same, in the notebook's folder."""
        words = ["reprobook", "sweep", self.notebook]
        for field in self._varied:
            words += ["--param", f"{field.name}={field.text()}"]
        for field in self._fixed:
            words += ["-p", field.name, field.text()]
        words += ["--metric", self.metric.strip() or "METRIC", *self._search()]
        return shlex.join(words)

    def _search(self) -> list[str]:
        """Return the options of the search that are not as the command line has them anyway."""
        plain = SweepForm(notebook="", fields=(), trials=-1)
        values: Mapping[str, object] = {
            name: getattr(self, name)
            for name in ("direction", "sampler", "trials", "seeds", "seed", "jobs", "kernel")
            if getattr(self, name) != getattr(plain, name)
        }
        words = [word for name, value in values.items() for word in (f"--{name}", str(value))]
        return words + {"none": [], "median": ["--prune"], "asha": ["--pruner", "asha"]}[self.pruning]

    @property
    def _varied(self) -> list[Field]:
        return [field for field in self.fields if field.kind != "fixed"]

    @property
    def _fixed(self) -> list[Field]:
        """The fixed fields that have to be named: those whose space the notebook declares, and other values."""
        return [
            field
            for field in self.fields
            if field.kind == "fixed" and (field.parameter.space is not None or field != field_of(field.parameter))
        ]


def form_of(notebook: Notebook, metrics: tuple[str, ...] = ()) -> SweepForm:
    """Return the form that a notebook suggests, for the first of the metrics that it is known to give.

    Raises:
        ParameterError: If its parameters cell is wrong.
    """
    fields = tuple(field_of(parameter) for parameter in declared_parameters(notebook))
    metric = metrics[0] if metrics else ""
    return SweepForm(notebook=notebook.name, fields=fields, metric=metric, direction=guessed_direction(metric))


def guessed_direction(metric: str) -> Direction:
    """Return which direction of a metric is better, from its name."""
    words = metric.lower().replace("-", "_").replace("/", "_").split("_")
    return "min" if any(word in _SMALLER for word in words) else "max"


def in_words(error: Exception) -> str:
    """Return an error as the panel shows it: what was wrong, and what to do."""
    hint = error.hint if isinstance(error, ReprobookError) else ""
    return f"{error}. {hint}".strip() if hint else str(error)
