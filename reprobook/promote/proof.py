"""The proof of a promotion: the script runs in a clean process, and must give the notebook's result."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.errors import ExecutionError
from reprobook.execute.script import JobRequest, run_script
from reprobook.execute.section_values import read_values
from reprobook.execute.workplace import lay_out, made_files
from reprobook.promote.model import Plan
from reprobook.promote.printed import compared_text
from reprobook.promote.recipe import Recipe
from reprobook.promote.variables import Comparison, compared
from reprobook.runs import NewRun

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


def prove(folder: Path, recipe: Recipe, made: Plan) -> Judgement:
    """Run the script as it was written, in the notebook's folder as it was before the run, and compare.

    A notebook that logs, saves and shows no result is compared by its variables; if it has none, by what it prints.
    """
    with tempfile.TemporaryDirectory(prefix="reprobook-proof-") as temporary:
        cwd = Path(recipe.header.origin.folder or folder)
        request = JobRequest(
            folder=folder,
            out=Path(temporary, "out"),
            cwd=lay_out(cwd, made_files(recipe.trace), Path(temporary, "cwd")),
            seed=recipe.header.seeds.seed,
            deterministic=recipe.header.seeds.deterministic,
            sections=() if recipe.trace.sinks else [function.name for function in made.functions],
        )
        try:
            result = run_script(request)
        except ExecutionError as error:
            return _judged(recipe, error)
        variables = compared(read_values(request.out), made, recipe)
        if recipe.trace.sinks or variables != _NOTHING:
            return _judged(recipe, result, variables=variables)
        return _judged(recipe, result, lines=compared_text(result["printed"], made, recipe))


def expected(recipe: Recipe, made: Plan, *, equivalent: bool | None) -> dict[str, Any]:
    """Return what the script must give, for ``reprobook verify DIR``."""
    record = recipe.record.model_dump(mode="json")
    exact = {name: value for name, value in recipe.metrics.items() if isinstance(value, int)}
    return {
        "result_digest": record["result_digest"],
        "parameters": NewRun(parameters={each.name: each.default for each in made.fields}).model_dump(mode="json")[
            "parameters"
        ],
        "metrics": record["metrics"] | exact,
        "seed": recipe.header.seeds.seed,
        "deterministic": recipe.header.seeds.deterministic,
        "equivalent": equivalent,
        "run_id": recipe.record.run_id,
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
        first = _difference(None, [], f"the script fails: {result}")
    elif differs.evidence:
        first = _difference(differs.cell, [differs.name] if differs.name else [], differs.evidence)
    elif not sinks and not variables.equal and not lines.equal:
        # Nothing logged, saved, shown, kept or printed: there is nothing that two runs could be compared by.
        first = _difference(None, [], "the notebook has no result to compare: log a metric with rb.log(name=value)")
    elif result["result_digest"] != recipe.record.result_digest:
        first = _first_difference(recipe, result["metrics"])
    return Judgement(counts, first)


def _first_difference(recipe: Recipe, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Name the first metric that differs, by its last value."""
    for sink in recipe.trace.sinks:
        wanted, found = recipe.metrics.get(sink.name), metrics.get(sink.name)
        # JSON holds what is not finite as text.
        number = float(found) if isinstance(found, str) else found
        if sink.kind == "metric" and repr(wanted) != repr(number):
            return _difference(
                sink.cell, [sink.name], f"{sink.name} is {wanted} in the notebook, {found} in the script"
            )
    evidence = "the last values of all metrics agree; an earlier value, the order or an artifact differs"
    return _difference(None, [], evidence)


def _difference(cell: int | None, names: list[str], evidence: str) -> dict[str, Any]:
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
