"""A run with its metrics as the files of a script name them."""

from __future__ import annotations

from dataclasses import replace

from reprobook.promote.logged import Logged
from reprobook.promote.model import Plan
from reprobook.promote.recipe import Recipe
from reprobook.trace import Sink


def as_in_script(recipe: Recipe, made: Plan) -> Recipe:
    """Return a run whose metrics have the names that they have in the script's own record of results.

    The ``result_digest`` is over the notebook's names. What the script prints under one name keeps it; only the job's
    files say which section another value of that name comes from, as `reprobook.execute.job` does.
    """
    sinks = tuple(_renamed(sink, made) for sink in recipe.trace.sinks)
    logged = _named(recipe.logged, made)
    if sinks == recipe.trace.sinks and logged == recipe.logged:
        return recipe
    last = {sink.name: new.name for sink, new in zip(recipe.trace.sinks, sinks, strict=True) if sink.kind == "metric"}
    metrics = {last.get(name, name): value for name, value in recipe.metrics.items()}
    metrics = {each.name: each.value for each in logged} or metrics
    recorded = {name: float(value) for name, value in metrics.items()}
    record = recipe.record.model_copy(update={"metrics": recorded})
    trace = recipe.trace.model_copy(update={"sinks": sinks})
    return replace(recipe, record=record, trace=trace, logged=logged, metrics=metrics)


def _renamed(sink: Sink, made: Plan) -> Sink:
    cell = -1 if sink.cell is None else sink.cell
    name = made.renamed.get((cell, sink.name), sink.name) if sink.kind == "metric" and not sink.explicit else sink.name
    return sink if name == sink.name else sink.model_copy(update={"name": name})


def _named(logged: tuple[Logged, ...], made: Plan) -> tuple[Logged, ...]:
    """Return what was logged under the names that the script's files have."""
    sections = {cell: function.name for function in made.functions for cell in function.cells}
    first: dict[str, str] = {}
    found: list[Logged] = []
    for each in logged:
        cell = -1 if each.cell is None else each.cell
        section = sections.get(cell, "")
        name = made.renamed.get((cell, each.name), each.name)
        if made.printed_metrics and first.setdefault(name, section) not in {section, ""}:
            name = f"{name} ({section})" if section else name
        found.append(replace(each, name=name))
    return tuple(found)
