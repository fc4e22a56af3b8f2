"""The hazards of a notebook: each family looks at the same parsed book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reprobook.hazards import (
    caches,
    clock,
    completion,
    concurrency,
    environment,
    files,
    listings,
    locality,
    machine,
    memory,
    modules,
    numerics,
    order,
    packages,
    reductions,
    reruns,
    rng,
    seeding,
    sorting,
    state,
    stops,
    streams,
    uninitialised,
    unseeded_calls,
    workers,
)
from reprobook.hazards.book import Book
from reprobook.hazards.course import Course
from reprobook.hazards.model import Hazard
from reprobook.hazards.report import Report
from reprobook.notebook import Notebook

# Later ones may look at what earlier ones have found.
_FAMILIES: tuple[Callable[[Report], object], ...] = (
    rng.find,
    seeding.find,
    unseeded_calls.find,
    order.find,
    sorting.find,
    stops.find,
    clock.find,
    machine.find,
    completion.find,
    concurrency.find,
    workers.find,
    listings.find,
    caches.find,
    files.find,
    environment.find,
    locality.find,
    numerics.find,
    reductions.find,
    uninitialised.find,
    state.find,
    reruns.find,
    memory.find,
    modules.find,
    packages.find,
    streams.find,
)


def possible_causes(notebook: Notebook) -> tuple[Hazard, ...]:
    """Return every place where a cause of divergence may come in, ordered by cell and line.

    A superset of :func:`find_hazards`, made to attribute a divergence that was seen.
    """
    book = Book(notebook)
    report = Report(book, Course(book))
    for family in _FAMILIES:
        family(report)
    return _distinct(_absorbed(report.found))


def find_hazards(notebook: Notebook) -> tuple[Hazard, ...]:
    """Return the hazards that a reader should know of before anything runs, ordered by cell and line.

    One a cell, line and cause; of a global generator, the first draw in each cell stands for the others.
    """
    shown = [hazard for hazard in possible_causes(notebook) if hazard.shown]
    first: dict[tuple[object, ...], Hazard] = {}
    for hazard in shown:
        key = (hazard.cell, hazard.cause, hazard.generator if hazard.seeds else hazard.line)
        if key not in first or (hazard.certain and not first[key].certain):
            first[key] = hazard
    return tuple(first.values())


def _absorbed(found: list[Hazard]) -> list[Hazard]:
    """Let the exact cause stand for the general one: a generator without a seed in a worker of a DataLoader."""
    exact = {(h.cell, h.line) for h in found if h.certain and h.cause in {"dataloader.worker_rng", "pool_worker_rng"}}
    return [
        replace(h, certain=False, shown=False, edits=(), seeds=())
        if (h.cell, h.line) in exact and h.cause.startswith("unseeded_rng.")
        else h
        for h in found
    ]


def _distinct(found: list[Hazard]) -> tuple[Hazard, ...]:
    """Order hazards, and keep the strongest of those that say the same of one line."""
    ordered = sorted(found, key=lambda h: (h.cell, h.line, not h.certain, not h.shown, h.cause))
    first: dict[tuple[object, ...], Hazard] = {}
    for hazard in ordered:
        first.setdefault((hazard.cell, hazard.line, hazard.cause, hazard.generator), hazard)
    return tuple(first.values())
