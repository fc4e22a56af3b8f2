"""The model card of a job, in Markdown."""

from __future__ import annotations

import yaml

from reprobook.promote.facts import Facts
from reprobook.promote.markdown import code, data_table, parameter_table, plain, table
from reprobook.promote.model import Plan
from reprobook.promote.shown import is_expression
from reprobook.trace.shown import is_telling

_LIBRARIES = ("transformers", "torch", "sklearn", "tensorflow", "xgboost", "lightgbm")
_HUB_NAMES = {"torch": "pytorch", "sklearn": "sklearn"}


def model_card(plan: Plan, facts: Facts) -> str:
    """Return a model card with Hugging Face's YAML header; what is not known is listed as a gap."""
    gaps = [
        *(["license"] if not facts.license else []),
        *(["training data: no file of the notebook's folder was read"] if not facts.data else []),
        "intended use and limits",
        "evaluation on other data, and on groups of people",
    ]
    parts = [
        f"---\n{yaml.safe_dump(_hub_header(plan, facts), sort_keys=False, allow_unicode=True)}---",
        f"# {plain(plan.title)}",
        plain(plan.summary),
        "## Training",
        table(("", ""), _circumstances(facts)),
        parameter_table(plan, facts.style) if plan.fields else "",
        "## Data\n\n" + data_table(facts) if facts.data else "",
        "## Results\n\n" + _results(plan, facts) if facts.metrics else "",
        "## Gaps\n\nNot known to reprobook; fill in by hand:\n\n" + "\n".join(f"- {gap}" for gap in gaps),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _results(plan: Plan, facts: Facts) -> str:
    """Return the metrics as a table: each value with where it comes from, as one name may stand for several."""
    if not facts.logged:
        return table(("metric", "value"), [(plain(name), repr(value)) for name, value in facts.metrics.items()])
    places = {cell: function.name for function in plan.functions for cell in function.cells}
    rows: list[tuple[str, ...]] = []
    for each in facts.logged:
        function = f"`{places[each.cell]}`, " if each.cell in places else ""
        last = f", the last of {each.count}" if each.count > 1 else ""
        rows.append(
            (
                plain(each.name),
                repr(each.value),
                f"{function}code cell {each.cell + 1}{last}" if each.cell is not None else "",
            )
        )
    return table(("metric", "value", "from"), rows)


def _labelled(facts: Facts) -> list[tuple[str, str, float]]:
    """Return name, label and value of each metric; one that several cells logged is labelled with its cell."""
    if not facts.logged:
        return [(name, name, value) for name, value in facts.metrics.items()]
    names = [each.name for each in facts.logged]
    return [
        (
            each.name,
            each.name if names.count(each.name) == 1 else f"{each.name} (code cell {(each.cell or 0) + 1})",
            each.value,
        )
        for each in facts.logged
    ]


def _circumstances(facts: Facts) -> list[tuple[str, str]]:
    """Return what is known of the training run, as rows."""
    origin = facts.provenance
    return [
        ("notebook", f"`{code(origin.notebook)}`"),
        *([("recipe", f"`{code(origin.recipe_digest)}`")] if origin.recipe_digest else []),
        *([("run", f"`{code(facts.run_id)}`")] if facts.run_id else []),
        ("Python", facts.python_version),
        *([("hardware", plain(facts.hardware))] if facts.hardware else []),
    ]


def _hub_header(plan: Plan, facts: Facts) -> dict[str, object]:
    """Return the card's metadata: https://github.com/huggingface/hub-docs/blob/main/modelcard.md."""
    roots = {one.module.partition(".")[0] for one in plan.imports}
    library = next((name for name in _LIBRARIES if name in roots), "")
    header: dict[str, object] = {"tags": ["reprobook"]}
    header |= {"license": facts.license} if facts.license else {}
    header |= {"library_name": _HUB_NAMES.get(library, library)} if library else {}
    metrics = [
        {"type": name, "name": label, "value": value}
        for name, label, value in _labelled(facts)
        if is_telling(name) or not is_expression(name)  # ``len(words)`` says nothing of a model
    ]
    if metrics:
        result = {
            # A result without a task and a dataset is none for huggingface_hub.
            "task": {"type": "other"},
            "dataset": {"type": "other", "name": f"data of {facts.provenance.notebook}"},
            "metrics": metrics,
        }
        header["model-index"] = [{"name": plan.title, "results": [result]}]
    return header
