"""Where a script comes from: the notebook, the run, and the commands that make it again."""

from __future__ import annotations

import shlex

from reprobook.promote.facts import Provenance
from reprobook.promote.options import JobOptions
from reprobook.promote.recipe import Recipe


def provenance(recipe: Recipe, options: JobOptions) -> Provenance:
    """Tell where the script of a run comes from."""
    run = ["reprobook", "run", recipe.notebook.name]
    run += ["--seed", str(recipe.header.seeds.seed)] if recipe.header.seeds.seed is not None else []
    for name, value in recipe.changed.items():
        run += ["-p", name, value if isinstance(value, str) else repr(value)]
    promote = ["reprobook", "promote", recipe.record.run_id]
    promote += ["--style", options.style] if options.style != "plain" else []
    promote += ["--resume"] if options.resume else []
    for flag, values in (("--launcher", options.launchers), ("--keep", options.keep)):
        promote += [word for value in values for word in (flag, value)]
    return Provenance(
        notebook=recipe.notebook.name,
        notebook_digest=recipe.source_digest,
        recipe_digest=recipe.header.recipe_digest,
        commands=(shlex.join(run), shlex.join(promote)),
        run_id=recipe.record.run_id,
    )
