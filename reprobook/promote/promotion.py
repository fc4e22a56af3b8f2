"""Promote a notebook: plan the script, write the job, and prove that it gives the notebook's result."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from reprobook.capture import LOCK_NAME, write_lock
from reprobook.errors import InputError, NotPromotableError
from reprobook.execute import OnEvent, ignore
from reprobook.execute.script import SCRIPT
from reprobook.promote.evidence import Evidence
from reprobook.promote.files import job_files, needed
from reprobook.promote.job_folder import HEADER, check_folder, check_place, write_job
from reprobook.promote.local_modules import module_files
from reprobook.promote.model import Plan
from reprobook.promote.options import JobOptions
from reprobook.promote.outcome import DroppedCell, Promotion, ProvedSeed, TrainingLoop
from reprobook.promote.plan import plan
from reprobook.promote.proof import Candidate, Judgement, expected, prove, to_bring_back
from reprobook.promote.prose import listed
from reprobook.promote.recipe import Recipe, read_recipe
from reprobook.promote.run_facts import facts_of, failed_commands
from reprobook.promote.script_metrics import as_in_script
from reprobook.promote.seeds import first_run
from reprobook.promote.style import check_style
from reprobook.promote.text import render
from reprobook.promote.trial import Trial, try_job
from reprobook.promote.variation import unvaried
from reprobook.runs import RunFolder, Store
from reprobook.runs.foreign import check_trust

_DEFAULT = JobOptions()


def promote_notebook(  # noqa: PLR0913 - the last three are asked for by name
    target: Path | RunFolder,
    store: Store,
    options: JobOptions = _DEFAULT,
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
        UntrustedError: If the run was imported, and is not trusted.
    """
    check_style(options)
    if isinstance(target, RunFolder):
        check_trust(target.read_record(), trust=options.trust)
    else:
        check_place(out or _folder_of(target), force=options.force)
    recipe = read_recipe(first_run(target, store, options, on_event))
    folder = out or _folder_of(Path(recipe.notebook.name))
    check_folder(folder, recipe.header, force=options.force)
    asked = _asked_for(recipe, options.keep)
    made, trial = _plan(recipe, options, _Wish(asked)), Trial()
    if verify:
        made, judgement = _attempts(Candidate(folder, recipe, made, options), _Wish(asked))
        trial = try_job(Candidate(folder, recipe, made, options), judgement, store, on_event)
    _write(folder, recipe, made, options, trial)
    return Promotion(
        dir=str(folder),
        script=str(folder / SCRIPT),
        equivalent=trial.equivalent,
        checked=dict(trial.judgement.checked) if trial.judgement else {},
        kept=made.kept,
        asked=sorted(asked),
        dropped=[DroppedCell(cell=each.cell, reason=each.reason) for each in made.dropped],
        trimmed=[DroppedCell(cell=each.cell, reason=each.reason) for each in made.trimmed],
        first=dict(trial.first) if trial.first else None,
        run_id=recipe.record.run_id,
        loops=[
            TrainingLoop(function=each.place, state=[*each.objects, *each.values], reason=each.reason)
            for each in made.loops
        ],
        resumed=trial.resumed,
        failed_commands=failed_commands(recipe, made),
        seeds=[ProvedSeed(seed=each.seed, run_id=each.run_id, equivalent=each.equivalent) for each in trial.seeds],
    )


def _folder_of(notebook: Path) -> Path:
    return Path(f"{notebook.stem}-job")


@dataclass(frozen=True)
class _Wish:
    """What decides a plan beside the run: cells to keep, parameters that are none, whether to draw the results."""

    keep: frozenset[int]
    fixed: frozenset[str] = frozenset()
    figures: bool = True


def _attempts(job: Candidate, wish: _Wish) -> tuple[Plan, Judgement]:
    """Write the script and prove it; if it is not equivalent, without figures, then with cells that were left out.

    Where nothing helps, the first attempt stands.
    """
    first: tuple[Plan, Judgement] | None = None
    while True:
        judgement = _tried(job)
        first = first or (job.plan, judgement)
        if judgement.equivalent:
            return _without_mere_options(job, judgement, wish)
        other = _next(job, wish)
        if other is None:
            return first
        wish = other
        job = replace(job, plan=_plan(job.recipe, job.options, wish))


def _next(job: Candidate, wish: _Wish) -> _Wish | None:
    """Return what to try after a script that is not equivalent; None if nothing is left."""
    if wish.figures and job.plan.plots:
        return replace(wish, figures=False)
    back = to_bring_back(job.recipe, job.plan) - wish.keep
    return replace(wish, keep=wish.keep | back) if back else None


def _without_mere_options(job: Candidate, judgement: Judgement, wish: _Wish) -> tuple[Plan, Judgement]:
    """Make constants of the parameters that a script proved equivalent cannot vary; only if that is proved, too."""
    fixed = unvaried(job)
    if fixed:
        other = replace(job, plan=_plan(job.recipe, job.options, replace(wish, fixed=frozenset(fixed))))
        again = _tried(other)
        if again.equivalent:
            return other.plan, again
        _write(job.folder, job.recipe, job.plan, job.options, Trial())
    return job.plan, judgement


def _tried(job: Candidate) -> Judgement:
    """Write a script and prove it."""
    _check_work(job.recipe, job.plan)
    _write(job.folder, job.recipe, job.plan, job.options, Trial())
    return prove(job.folder, job.recipe, job.plan)


def _check_work(recipe: Recipe, made: Plan) -> None:
    """See that there is something to compare.

    Raises:
        NotPromotableError: If the notebook has no result, and sets no variable but parameters, or if all that it
            does are shell lines that failed.
    """
    if recipe.trace.sinks:
        return
    if not made.functions:
        msg = f"{recipe.notebook.name} computes nothing: no cell sets a variable, or prints, logs or saves anything"
        hint = "Promote it when it does; cells that only show or plot are no results. Log one with rb.log(name=value)."
        raise NotPromotableError(msg, hint=hint)
    failed, observed = failed_commands(recipe, made), recipe.trace.by_cell()
    working = {cell for function in made.functions for cell in function.cells}
    if all(cell in failed and not observed[cell].writes for cell in working):
        where = listed([f"cell {cell} with exit code {code}" for cell, code in failed.items()])
        msg = f"{recipe.notebook.name} computes nothing: it only runs shell lines that failed ({where})"
        raise NotPromotableError(msg, hint="Run the notebook where these commands work, then promote that run.")


def _asked_for(recipe: Recipe, keep: Collection[str]) -> frozenset[int]:
    """Return the code indices that ``--keep`` names, and those of the cells tagged ``keep``.

    Raises:
        InputError: If there is no such cell.
    """
    cells = recipe.notebook.code_cells
    places = {str(cell.code_index): cell for cell in cells} | {cell.id: cell for cell in cells if cell.id}
    unknown = [name for name in keep if name not in places]
    if unknown:
        msg = f"{recipe.notebook.name} has no code cell {unknown[0]!r}"
        raise InputError(msg, hint=f"--keep takes 0 to {len(cells) - 1} (counting code cells), or the id of a cell.")
    tagged = [cell.code_index for cell in cells if "keep" in cell.tags]
    named = [places[name].code_index for name in keep]
    return frozenset(index for index in [*tagged, *named] if index is not None)


def _plan(recipe: Recipe, options: JobOptions, wish: _Wish) -> Plan:
    """Plan the script from what the run saw."""
    shown: dict[int, list[str]] = {}
    for sink in recipe.trace.sinks:
        if not sink.explicit and sink.cell is not None:
            shown.setdefault(sink.cell, []).append(sink.name)
    environment = recipe.header.environment
    evidence = Evidence(
        observed=recipe.trace.by_cell(),
        kinds={
            index: {name: value.kind for name, value in cell.writes.items()}
            for index, cell in recipe.trace.by_cell().items()
        },
        shown=shown,
        keep=wish.keep,
        fixed=wish.fixed,
        figures=wish.figures,
        resume=options.resume,
        opaque={name for cell in recipe.trace.cells for name, each in cell.writes.items() if each.opaque},
        seed=recipe.header.seeds.seed,
        seeds=bool(options.seeds),
        deterministic=recipe.header.seeds.deterministic,
        device=recipe.header.seeds.device,
        installed=[each.name for each in environment.distributions] if environment else (),
    )
    return plan(recipe.notebook, recipe.parameters, evidence, options.style)


def _write(folder: Path, recipe: Recipe, made: Plan, options: JobOptions, trial: Trial) -> None:
    """Write the job's files."""
    modules = module_files(recipe.folder, made)
    checked = trial.judgement.checked if trial.judgement else {}
    facts = facts_of(as_in_script(recipe, made), made, options, equivalent=trial.equivalent)
    facts = replace(facts, modules=tuple(modules), checked=checked)
    texts = {SCRIPT: render(made, facts.provenance, facts.style), **job_files(made, facts)}
    files = (
        modules | {name: text.encode() for name, text in texts.items()} | {HEADER: recipe.folder.header.read_bytes()}
    )
    if environment := recipe.header.environment:
        names = needed(made, facts)
        part = [each for each in environment.distributions if each.name in names]
        files[LOCK_NAME] = write_lock(environment.model_copy(update={"distributions": tuple(part)})).encode()
    seeds = [each.expected for each in trial.seeds]
    write_job(folder, files, expected(recipe, made, equivalent=trial.equivalent, seeds=seeds))
