"""A clue: who is suspected, which executions are blamed, and the change to the history that would prove it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reprobook.verify.live.edit import NO_EDIT, Edit
from reprobook.verify.live.events import Event
from reprobook.verify.suspect import Experiment, Suspect

_ON_REPLAY = Experiment(remedy="history", paired=False)


@dataclass(frozen=True)
class Clue:
    """A suspect, with the executions that it blames and the change that would prove it.

    ``cell`` and ``names`` are set where another place than the differing cell is the one to report.
    """

    suspect: Suspect
    blamed: frozenset[int]
    edit: Edit = NO_EDIT
    cell: int | None = None
    names: tuple[str, ...] = ()


def clue(  # noqa: PLR0913  # the parts of a sentence and its proof, by keyword
    cause: str,
    evidence: str,
    fix: str,
    weight: float,
    *,
    blamed: Iterable[Event],
    edit: Edit = NO_EDIT,
    cell: int | None = None,
    names: tuple[str, ...] = (),
) -> Clue:
    """Return a clue."""
    suspect = Suspect(cause=cause, evidence=evidence, fix=fix, weight=weight, experiment=_ON_REPLAY)
    return Clue(suspect, numbers(blamed), edit, cell, names)


def numbers(events: Iterable[Event]) -> frozenset[int]:
    """Return the numbers of some executions."""
    return frozenset(event.number for event in events)
