"""Diagnosis: hold one suspect still at a time and execute again, until the divergence is gone.

Only an experiment that made it vanish confirms a cause. What was confirmed stays pinned, so that the next divergence
shows: several causes at once are told apart, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from reprobook.trace import Trace
from reprobook.verify.causes.attribution import suspects
from reprobook.verify.causes.scene import Knowledge, Scene
from reprobook.verify.compare import Comparison, compare
from reprobook.verify.distance import distances
from reprobook.verify.laboratory import Conditions, Laboratory, Outcome, Where
from reprobook.verify.model import Divergence
from reprobook.verify.suspect import Suspect
from reprobook.verify.walk import Source

_MOST_SUSPECTS = 6
_MOST_DIVERGENCES = 5
# Why nothing was proven.
_NO_EXPERIMENT = "there is no experiment for it here"
_REFUTED = "held still, the difference stayed"
_BUDGET = "more differences than a diagnosis looks into; mend the others first"
_NO_SUSPECT = "nothing speaks for any cause"
# Causes that lie in how a folder holds its files.
_OF_FOLDERS = frozenset({"fs_order", "fs_mtime_order", "unordered_query"})


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One experiment: two traces that should agree if the suspect was the cause."""

    conditions: Conditions
    original: Trace
    replay: Trace
    comparison: Comparison
    paired: bool
    values: Path


def attributed(divergence: Divergence, known: Knowledge) -> Divergence:
    """Return a divergence with its most likely cause, not confirmed."""
    found = suspects(Scene(divergence=divergence, known=known))
    return _accused(divergence, found[0], confirmed=False) if found else divergence


def diagnose(
    origins: Sequence[Divergence], known: Knowledge, laboratory: Laboratory, source: Source, base: Conditions
) -> tuple[tuple[Divergence, ...], Knowledge, Conditions]:
    """Find the cause of every divergence, by experiment where there is one.

    Args:
        origins: The divergences to explain.
        known: What the recorded run and its replay show.
        laboratory: Runs the experiments.
        source: The notebook, as ``compare`` takes it.
        base: Conditions of the replay itself: settings restored from the header.

    Returns:
        The independent divergences in cell order, those too that only show once another is pinned; what the last
        successful experiment shows; and all that it held still.
    """
    search = _Search(known, laboratory, source, base)
    found = search.run(origins)
    return found, search.knowledge(), search.conditions


class _Search:
    """The state of one diagnosis: what is confirmed so far, and what has been explained."""

    def __init__(self, known: Knowledge, laboratory: Laboratory, source: Source, base: Conditions) -> None:
        self._known = known
        self._laboratory = laboratory
        self._source = source
        self._base = self.conditions = base
        # Whether the two sides are two pinned replays by now, and no longer the recorded run and its replay.
        self._is_paired = False
        self._controls: tuple[Outcome, ...] = ()
        self._last: Trial | None = None
        self._found: dict[int | None, Divergence] = {}

    def run(self, origins: Iterable[Divergence]) -> tuple[Divergence, ...]:
        """Explain one divergence after the other."""
        pending = list(origins)
        while pending and len(self._found) < _MOST_DIVERGENCES:
            divergence = pending.pop(0)
            if divergence.cell in self._found:
                continue
            self._found[divergence.cell] = self._explain(divergence)
            if self._last is not None:
                # With one cause held still, what it had hidden comes to light; what it had caused is gone.
                pending = [each for each in self._last.comparison.origins if each.cell not in self._found]
        for each in pending:
            left = attributed(each, self._known).model_copy(update={"unproven": _BUDGET})
            self._found.setdefault(each.cell, left)
        return tuple(sorted(self._found.values(), key=lambda each: (each.cell is None, each.cell or 0)))

    def _explain(self, divergence: Divergence) -> Divergence:
        """Try the suspects of one divergence until one is confirmed."""
        known = self.knowledge()
        found = suspects(Scene(divergence=divergence, known=known))
        first_tried = False
        for suspect in found[:_MOST_SUSPECTS]:
            trial = self._try(suspect, divergence, known)
            first_tried = first_tried or (suspect is found[0] and trial is not None)
            if trial is not None and _vanished(divergence, trial.comparison):
                self._last = trial
                self.conditions = trial.conditions
                self._is_paired = self._is_paired or trial.paired
                return self._measured(_accused(divergence, suspect, confirmed=True), trial)
        if not found:
            return divergence.model_copy(update={"unproven": _NO_SUSPECT})
        why = _REFUTED if first_tried else _NO_EXPERIMENT
        return _accused(divergence, found[0], confirmed=False).model_copy(update={"unproven": why})

    def _measured(self, divergence: Divergence, trial: Trial) -> Divergence:
        """Say how far apart the two sides are: of the first divergence, as later ones follow from it or are like it."""
        if (where := _where(divergence)) is None or self._found:
            return divergence
        sides = [each.values for each in self._controls[:2]]
        if not trial.paired:
            # The experiment gave what was recorded; without it there is what was found.
            alone = self._laboratory.replays(self._base, self._known, "measure", times=1, measured=where)
            sides = [trial.values, alone[0].values] if alone else []
        found = distances(where[1], *sides) if len(sides) == 2 else ()  # noqa: PLR2004  # both sides
        return divergence.model_copy(update={"distances": tuple(each for each in found if each.count)})

    def knowledge(self) -> Knowledge:
        """Return what the last successful experiment shows, else the replay."""
        if self._last is None:
            return self._known
        last = self._last
        return replace(self._known, original=last.original, replay=last.replay, comparison=last.comparison)

    def _try(self, suspect: Suspect, divergence: Divergence, known: Knowledge) -> Trial | None:
        """Run the experiment of a suspect; None if there is none, or it could prove nothing here."""
        experiment = suspect.experiment
        # Two replays pinned alike no longer show in what both differ from the recorded run.
        if experiment.remedy in {"none", "history"} or (self._is_paired and not experiment.paired):
            return None
        conditions = self.conditions.with_experiment(experiment)
        title = f"hold still: {suspect.cause}"
        if experiment.paired and not self._is_paired and not self._differs_again(divergence):
            # Two replays agree by themselves where the divergence is one of files or environment: no proof of anything.
            # Those of the two folders do not.
            if suspect.cause not in _OF_FOLDERS or not self._laboratory.has_moved:
                return None
            outcomes = self._laboratory.in_both_folders(conditions, self._known, title)
        else:
            times = 2 if experiment.paired else 1
            where = _where(divergence)
            outcomes = self._laboratory.replays(conditions, self._known, title, times=times, measured=where)
        if outcomes is None:
            return None
        left, right = outcomes[0].trace if experiment.paired else known.original, outcomes[-1].trace
        return Trial(
            conditions=conditions,
            original=left,
            replay=right,
            comparison=compare(left, right, self._source),
            paired=experiment.paired,
            values=outcomes[-1].values,
        )

    def _differs_again(self, divergence: Divergence) -> bool:
        """Tell whether replays that nothing holds still differ from each other in the cell: chance is at work.

        Two of them, since two replays may agree by chance: in the order of two threads, say.
        """
        if not self._controls:
            title = "does it differ again?"
            where = _where(divergence)
            self._controls = self._laboratory.replays(self._base, self._known, title, times=2, measured=where) or ()
        traces = [self._known.replay, *(each.trace for each in self._controls)]
        return any(divergence.cell in compare(a, b, self._source).differing for a, b in combinations(traces, 2))


def _where(divergence: Divergence) -> Where | None:
    """Return what of a divergence can be measured: variables in a cell."""
    if divergence.cell is None or not divergence.values:
        return None
    return divergence.cell, divergence.names


def _vanished(divergence: Divergence, comparison: Comparison) -> bool:
    """Tell whether a divergence, and everything before it, is gone."""
    if divergence.cell is None:
        return comparison.first is None
    return all(cell > divergence.cell for cell in comparison.differing)


def _accused(divergence: Divergence, suspect: Suspect, *, confirmed: bool) -> Divergence:
    """Return a divergence with a cause."""
    evidence = f"{suspect.evidence} ({divergence.evidence})" if divergence.evidence else suspect.evidence
    return divergence.model_copy(
        update={"cause": suspect.cause, "fix": suspect.fix, "evidence": evidence, "confirmed": confirmed}
    )
