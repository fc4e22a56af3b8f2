"""Diagnosis: hold one suspect still at a time and execute again, until the divergence is gone.

Only an experiment that made it vanish confirms a cause. What was confirmed stays pinned, so that the next divergence
shows: several causes at once are told apart, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from reprobook.trace import Trace
from reprobook.verify.causes.attribution import suspects
from reprobook.verify.causes.scene import Knowledge, Scene
from reprobook.verify.compare import Comparison, Source, compare
from reprobook.verify.laboratory import Conditions, Laboratory
from reprobook.verify.model import Divergence
from reprobook.verify.suspect import Experiment, Suspect

_MOST_SUSPECTS = 6
_MOST_DIVERGENCES = 5
# Two replays may agree by chance, in the order of two threads, say.
_CONTROLS = 2


@dataclass(frozen=True)
class Trial:
    """One experiment: two traces that should agree if the suspect was the cause."""

    conditions: Conditions
    original: Trace
    replay: Trace
    comparison: Comparison
    paired: bool


def attributed(divergence: Divergence, known: Knowledge) -> Divergence:
    """Return a divergence with its most likely cause, not confirmed."""
    found = suspects(Scene(divergence=divergence, known=known))
    return _accused(divergence, found[0], confirmed=False) if found else divergence


def diagnose(known: Knowledge, laboratory: Laboratory, source: Source, base: Conditions) -> tuple[Divergence, ...]:
    """Find the cause of every divergence, by experiment where there is one.

    Args:
        known: What the recorded run and its replay show.
        laboratory: Runs the experiments.
        source: The notebook, as ``compare`` takes it.
        base: Conditions of the replay itself: settings restored from the header.

    Returns:
        The independent divergences in cell order, those too that only show once another is pinned.
    """
    search = _Search(known, laboratory, source, base)
    return search.run(known.comparison.origins)


class _Search:
    """The state of one diagnosis: what is confirmed so far, and what has been explained."""

    def __init__(self, known: Knowledge, laboratory: Laboratory, source: Source, base: Conditions) -> None:
        self._known = known
        self._laboratory = laboratory
        self._source = source
        self._base = self._conditions = base
        # Whether the two sides are two pinned replays by now, and no longer the recorded run and its replay.
        self._is_paired = False
        self._controls: tuple[Trace, ...] = ()
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
            self._found.setdefault(each.cell, attributed(each, self._known))
        return tuple(sorted(self._found.values(), key=lambda each: (each.cell is None, each.cell or 0)))

    def _explain(self, divergence: Divergence) -> Divergence:
        """Try the suspects of one divergence until one is confirmed."""
        known = self._knowledge()
        found = suspects(Scene(divergence=divergence, known=known))
        for suspect in found[:_MOST_SUSPECTS]:
            trial = self._try(suspect, divergence, known)
            if trial is not None and _vanished(divergence, trial.comparison):
                before, self._conditions = self._conditions, trial.conditions
                self._last = trial
                self._is_paired = self._is_paired or trial.paired
                proven = _accused(divergence, suspect, confirmed=True)
                return self._measured(proven, before, before if trial.paired else trial.conditions)
        return _accused(divergence, found[0], confirmed=False) if found else divergence

    def _measured(self, divergence: Divergence, one: Conditions, other: Conditions) -> Divergence:
        """Say of the first divergence how far apart the two sides are: later ones follow from it, or are like it."""
        if divergence.cell is None or not divergence.values or len(self._found) > 0:
            return divergence
        found = self._laboratory.distances(one, other, self._known, (divergence.cell, divergence.names))
        return divergence.model_copy(update={"distances": tuple(each for each in found if each.count)})

    def _knowledge(self) -> Knowledge:
        """Return what the last successful experiment shows, else the replay."""
        if self._last is None:
            return self._known
        last = self._last
        return replace(self._known, original=last.original, replay=last.replay, comparison=last.comparison)

    def _try(self, suspect: Suspect, divergence: Divergence, known: Knowledge) -> Trial | None:
        """Run the experiment of a suspect; None if there is none, or it could prove nothing here."""
        experiment = suspect.experiment
        if experiment.remedy in {"none", "history"}:
            return None
        conditions = self._conditions.with_experiment(experiment)
        title = f"hold still: {suspect.cause}"
        if not experiment.paired:
            # Two replays pinned alike no longer show in what both differ from the recorded run.
            if self._is_paired:
                return None
            alone = self._laboratory.replays(conditions, self._known, title, count=1)
            return self._trial(conditions, known.original, alone[0], experiment) if alone else None
        # Two replays agree by themselves where the divergence is one of files or environment: no proof of anything.
        if not self._is_paired and not self._differs_again(divergence):
            return None
        both = self._laboratory.replays(conditions, self._known, title, count=2)
        return self._trial(conditions, both[0], both[1], experiment) if both else None

    def _trial(self, conditions: Conditions, original: Trace, replay: Trace, experiment: Experiment) -> Trial:
        """Compare the two sides of an experiment."""
        return Trial(conditions, original, replay, compare(original, replay, self._source), paired=experiment.paired)

    def _differs_again(self, divergence: Divergence) -> bool:
        """Tell whether replays that nothing holds still differ from each other in the cell: chance is at work."""
        while True:
            for control in self._controls:
                if divergence.cell in compare(self._known.replay, control, self._source).differing:
                    return True
            if len(self._controls) == _CONTROLS:
                return False
            self._controls += self._laboratory.replays(self._base, self._known, "is it the same again?", count=1) or ()


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
