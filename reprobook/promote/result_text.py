"""What a README and a card say of a job's results: what was proved of them, and where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from reprobook.promote.facts import Facts
from reprobook.promote.logged import Logged
from reprobook.promote.markdown import MOST_FILES, code
from reprobook.promote.measured import Measured, measured
from reprobook.promote.model import Plan
from reprobook.promote.prose import clipped, listed
from reprobook.promote.reloading import artifact_reloading

COUNTED = "Code cells are counted from 0"
ARTIFACTS = "out/artifacts"
LOADING = """\
In the folder of `train.py`, with the parameters that the model was trained with; what it is given must be prepared as
the script prepares it:"""
_MOST_METRICS = 5
_TRAINING = frozenset({"train", "fit"})
_LOADERS: Mapping[str, str] = {
    ".safetensors": "safetensors.torch.load_file",
    ".npy": "numpy.load",
    ".csv": "pandas.read_csv",
    ".json": "json.load",
    ".pkl": "pickle.load",
}
_UNITS: Mapping[str, str] = {
    "metrics": "value",
    "artifacts": "artifact",
    "names": "variable",
    "lines": "printed line",
}
_MOST_STALE = 2


def results_of(plan: Plan, facts: Facts) -> list[Measured]:
    """Return the metrics, each with the section and the cell that logged it."""
    return results(plan, facts.logged, facts.metrics)


def results(plan: Plan, logged: Sequence[Logged], metrics: Mapping[str, float]) -> list[Measured]:
    """Return the metrics that a run logged, in the same way."""
    sections = {cell: function.name for function in plan.functions for cell in function.cells}

    def place(cell: int) -> str:
        return f"{f'`{sections[cell]}`, ' if cell in sections else ''}code cell {cell}"

    return measured(logged, metrics, place, _before_training(plan))


def _before_training(plan: Plan) -> frozenset[int]:
    """Return the cells of the sections before the first that trains, by its name."""
    at = next((at for at, each in enumerate(plan.functions) if each.name.partition("_")[0] in _TRAINING), 0)
    return frozenset(cell for each in plan.functions[:at] for cell in each.cells)


def proof_sentence(plan: Plan, facts: Facts) -> str:
    """Say what was compared with what, and what came of it."""
    seed = "" if facts.seed is None else f" (seed {facts.seed})"
    run = f"run `{code(facts.run_id)}`{seed}" if facts.run_id else f"the notebook{seed}"
    if facts.equivalent is None:
        return f"Whether this script gives the result of {run} has not been tried."
    if not facts.equivalent:
        return f"A run of this script did **not** give the result of {run}."
    compared = _compared(results_of(plan, facts), facts)
    return f"A run of this script gave the result of {run}, bit by bit{compared}.{_other_run(facts)}"


def _other_run(facts: Facts) -> str:
    """Name the results in the notebook's file that are of another run, so that nobody compares with them."""
    said = [
        f"code cell {cell} shows {_line(stored)} there, {_line(shown)} in this one"
        for cell, (stored, shown) in sorted(facts.stale.items())
    ]
    more = [f"{len(said) - _MOST_STALE} more"] * (len(said) > _MOST_STALE)
    whose = " The outputs stored in the notebook's file are of another run, or of other code:"
    return f"{whose} {'; '.join([*said[:_MOST_STALE], *more])}." if said else ""


def _line(text: str) -> str:
    return f"`{code(clipped(text.strip()))}`" if text else "no such line"


def _compared(results: Sequence[Measured], facts: Facts) -> str:
    """Say how much was compared, and the last values of the first metrics."""
    names = len({each.name for each in results})
    counts = {kind: _count(number, _UNITS[kind]) for kind, number in facts.checked.items() if number}
    parts = [f"{text} of {_count(names, 'metric')}" if kind == "metrics" else text for kind, text in counts.items()]
    late = [each for each in results if not each.early] or results
    values = [_value(each) for each in late[:_MOST_METRICS]]
    values += [f"{len(results) - len(values)} more"] * (len(results) > len(values))
    said = f": {listed(parts)}" if parts else ""
    return f"{said} (last: {', '.join(values)})" if parts and values else said


def _value(each: Measured) -> str:
    place = f" in {each.place.replace(', ', ' (', 1)})" if each.shared and "," in each.place else ""
    place = place or (f" in {each.place}" if each.shared and each.place else "")
    return f"`{code(each.name)}` {_short(each.value)}{place}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _short(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4g}"


def saved_files(plan: Plan, facts: Facts) -> str:
    """Say which files of the output folder hold what was saved, and how each is read; or that no weights are."""
    if not facts.artifacts:
        return "" if facts.written else f"{_only_metrics(facts, plots=plan.plots)}."
    names = _names(facts)[:MOST_FILES]
    loading = {name: artifact_reloading(plan, facts.numbers, name, f"{ARTIFACTS}/{name}") for name in names}
    lines = [_artifact(name, builds=bool(loading[name])) for name in names]
    more = len(_names(facts)) - MOST_FILES
    listing = "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])])
    return "\n\n".join([listing, *(f"{LOADING}\n\n```python\n{text}```" for text in loading.values() if text)])


def artifact_row(facts: Facts, *, plots: bool) -> str:
    """Return the same for a table: the names of the files."""
    if facts.artifacts:
        return listed([f"`{code(name)}`" for name in _names(facts)[:MOST_FILES]])
    written = [f"`{code(path)}`" for path in facts.written[:MOST_FILES]]
    if written:
        return f"the code itself writes {listed(written)}"
    return f"none: {_only_metrics(facts, plots=plots).lower()}"


def _only_metrics(facts: Facts, *, plots: bool) -> str:
    metrics = f"writes metrics {'and figures' if plots else 'only'}"
    return f"The job {metrics if facts.metrics else 'logs no metric'}; no weights are saved"


def _names(facts: Facts) -> list[str]:
    """Return the files, and for the checkpoints of a model, each in a folder of its own, the folder of all."""
    heads = [path.partition("/") for path in facts.artifacts]
    return list(dict.fromkeys(f"{head}{slash}" for head, slash, _ in heads))


def _artifact(name: str, *, builds: bool) -> str:
    path = f"{ARTIFACTS}/{name}"
    if name.endswith("/"):
        return f"- `{code(path)}`: checkpoints, a folder for each, with `weights` and the state of the training"
    if builds:
        return f"- `{code(path)}`: the weights of the model"
    loader = _LOADERS.get(PurePosixPath(name).suffix, "")
    trust = ", if you trust whoever wrote it" if loader == "pickle.load" else ""
    weights = "; a model takes that dict with `load_state_dict`" if loader.startswith("safetensors") else ""
    return f"- `{code(path)}`" + (f": load it with `{loader}`{weights}{trust}" if loader else "")
