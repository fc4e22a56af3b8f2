"""A run that is to become a script: everything that a promotion needs of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.errors import InputError
from reprobook.execute import read_trace
from reprobook.header import Header, sha256_hex
from reprobook.notebook import Notebook, read_notebook
from reprobook.promote.logged import Logged, as_logged, logged
from reprobook.runs import RunFolder, RunRecord
from reprobook.space import Parameter, declared_parameters, override
from reprobook.trace import Trace


@dataclass(frozen=True)
class Recipe:
    """A run that is to become a script.

    Attributes:
        record: Its record.
        header: Its frozen header.
        trace: What happened, cell by cell.
        notebook: The notebook with the run's values in place.
        parameters: The parameters, with those values.
        changed: The values that are not those of the notebook's file.
        metrics: The last value of each metric, of the type that was logged.
        logged: What each cell logged; empty if that is not known.
        source_digest: SHA-256 of the notebook's bytes.
        folder: The run's folder.
    """

    record: RunRecord
    header: Header
    trace: Trace
    notebook: Notebook
    parameters: tuple[Parameter, ...]
    changed: Mapping[str, Any]
    metrics: Mapping[str, float]
    logged: tuple[Logged, ...]
    source_digest: str
    folder: RunFolder


def read_recipe(run: RunFolder) -> Recipe:
    """Read everything that a promotion needs of a run.

    Raises:
        IntegrityError: If the run was tampered with.
        InputError: If it did not succeed.
    """
    record = run.check_integrity()
    if record.status != "succeeded":
        reason = f"{record.error.ename}: {record.error.evalue}" if record.error else record.status
        cell = f" in code cell [{record.error.cell}]" if record.error else ""
        msg = f"run {run.run_id} did not succeed{cell} ({reason})"
        raise InputError(msg, hint="Mend the notebook until `reprobook run` succeeds, then promote it.")
    source = run.source.read_bytes()
    header = run.read_header()
    trace = read_trace(run)
    original = read_notebook(source, Path(header.origin.notebook or run.source.name).name)
    declared = {each.name: each.default for each in declared_parameters(original)}
    notebook, _ = override(original, declared_parameters(original), record.parameters)
    return Recipe(
        record=record,
        header=header,
        trace=trace,
        notebook=notebook,
        parameters=declared_parameters(notebook),
        changed={name: value for name, value in record.parameters.items() if repr(value) != repr(declared.get(name))},
        metrics=_as_logged(record.metrics, trace),
        logged=logged(trace.sinks, run.read_metrics().records),
        source_digest=sha256_hex(source),
        folder=run,
    )


def _as_logged(metrics: Mapping[str, float], trace: Trace) -> dict[str, float]:
    """Give metrics the type that was logged."""
    digests = {sink.name: sink.digest for sink in trace.sinks if sink.kind == "metric"}
    return {name: as_logged(value, digests.get(name, "")) for name, value in metrics.items()}
