"""What a run did, as far as a spec can speak of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reprobook.dataset.kept import kept_splits
from reprobook.header import Header
from reprobook.notebook import read_notebook
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.space import declared_parameters, lite_values
from reprobook.spec.source import Call, calls, chosen_by
from reprobook.trace import Trace

Steps = tuple[int | None, ...]


@dataclass(frozen=True)
class Value:
    """A value that a cell left: its name, the qualified name of its type, and what the trace says of it."""

    name: str
    kind: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What a run did.

    Attributes:
        record: Its record.
        header: Its header.
        sources: The code cells, as they are in its notebook.
        logged: The steps of each metric that was logged, by name.
        saved: The steps of each artifact, by name.
        written: Files that cells wrote.
        values: What cells left in variables, in order.
        splits: What ``rb.split`` kept, by name.
        traced: Whether cells were recorded.
        lite: The values that ``--lite`` gives to parameters.
        sweep_metric: What the sweep that the run belongs to chose the best by.
    """

    record: RunRecord
    header: Header
    sources: tuple[str, ...] = ()
    logged: Mapping[str, Steps] = field(default_factory=dict)
    saved: Mapping[str, Steps] = field(default_factory=dict)
    written: frozenset[str] = frozenset()
    values: tuple[Value, ...] = ()
    splits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    traced: bool = True
    lite: Mapping[str, Any] = field(default_factory=dict)
    sweep_metric: str | None = None

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The calls in its source."""
        return calls(self.sources, self.record.parameters)

    @cached_property
    def chosen_by(self) -> tuple[str, ...]:
        """What its source chooses the best by."""
        return chosen_by(self.sources)

    def parameter(self, *names: str) -> tuple[str, Any] | None:
        """Return the first of these parameters that the run has, with its value."""
        found = {name.lower(): (name, value) for name, value in self.record.parameters.items()}
        return next((found[name] for name in names if name in found), None)

    @property
    def epochs(self) -> tuple[str, int] | None:
        """The parameter that says how many passes there are, and its value; None without one."""
        found = self.parameter("epochs", "num_epochs", "n_epochs", "max_epochs", "num_train_epochs")
        return found if found and isinstance(found[1], int) else None


def observe(run: RunFolder, store: Store, trace: Trace) -> Observed:
    """Gather what a run did from its folder, its trace, and the plan of its sweep.

    Raises:
        IntegrityError: If a file of it is damaged.
    """
    logged: dict[str, list[int | None]] = {}
    saved: dict[str, list[int | None]] = {}
    for sink in trace.sinks:
        (logged if sink.kind == "metric" else saved).setdefault(sink.name, []).append(sink.step)
    record, notebook = run.read_record(), read_notebook(run.source.read_bytes(), run.source.name)
    return Observed(
        record=record,
        header=run.read_header(),
        sources=tuple(cell.source for cell in notebook.code_cells),
        logged={name: tuple(steps) for name, steps in logged.items()},
        saved={name: tuple(steps) for name, steps in saved.items()},
        written=frozenset(path for cell in trace.cells for path in cell.files_written),
        values=tuple(
            Value(name, value.kind, value.summary) for cell in trace.cells for name, value in cell.writes.items()
        ),
        splits=kept_splits(run.path),
        traced=bool(trace.cells),
        lite=lite_values(declared_parameters(notebook)),
        sweep_metric=_sweep_metric(store.root / "sweeps" / (record.parent or "") / "plan.json"),
    )


def _sweep_metric(plan: Path) -> str | None:
    """Return the metric that a sweep chooses the best by, from its plan; None where there is no such plan."""
    try:
        return str(json.loads(plan.read_bytes())["options"]["metric"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
