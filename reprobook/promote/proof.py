"""The proof of a promotion: the script runs in a clean process, and must give the notebook's result."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reprobook.errors import ExecutionError
from reprobook.execute.progress import METRICS
from reprobook.execute.script import JobRequest, run_script
from reprobook.execute.section_values import read_values
from reprobook.execute.workplace import lay_out, made_files, workplace_of
from reprobook.promote.data_files import inside, needed_data
from reprobook.promote.distributions import distribution_of, normalised
from reprobook.promote.model import Plan
from reprobook.promote.options import JobOptions
from reprobook.promote.printed import compared_text
from reprobook.promote.recipe import Recipe
from reprobook.promote.result_text import results
from reprobook.promote.script_metrics import as_in_script
from reprobook.promote.variables import Comparison, compared
from reprobook.runs import JsonLines, NewRun
from reprobook.runs.model import json_number

_NOTHING = Comparison()


@dataclass(frozen=True)
class Judgement:
    """What came of a proof: how much was compared, and the first difference, in the form of verify's."""

    checked: Mapping[str, int]
    first: Mapping[str, Any] | None

    @property
    def equivalent(self) -> bool:
        """Whether the script gave the notebook's result."""
        return self.first is None


@dataclass(frozen=True)
class Candidate:
    """A job as it was written, which is to be proved.

    Attributes:
        folder: Its folder.
        recipe: The run that it repeats.
        plan: What stands in its script.
        options: What was asked for.
    """

    folder: Path
    recipe: Recipe
    plan: Plan
    options: JobOptions


def prove(folder: Path, recipe: Recipe, made: Plan, arguments: Sequence[str] = ()) -> Judgement:
    """Run the script, with these words after ``train.py``, and compare its result with the run's.

    A notebook that logs, saves and shows no result is compared by its variables; if it has none, by what it prints.
    """
    recipe = as_in_script(recipe, made)
    sections = () if recipe.trace.sinks else [function.name for function in made.functions]
    with proving_ground(folder, recipe) as request:
        try:
            result = run_script(replace(request, arguments=arguments, sections=sections))
        except ExecutionError as error:
            return _judged(recipe, error)
        variables = compared(read_values(request.out), made, recipe)
        result |= {"logged": JsonLines(request.out / METRICS, durable=False).read().records}
    if recipe.trace.sinks or variables != _NOTHING:
        return _judged(recipe, result, variables=variables)
    return _judged(recipe, result, lines=compared_text(result["printed"], made, recipe))


@contextmanager
def proving_ground(folder: Path, recipe: Recipe) -> Iterator[JobRequest]:
    """Give a way to run the script in the notebook's folder as it was before the run; its results are thrown away."""
    with (
        tempfile.TemporaryDirectory(prefix="reprobook-proof-") as temporary,
        workplace_of(recipe.folder, None) as imported,
    ):
        cwd = imported or Path(recipe.header.origin.folder or folder)
        yield JobRequest(
            folder=folder,
            out=Path(temporary, "out"),
            cwd=lay_out(cwd, made_files(recipe.trace), Path(temporary, "cwd")),
            seed=recipe.header.seeds.seed,
            deterministic=recipe.header.seeds.deterministic,
        )


def expected(
    recipe: Recipe, made: Plan, *, equivalent: bool | None, seeds: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return what the script must give, for ``reprobook verify DIR``; ``seeds`` is the same for other seeds."""
    recipe = as_in_script(recipe, made)
    record = recipe.record.model_dump(mode="json")
    exact = {name: value for name, value in recipe.metrics.items() if isinstance(value, int)}
    return {
        "result_digest": record["result_digest"],
        "parameters": NewRun(parameters={each.name: each.default for each in made.fields}).model_dump(mode="json")[
            "parameters"
        ],
        "metrics": record["metrics"] | exact,
        "logged": [
            {"name": each.name, "label": each.label, "index": each.index, "value": json_number(each.value)}
            for each in results(made, recipe.logged, recipe.metrics)
        ],
        "data": inside(needed_data(recipe.trace, made.kept)),
        "platform": _platform(recipe, made),
        "seed": recipe.header.seeds.seed,
        "deterministic": recipe.header.seeds.deterministic,
        "equivalent": equivalent,
        "run_id": recipe.record.run_id,
        "made": sorted(made_files(recipe.trace)),
        "seeds": list(seeds),
    }


def _platform(recipe: Recipe, made: Plan) -> dict[str, Any]:
    """Return where the result was had: elsewhere its last bits may differ."""
    environment = recipe.header.environment
    recorded = {normalised(each.name): each for each in environment.distributions} if environment else {}
    modules = [*(one.module for one in made.imports), *made.seeded]
    names = sorted({normalised(distribution_of(module)) for module in modules} & set(recorded))
    hardware = recipe.header.hardware
    return {
        "python": environment.python if environment else "",
        "system": platform.system(),
        "machine": hardware.machine if hardware else "",
        "instruction_sets": list(hardware.instruction_sets) if hardware else [],
        "cpus": hardware.cpu_count if hardware else None,
        "threads": dict(hardware.threads) if hardware else {},
        "gpus": [gpu.name for gpu in hardware.gpus] if hardware else [],
        "packages": {recorded[name].name: recorded[name].version for name in names},
    }


def to_bring_back(recipe: Recipe, made: Plan) -> frozenset[int]:
    """Choose the cells outside the sections to try again with: those that drew random numbers, then all that acted.

    What the author tagged ``skip`` stays out.
    """
    tagged = {cell.code_index for cell in recipe.notebook.code_cells if "skip" in cell.tags}
    importing = set(made.kept) - {cell for function in made.functions for cell in function.cells}
    absent = ({each.cell for each in made.dropped} | importing) - tagged
    cells = [cell for cell in recipe.trace.cells if cell.index in absent]
    drew = {cell.index for cell in cells if cell.rng_before != cell.rng_after}
    chosen = drew or {cell.index for cell in cells if cell.writes or cell.files_written}
    return frozenset(index for index in chosen if index is not None)


def _judged(
    recipe: Recipe,
    result: Mapping[str, Any] | ExecutionError,
    *,
    variables: Comparison = _NOTHING,
    lines: Comparison = _NOTHING,
) -> Judgement:
    """Compare the script's result with the run's."""
    sinks = recipe.trace.sinks
    checked = {kind: sum(sink.kind == kind for sink in sinks) for kind in ("metric", "artifact")}
    counts = {"metrics": checked["metric"], "artifacts": checked["artifact"], "names": variables.equal}
    counts |= {"lines": lines.equal} if lines.equal else {}
    differs = variables if variables.evidence else lines
    first = None
    if isinstance(result, ExecutionError):
        first = difference(None, [], f"the script fails: {result}")
    elif differs.evidence:
        first = difference(differs.cell, [differs.name] if differs.name else [], differs.evidence)
    elif not sinks and not variables.equal and not lines.equal:
        # Nothing logged, saved, shown, kept or printed: there is nothing that two runs could be compared by.
        first = difference(None, [], "the notebook has no result to compare: log a metric with rb.log(name=value)")
    elif result["result_digest"] != recipe.record.result_digest:
        first = _first_difference(recipe, result["logged"])
    return Judgement(counts, first)


def _first_difference(recipe: Recipe, logged: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Name the first value that differs, of all that were logged; ``logged`` are the script's."""
    sinks = [sink for sink in recipe.trace.sinks if sink.kind == "metric"]
    for at, (sink, wanted, found) in enumerate(zip(sinks, recipe.folder.read_metrics().records, logged, strict=False)):
        name = sink.name
        if found["name"] != name and not found["name"].startswith(f"{name} ("):  # of another section
            return difference(sink.cell, [name], f"the script logs {found['name']} where the notebook logs {name}")
        # JSON holds what is not finite as text.
        if repr(float(wanted["value"])) != repr(float(found["value"])):
            number, count = (sum(each.name == name for each in some) for some in (sinks[: at + 1], sinks))
            which = f" (value {number} of {count})" if count > 1 else ""
            said = f"{name} is {wanted['value']} in the notebook, {found['value']} in the script{which}"
            return difference(sink.cell, [name], said)
    if len(logged) != len(sinks):
        return difference(None, [], f"the notebook logs {len(sinks)} values, the script {len(logged)}")
    return difference(None, [], "all metrics agree as numbers; a type, the order of the results or an artifact differs")


def difference(cell: int | None, names: list[str], evidence: str) -> dict[str, Any]:
    """Describe a difference in the form of verify's."""
    return {
        "cell": cell,
        "cell_id": None,
        "names": names,
        "cause": "unknown",
        "evidence": evidence,
        "confirmed": False,
        "fix": "Check with `reprobook verify` that the notebook repeats. If not, seed it (`reprobook run --seed 42`)"
        " and promote that run; if so, give the cells that matter the tag 'keep', or name them with --keep.",
    }
