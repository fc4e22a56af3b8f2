"""Promote a notebook: plan the script, write the job, and prove that it gives the notebook's result."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from reprobook.capture import LOCK_NAME
from reprobook.errors import ExecutionError, InputError
from reprobook.execute import OnEvent, RunOptions, ignore, read_trace, run_notebook
from reprobook.execute.script import SCRIPT, JobRequest, run_script
from reprobook.execute.workplace import lay_out, made_files
from reprobook.header import Header, sha256_hex
from reprobook.notebook import Notebook, read_notebook
from reprobook.promote.facts import Facts
from reprobook.promote.files import job_files
from reprobook.promote.model import Plan
from reprobook.promote.plan import plan
from reprobook.promote.text import Provenance, render
from reprobook.runs import RunFolder, RunRecord, Store
from reprobook.runs.files import write_atomic
from reprobook.space import Parameter, declared_parameters, override
from reprobook.trace import Trace

PROOF = "proof.json"


class DroppedCell(BaseModel):
    """A code cell that is not in the script, and why."""

    model_config = ConfigDict(frozen=True)

    cell: int
    reason: str


class Promotion(BaseModel):
    """What came of a promotion; ``equivalent`` is None where nothing was proved."""

    model_config = ConfigDict(frozen=True)

    dir: str
    script: str
    equivalent: bool | None = None
    checked: dict[str, int] = {}
    kept: list[int]
    dropped: list[DroppedCell]
    first: dict[str, Any] | None = None
    run_id: str = ""


@dataclass(frozen=True)
class Recipe:
    """A run that is to become a script: its record, header, trace, and notebook with the run's values in place."""

    record: RunRecord
    header: Header
    trace: Trace
    notebook: Notebook
    parameters: tuple[Parameter, ...]
    source_digest: str
    folder: RunFolder


def promote_notebook(
    target: Path | RunFolder,
    store: Store,
    *,
    out: Path | None = None,
    verify: bool = True,
    on_event: OnEvent = ignore,
) -> Promotion:
    """Export a notebook, or a recorded run of one, into a job folder; with ``verify``, prove it.

    A notebook is run first: what a run saw decides what the script must keep.

    Raises:
        InputError: If the target did not run to its end, or the folder holds something else.
        NotPromotableError: If a needed cell has no translation; names cell and line.
    """
    run = target if isinstance(target, RunFolder) else run_notebook(target, store, RunOptions(), on_event)
    recipe = read_recipe(run)
    folder = _job_folder(out, recipe)
    keep: frozenset[int] = frozenset()
    while True:
        made = _plan(recipe, keep)
        promotion = _write(folder, recipe, made)
        if not verify:
            return promotion
        result = _try_script(folder, recipe)
        promotion = _judged(promotion, recipe, result)
        back = _to_bring_back(recipe, made) - keep
        if promotion.equivalent or not back:
            _write(folder, recipe, made, equivalent=promotion.equivalent)
            return promotion
        keep |= back


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
    original = read_notebook(source, Path(header.origin.notebook or run.source.name).name)
    notebook, _ = override(original, declared_parameters(original), record.parameters)
    return Recipe(
        record=record,
        header=header,
        trace=read_trace(run),
        notebook=notebook,
        parameters=declared_parameters(notebook),
        source_digest=sha256_hex(source),
        folder=run,
    )


def _plan(recipe: Recipe, keep: Collection[int]) -> Plan:
    """Plan the script from what the run saw."""
    shown: dict[int, list[str]] = {}
    for sink in recipe.trace.sinks:
        if not sink.explicit and sink.cell is not None:
            shown.setdefault(sink.cell, []).append(sink.name)
    return plan(
        recipe.notebook,
        recipe.parameters,
        observed={cell.index: cell for cell in recipe.trace.cells if cell.index is not None},
        shown=shown,
        keep=keep,
        seed=recipe.header.seeds.seed,
        deterministic=recipe.header.seeds.deterministic,
    )


def _job_folder(out: Path | None, recipe: Recipe) -> Path:
    """Return the folder to write to; one that holds anything but a job is refused.

    Raises:
        InputError: If it does.
    """
    folder = out or Path(f"{Path(recipe.notebook.name).stem}-job")
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / SCRIPT).exists())):
        msg = f"{folder} exists and is no promoted job"
        raise InputError(msg, hint="Choose another folder with -o.")
    return folder


def _write(folder: Path, recipe: Recipe, made: Plan, *, equivalent: bool | None = None) -> Promotion:
    """Write the job's files."""
    provenance = Provenance(
        notebook=recipe.notebook.name,
        notebook_digest=recipe.source_digest,
        recipe_digest=recipe.header.recipe_digest,
        command=f"reprobook promote {recipe.notebook.name}",
    )
    files: dict[str, bytes] = {SCRIPT: render(made, provenance).encode()}
    files |= {name: text.encode() for name, text in job_files(made, _facts(recipe, provenance, equivalent)).items()}
    files["header.json"] = recipe.folder.header.read_bytes()
    files[PROOF] = _proof(recipe, equivalent)
    if recipe.folder.lock.exists():
        files[LOCK_NAME] = recipe.folder.lock.read_bytes()
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, data)
        # The store keeps its files to itself; a job is made to be shared.
        path.chmod(0o644)
    return Promotion(
        dir=str(folder),
        script=str(folder / SCRIPT),
        kept=made.kept,
        dropped=[DroppedCell(cell=each.cell, reason=each.reason) for each in made.dropped],
        run_id=recipe.record.run_id,
    )


def _facts(recipe: Recipe, provenance: Provenance, equivalent: bool | None) -> Facts:  # noqa: FBT001 - one of many facts
    environment = recipe.header.environment
    hardware = recipe.header.hardware
    return Facts(
        provenance=provenance,
        python_version=environment.python if environment else "3.11",
        versions={each.name: each.version for each in environment.distributions} if environment else {},
        metrics=recipe.record.metrics,
        run_id=recipe.record.run_id,
        hardware=(hardware.cpu or hardware.machine) if hardware else "",
        data={path: digest for cell in recipe.trace.cells for path, digest in cell.files_read.items()},
        equivalent=equivalent,
    )


def _proof(recipe: Recipe, equivalent: bool | None) -> bytes:  # noqa: FBT001 - see _facts
    """Write down what the script must give, for ``reprobook verify DIR``."""
    record = recipe.record.model_dump(mode="json")
    proof = {
        "result_digest": record["result_digest"],
        "parameters": record["parameters"],
        "metrics": record["metrics"],
        "seed": recipe.header.seeds.seed,
        "deterministic": recipe.header.seeds.deterministic,
        "equivalent": equivalent,
        "run_id": recipe.record.run_id,
    }
    return json.dumps(proof, indent=1, allow_nan=False).encode() + b"\n"


def _try_script(folder: Path, recipe: Recipe) -> Mapping[str, Any] | ExecutionError:
    """Run the script as it was written, in the notebook's folder as it was before the run."""
    with tempfile.TemporaryDirectory(prefix="reprobook-proof-") as temporary:
        cwd = Path(recipe.header.origin.folder or folder)
        request = JobRequest(
            folder=folder,
            out=Path(temporary, "out"),
            cwd=lay_out(cwd, made_files(recipe.trace), Path(temporary, "cwd")),
            seed=recipe.header.seeds.seed,
            deterministic=recipe.header.seeds.deterministic,
        )
        try:
            return run_script(request)
        except ExecutionError as error:
            return error


def _judged(promotion: Promotion, recipe: Recipe, result: Mapping[str, Any] | ExecutionError) -> Promotion:
    """Compare the script's result with the run's."""
    sinks = recipe.trace.sinks
    checked = {kind: sum(sink.kind == kind for sink in sinks) for kind in ("metric", "artifact")}
    counts = {"metrics": checked["metric"], "artifacts": checked["artifact"], "names": 0}
    first = None
    if isinstance(result, ExecutionError):
        first = _first(None, [], f"the script fails: {result}")
    elif not sinks:
        # Nothing logged, saved or shown: there is nothing that two runs could be compared by.
        first = _first(None, [], "the notebook has no result to compare: log a metric with rb.log(name=value)")
    elif result["result_digest"] != recipe.record.result_digest:
        first = _first_difference(recipe, result["metrics"])
    return promotion.model_copy(update={"equivalent": first is None, "checked": counts, "first": first})


def _first_difference(recipe: Recipe, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Name the first metric that differs, by its last value."""
    for sink in recipe.trace.sinks:
        expected, found = recipe.record.metrics.get(sink.name), metrics.get(sink.name)
        if sink.kind == "metric" and repr(expected) != repr(found if found is None else float(found)):
            return _first(sink.cell, [sink.name], f"{sink.name} is {expected} in the notebook, {found} in the script")
    return _first(None, [], "the last values of all metrics agree; an earlier value, the order or an artifact differs")


def _first(cell: int | None, names: list[str], evidence: str) -> dict[str, Any]:
    return {
        "cell": cell,
        "cell_id": None,
        "names": names,
        "cause": "unknown",
        "evidence": evidence,
        "confirmed": False,
        "fix": "Check with `reprobook verify` that the notebook repeats. If not, seed it (`reprobook run --seed 42`)"
        " and promote that run; if so, give the cells that matter the tag 'keep'.",
    }


def _to_bring_back(recipe: Recipe, made: Plan) -> frozenset[int]:
    """Choose the dropped cells to try again with: those that drew random numbers, then every one that did something."""
    dropped = {each.cell for each in made.dropped}
    cells = [cell for cell in recipe.trace.cells if cell.index in dropped]
    drew = {cell.index for cell in cells if cell.rng_before != cell.rng_after}
    chosen = drew or {cell.index for cell in cells if cell.writes or cell.files_written}
    return frozenset(index for index in chosen if index is not None)
