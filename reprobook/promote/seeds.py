"""The proof for several seeds: the notebook is run with each, and so is the script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.errors import InputError
from reprobook.execute import OnEvent, ReplayOptions, RunOptions, replay_run, run_notebook
from reprobook.execute.preparation import prepare
from reprobook.execute.workplace import workplace_of
from reprobook.promote.commands import option
from reprobook.promote.options import JobOptions
from reprobook.promote.proof import Candidate, prove
from reprobook.promote.recipe import Recipe, read_recipe
from reprobook.promote.script_metrics import as_in_script
from reprobook.runs import RunFolder, Store


@dataclass(frozen=True)
class SeedProof:
    """What came of the proof for one seed.

    Attributes:
        seed: The seed.
        run_id: The run of the notebook with it.
        first: The first difference; None if there is none.
        expected: What the script must give with it, and the words that give it the seed.
    """

    seed: int
    run_id: str
    first: Mapping[str, Any] | None
    expected: Mapping[str, Any]

    @property
    def equivalent(self) -> bool:
        """Whether the script gave the notebook's result."""
        return self.first is None


def first_run(target: Path | RunFolder, store: Store, options: JobOptions, on_event: OnEvent) -> RunFolder:
    """Return the run to promote: a notebook is run, with the first seed if it sets none itself.

    Raises:
        InputError: If seeds are to be proved of a run without one: its script has no such option.
    """
    if not isinstance(target, RunFolder):
        alone = not options.seeds or prepare(target, RunOptions()).seed is not None
        return run_notebook(target, store, RunOptions(seed=None if alone else options.seeds[0]), on_event)
    if options.seeds and target.read_header().seeds.seed is None:
        msg = f"run {target.run_id} has no seed, so its script takes none"
        raise InputError(msg, hint="Give --seeds with the notebook, or promote a run made with --seed.")
    return target


def prove_seeds(job: Candidate, store: Store, on_event: OnEvent) -> list[SeedProof]:
    """Prove the script for each seed that was asked for.

    Raises:
        InputError: If the notebook fails with one of them.
    """
    found: list[SeedProof] = []
    recipe = job.recipe
    for seed in job.options.seeds:
        same = seed == recipe.header.seeds.seed
        other = recipe if same else _with_seed(recipe, seed, store, on_event)
        arguments = () if same else _arguments(job, seed)
        judgement = prove(job.folder, other, job.plan, arguments)
        record = as_in_script(other, job.plan).record.model_dump(mode="json")
        expected = {
            "seed": seed,
            "arguments": list(arguments),
            "result_digest": record["result_digest"],
            "metrics": record["metrics"],
        }
        found.append(SeedProof(seed, other.record.run_id, judgement.first, expected))
    return found


def _with_seed(recipe: Recipe, seed: int, store: Store, on_event: OnEvent) -> Recipe:
    """Run the notebook with another seed."""
    with workplace_of(recipe.folder, None) as cwd:
        return read_recipe(replay_run(recipe.folder, store, ReplayOptions(seed=seed, cwd=cwd), on_event))


def _arguments(job: Candidate, seed: int) -> tuple[str, ...]:
    """Return the words that give the script a seed: a parameter of the notebook named ``seed`` follows it."""
    fields = [
        each for each in job.plan.fields if each.name == job.plan.seed or (each.name == "seed" and each.type is int)
    ]
    return tuple(word for each in fields for word in option(job.options.style, each.name, seed))
