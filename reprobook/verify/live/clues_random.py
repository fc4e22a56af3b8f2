"""Clues from random generators: who drew between the seed and the cell, live and in a clean run."""

from __future__ import annotations

from collections.abc import Iterator

from reprobook.verify.live import source as live_source
from reprobook.verify.live.clue import Clue, clue, numbers
from reprobook.verify.live.clues_names import out_of_order, slot
from reprobook.verify.live.edit import Edit, Step
from reprobook.verify.live.events import Event
from reprobook.verify.live.past import Past, Place


def drawn_otherwise(past: Past, place: Place) -> Iterator[Clue]:
    """Other executions drew random numbers between the seed and the cell."""
    for generator in place.live.rng_before:
        if not place.event.draws(generator):
            continue
        if place.live.rng_before[generator] == place.clean.rng_before.get(generator):
            continue
        common = _common_position(past, place, generator)
        if common is None:
            yield from _never_seeded(past, place, generator)
            continue
        start, cell = common
        between = [e for e in past.before(place.event) if e.number >= start and e.draws(generator)]
        expected = [
            index
            for index, trace in sorted(past.clean.items())
            if cell < index < place.cell and trace.rng_before.get(generator) != trace.rng_after.get(generator)
        ]
        yield from _draws(past, place, generator, between, expected)


def _common_position(past: Past, place: Place, generator: str) -> tuple[int, int] | None:
    """Return the latest execution, and the cell of the clean run, after which a generator stood alike in both."""
    known: dict[str, int] = {}
    for index, trace in sorted(past.clean.items()):
        if index <= place.cell and generator in trace.rng_before:
            known.setdefault(trace.rng_before[generator], index - 1)
        if index < place.cell and generator in trace.rng_after:
            known[trace.rng_after[generator]] = index
    for event in reversed(past.events[: place.event.number + 1]):
        if event.trace is None:
            continue
        if event.number < place.event.number and (after := event.trace.rng_after.get(generator)) in known:
            return event.number + 1, known[after or ""]
        if (before := event.trace.rng_before.get(generator)) in known:
            return event.number, known[before or ""]
    return None


def _draws(past: Past, place: Place, generator: str, between: list[Event], expected: list[int]) -> Iterator[Clue]:
    """Compare who drew with who should have."""
    seen: set[int] = set()
    extra = []
    for event in reversed(between):
        if event.index is None or event.index not in expected or event.index in seen:
            extra.append(event)
        else:
            seen.add(event.index)
    missing = [index for index in expected if index not in seen]
    if extra:
        labels = ", ".join(
            f"cell [{e.index}] as In [{e.count}]"
            if e.index is not None
            else f"deleted code In [{e.count}] `{live_source.quoted(e.source, 60)}`"
            for e in reversed(extra)
        )
        yield clue(
            "hidden_state.rng_advanced",
            f"the {generator} generator had been advanced before cell [{place.cell}] drew from it as "
            f"In [{place.event.count}]: since it was seeded, {labels} drew from it too",
            f"seed in cell [{place.cell}] itself, or give it a generator of its own; or restart and run all",
            0.94,
            blamed=extra,
            edit=Edit(drop=numbers(extra)),
        )
    for index in missing:
        if not past.executions(index):
            yield _skipped_effect(past, place, index, f"it draws from the {generator} generator", 0.9)
    if not extra and not missing and between:
        yield out_of_order(place, f"the {generator} generator", between[-1], None)


def _never_seeded(past: Past, place: Place, generator: str) -> Iterator[Clue]:
    """A cell that seeds was not executed before the cell that draws."""
    for index, source in enumerate(past.sources[: place.cell]):
        if not live_source.seeds(source):
            continue
        if not past.executions(index):
            yield _skipped_effect(past, place, index, f"it seeds the {generator} generator", 0.93)
        elif not past.executions(index, place.event):
            yield out_of_order(place, f"the {generator} generator", past.executions(index)[0], index)


def _skipped_effect(past: Past, place: Place, index: int, effect: str, weight: float) -> Clue:
    return clue(
        "hidden_state.skipped_cell",
        f"cell [{index}] was never executed in the session, and a run of the whole notebook executes it: {effect}",
        f"run cell [{index}] and all cells below it, or delete it",
        weight,
        blamed=(place.event,),
        edit=Edit(insert={slot(past, index, place.event): (Step(past.sources[index], None, index),)}),
    )
