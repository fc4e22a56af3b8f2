"""What of a sweep must always be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reprobook.sweep.model import SweepRecord


def results(record: SweepRecord) -> list[tuple[Any, ...]]:
    """Return what must not depend on where, when and how fast trials ran."""
    return [
        (trial.number, dict(trial.parameters), trial.state, trial.value, trial.values, trial.step)
        for trial in record.trials
    ]
