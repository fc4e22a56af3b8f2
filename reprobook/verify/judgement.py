"""What follows from a comparison: the verdict, and the words for it."""

from __future__ import annotations

from collections.abc import Iterable

from reprobook.hazards import Hazard
from reprobook.runs import RunError, RunRecord
from reprobook.trace.outputs import normalised
from reprobook.verify.causes.experiments import experiment_for
from reprobook.verify.compare import Comparison
from reprobook.verify.evidence import changes
from reprobook.verify.live.diagnosis import HistoryFinding
from reprobook.verify.model import UNKNOWN, Divergence, Verdict


def left_to_chance(hazards: Iterable[Hazard]) -> bool:
    """Tell whether the source holds a place that is sure to give other results in some runs, though not in all."""
    experiments = (experiment_for(each.cause) for each in hazards if each.certain and each.shown)
    return any(each.remedy == "pins" and each.paired for each in experiments)


def verdict_of(before: RunRecord, after: RunRecord, comparison: Comparison) -> Verdict:
    """Judge bit by bit; a run that failed is reproduced by one that fails alike."""
    if after.status != "succeeded" and _failing(before.error) != _failing(after.error):
        return "failed"
    if comparison.first:
        return "failed" if after.status != "succeeded" else "diverged"
    return "reproduced"


def divergence_of(finding: HistoryFinding, comparison: Comparison) -> Divergence:
    """Return what the history explains as a divergence."""
    pair = comparison.pairs.get(finding.cell)
    suspect = next(iter(finding.suspects), None)
    return Divergence(
        cell=finding.cell,
        cell_id=pair.replay.cell_id or pair.original.cell_id if pair else None,
        names=finding.names,
        cause=suspect.cause if suspect else UNKNOWN,
        evidence=suspect.evidence if suspect else "",
        fix=suspect.fix if suspect else "",
        confirmed=finding.confirmed,
        unproven=finding.unproven,
        values=changes(
            finding.names,
            {**pair.original.reads, **pair.original.writes} if pair else {},
            {**pair.replay.reads, **pair.replay.writes} if pair else {},
        ),
    )


def notes_of(comparison: Comparison) -> tuple[str, ...]:
    """Say what a comparison passed over on purpose."""
    if (resumed := comparison.resumed) is None:
        return ()
    names = ", ".join(sorted(resumed.names))
    text = f"cell {resumed.cell} went on from {resumed.path}, which an earlier run left; after cell {resumed.last} all "
    return (f"{text}is equal, and what differs ({names}) describes the resumed part",)


def _failing(error: RunError | None) -> tuple[int | None, str, str] | None:
    """Return what identifies a failure."""
    return (error.cell, error.ename, normalised(error.evalue)) if error else None


def failure_of(error: RunError) -> Divergence:
    """Return the failure of a replay as the place where it left the original."""
    return Divergence(cell=error.cell, evidence=f"the replay failed with {error.ename}: {error.evalue}")
