"""What a run tells of a script: gathered once, for the files beside it."""

from __future__ import annotations

from dataclasses import replace
from importlib import metadata

from reprobook.capture import seed_environment
from reprobook.capture.direct_url import parse_direct_url, read_direct_url
from reprobook.execute.shell_lines import failed_shell_lines
from reprobook.notebook import InitOptions, init_directive
from reprobook.promote.data_files import needed_data, written_files
from reprobook.promote.facts import Facts
from reprobook.promote.files import needed
from reprobook.promote.hidden_modules import artifacts, hidden_modules
from reprobook.promote.model import Plan
from reprobook.promote.options import JobOptions
from reprobook.promote.prose import clipped
from reprobook.promote.provenance import provenance
from reprobook.promote.recipe import Recipe
from reprobook.promote.stored_outputs import stale_outputs
from reprobook.promote.style import version_of_style

_QUICK_S = 60  # a test of the whole job takes no longer


def facts_of(recipe: Recipe, made: Plan, options: JobOptions, *, equivalent: bool | None) -> Facts:
    """Gather what the files beside a script say of it."""
    environment, hardware, seeds = recipe.header.environment, recipe.header.hardware, recipe.header.seeds
    versions = {each.name: each.version for each in environment.distributions} if environment else {}
    facts = Facts(
        provenance=provenance(recipe, options),
        python_version=environment.python if environment else "3.11",
        versions=version_of_style(options) | versions,
        metrics=recipe.metrics,
        run_id=recipe.record.run_id,
        hardware=(hardware.cpu or hardware.machine) if hardware else "",
        logged=recipe.logged,
        failed_commands=failed_commands(recipe, made),
        data=needed_data(recipe.trace, made.kept),
        written=written_files(recipe.trace, made.kept),
        equivalent=equivalent,
        style=options.style,
        launchers=tuple(dict.fromkeys(options.launchers)),
        environment={"PYTHONHASHSEED": "0"} | seed_environment(seeds.seed, deterministic=seeds.deterministic),
        gpus=len(hardware.gpus) if hardware else 0,
        sources=_sources(recipe),
        cells=_first_lines(recipe),
        hidden=hidden_modules(recipe, made.kept),
        artifacts=artifacts(recipe),
        seed=seeds.seed,
        stale=stale_outputs(recipe),
        numbers=_numbers(recipe),
        asked_seed=(init_directive(recipe.notebook) or InitOptions()).seed,
        quick=recipe.record.duration_s is not None and recipe.record.duration_s < _QUICK_S,
    )
    return replace(facts, sources={name: facts.sources[name] for name in needed(made, facts) if name in facts.sources})


def _sources(recipe: Recipe) -> dict[str, str]:
    """Return where distributions came from that are of no index; empty for a folder, which is of one machine."""
    environment = recipe.header.environment
    found: dict[str, str] = {}
    for each in environment.distributions if environment else ():
        url = parse_direct_url(each.direct_url) if each.direct_url else None
        if url is not None or each.content is not None:  # content: it can be edited where it lies
            found[each.name] = "" if url is None or url.is_local else str(url)
    return found | _own_source()


def _own_source() -> dict[str, str]:
    """Return where reprobook itself came from, which is no part of what a header says of an environment."""
    text = metadata.distribution("reprobook").read_text("direct_url.json")
    if text is None:
        return {}
    url, _ = read_direct_url(text)
    return {"reprobook": "" if url.is_local else str(url)}


def _first_lines(recipe: Recipe) -> dict[int, str]:
    """Return what people know the code cells by: the first line of each that says something."""
    found: dict[int, str] = {}
    for cell in recipe.notebook.code_cells:
        lines = [line.strip() for line in cell.source.splitlines() if line.strip("#=- ")]
        if lines and cell.code_index is not None:
            found[cell.code_index] = clipped(lines[0])
    return found


def _numbers(recipe: Recipe) -> dict[int, dict[str, float]]:
    """Return the numbers that the cells left in variables: a trace shows no other content."""
    found: dict[int, dict[str, float]] = {}
    for cell in recipe.trace.cells:
        for name, value in cell.writes.items() if cell.index is not None else ():
            if value.kind == "int" and value.summary.lstrip("-").isdigit():
                found.setdefault(cell.index or 0, {})[name] = int(value.summary)
            elif value.kind == "float":
                found.setdefault(cell.index or 0, {})[name] = float(value.summary)
    return found


def failed_commands(recipe: Recipe, made: Plan) -> dict[int, int]:
    """Return the exit codes of shell lines that failed in the run and that the script runs too, by cell."""
    return {cell: code for cell, code in failed_shell_lines(recipe.trace).items() if cell in made.kept}
