"""A promoted script as it runs: ``with rb.job(out, config=..., seed=...)`` keeps what it logs, and its digest."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType
from typing import Any

from reprobook.execute.active import activate, active_sinks, deactivate
from reprobook.execute.arithmetic import arithmetic
from reprobook.execute.checkpoint import Ledger
from reprobook.execute.printed import MetricNames, MetricReader
from reprobook.execute.progress import ARTIFACTS, JobMetrics, JobProgress
from reprobook.execute.section_values import kept_values
from reprobook.execute.sinklog import Place, SinkLog
from reprobook.execute.snapshot import Provenance
from reprobook.runs import NewRun
from reprobook.runs.files import write_atomic
from reprobook.trace import Sink, scalar_metrics

RESULT = "result.json"


@contextmanager
def job(  # noqa: PLR0913 - one for each option, by name
    out: Path | str,
    *,
    config: Mapping[str, Any],
    seed: int | None = None,
    device: str = "auto",
    precision: str = "32-true",
    printed_metrics: bool = False,
    notebook_names: Mapping[str, str] | None = None,
    rank: int = 0,
    resume: bool = False,
) -> Iterator[Path]:
    """Keep what a script logs: ``metrics.jsonl``, ``artifacts/`` and, at the end, ``result.json`` in ``out``.

    ``device`` is what ``rb.device()`` gives, ``precision`` the arithmetic of torch: ``32-true`` (its own) or
    ``bf16-mixed``. With ``printed_metrics``, values that the script shows count as metrics, for notebooks that log
    nothing; in the files, a name that another section has shown is followed by the section. ``notebook_names`` are
    what the notebook calls metrics that have other names here; ``result_digest`` is over its names. Of several
    processes that run the script together only that of ``rank`` 0 keeps and prints anything; the others write to a
    folder that is thrown away. With ``resume``, each ``rb.Checkpoint`` goes on from what it finds in ``checkpoints/``,
    which is removed at the end. Gives the folder that is written to.

    Raises:
        InputError: If a checkpoint is that of another script or of other parameters.
    """
    main = _calling_code()
    parameters = NewRun(parameters=dict(config)).model_dump(mode="json")["parameters"]
    recipe = {"parameters": parameters, "seed": seed, "device": device, "precision": precision}
    with _place(Path(out), rank) as folder:
        ledger = Ledger(folder, recipe, resume=resume)  # first: it may refuse, and then nothing is lost
        metrics = JobMetrics(folder, MetricNames(main, notebook_names or {}))
        with (
            _keeping(folder, metrics, config, device, ledger) as sinks,
            kept_values(folder),
            _reading(sinks, metrics.names) if printed_metrics else nullcontext(),
            arithmetic(precision),
        ):
            yield folder
        result = {"result_digest": sinks.chain.result_digest(), "metrics": metrics.last}
        result |= {name: recipe[name] for name in ("parameters", "seed")}
        write_atomic(folder / RESULT, json.dumps(result, indent=1, allow_nan=False).encode() + b"\n")
        ledger.clear()


@contextmanager
def _keeping(
    folder: Path, metrics: JobMetrics, config: Mapping[str, Any], device: str, ledger: Ledger
) -> Iterator[SinkLog]:
    """Keep what is logged meanwhile, in a folder and for checkpoints."""

    def keep_shown(sink: Sink, value: float | None) -> None:
        if not sink.explicit and value is not None:
            metrics.log_metric(metrics.names.name(sink.name), value)

    sinks = SinkLog(
        metrics,
        lambda: _artifacts(folder),
        place=Place(folder),
        on_sink=keep_shown,
        provenance=Provenance(parameters=dict(config)),
        result_names=metrics.names.in_notebook,
    )
    (folder / RESULT).unlink(missing_ok=True)
    activate(sinks, device)
    ledger.open(JobProgress(folder, metrics, sinks))
    try:
        yield sinks
    finally:
        ledger.close()
        deactivate(sinks)
        metrics.close()


@contextmanager
def _place(out: Path, rank: int) -> Iterator[Path]:
    """Give the folder of a process: one of its own, soon gone, and silence for all but the first."""
    if rank == 0:
        out.mkdir(parents=True, exist_ok=True)
        yield out
        return
    with (
        TemporaryDirectory(prefix="reprobook-job-") as folder,
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
    ):
        yield Path(folder)


@contextmanager
def _reading(sinks: SinkLog, names: MetricNames) -> Iterator[None]:
    """Read metrics from what is printed."""
    reader = MetricReader(sys.stdout, sinks, names)
    with redirect_stdout(reader):
        yield
    reader.end_line()


def show(expression: str, value: Any) -> None:
    """Print a value as a notebook shows its last expression; numbers in it are metrics of the job."""
    reader = sys.stdout if isinstance(sys.stdout, MetricReader) else None
    if reader is not None:
        reader.end_line()
        reader.muted = True
    try:
        print(value)  # noqa: T201 - a script's output
    finally:
        if reader is not None:
            reader.muted = False
    if sinks := active_sinks():
        for name, number in scalar_metrics(expression, value):
            sinks.shown(name, number)


def _calling_code() -> CodeType:
    """Return the code that has ``with rb.job(...)`` in it."""
    frame = sys._getframe(1)  # noqa: SLF001 - the one way to ask who calls
    while frame.f_back is not None and frame.f_globals.get("__name__") in {__name__, "contextlib"}:
        frame = frame.f_back
    return frame.f_code


def _artifacts(folder: Path) -> Path:
    """Return the folder of a job's artifacts, made if need be."""
    artifacts = folder / ARTIFACTS
    artifacts.mkdir(exist_ok=True)
    return artifacts
