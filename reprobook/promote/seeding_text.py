"""The text of the one place in a script that seeds."""

from __future__ import annotations

from reprobook.promote.model import Import, Plan
from reprobook.promote.prose import listed

_WORDS = {"random": "Python", "numpy": "NumPy", "torch": "torch"}


def imports(plan: Plan) -> list[Import]:
    """Return what that place imports."""
    found = [Import(library, "", alias(plan, library)) for library in plan.seeded]
    return found + ([Import("os", "", "os")] if plan.deterministic and "torch" in plan.seeded else [])


def alias(plan: Plan, library: str) -> str:
    """Return the name that a library has in the script."""
    usual = {"numpy": "np"}.get(library, library)
    found = [one.name for one in plan.imports if one.module == library and not one.attribute]
    if found:
        return found[0]
    return f"seeded_{library}" if any(one.name == usual for one in plan.imports) else usual


def seeding(plan: Plan) -> str:
    """Return the one block that seeds."""
    lines: list[str] = []
    seeds = {"random": "{}.seed(seed)", "numpy": "{}.random.seed(seed % 2**32)", "torch": "{}.manual_seed(seed)"}
    if plan.seed_expression:
        lines += [f"    {seeds[library].format(alias(plan, library))}" for library in plan.seeded]
    if plan.deterministic and "torch" in plan.seeded:
        torch = alias(plan, "torch")
        lines += ['    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"']
        lines += [f"    {torch}.backends.cudnn.benchmark = False", f"    {torch}.use_deterministic_algorithms(True)"]
    if not lines:
        return ""
    argument = "seed: int" if plan.seed_expression else ""
    summary = (
        f"Seed {listed([_WORDS[library] for library in plan.seeded])}."
        if plan.seed_expression
        else "Choose kernels that give the same bits every time."
    )
    return "\n".join([f"def {plan.words.seed_everything}({argument}) -> None:", f'    """{summary}"""', *lines])


def decided(plan: Plan, quote: str = "") -> str:
    """Say what a seed that is no option decides: ``the loss of build_model``; names between quotes."""
    sections = {cell: f"{quote}{function.name}{quote}" for function in plan.functions for cell in function.cells}
    found = plan.fixed_seed.decides if plan.fixed_seed else ()
    said = [
        f"{quote}{plan.renamed[cell, name]}{quote}"
        if (cell, name) in plan.renamed
        else f"the {name} of {sections.get(cell, f'code cell {cell}')}"
        for name, cell in found
    ]
    return f"only {listed(said)}" if said else "no result"
