"""What the restored settings were good for: the replay again, with them as they were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reprobook.ambient import NO_PINS, Pins
from reprobook.hazards import Hazard
from reprobook.verify.causes.scene import Knowledge
from reprobook.verify.compare import Comparison, compare
from reprobook.verify.laboratory import Conditions, Laboratory
from reprobook.verify.model import Divergence, Pin
from reprobook.verify.restore import pins_of
from reprobook.verify.walk import Source

# Libraries that compute on BLAS, by the beginning of the kind of their values.
_ON_BLAS = ("numpy", "pandas", "sklearn", "scipy")


def counterfactual(
    known: Knowledge, laboratory: Laboratory, source: Source, pinned: Sequence[Pin], base: Conditions
) -> dict[str, Divergence]:
    """Return, by setting, the first cell that goes another way without each setting that was restored.

    The replay with the settings restored agreed with ``known.original``: that is the other half of the proof.

    Args:
        known: What is known; ``original`` is what a replay with all settings restored gives.
        laboratory: Runs the experiments.
        source: The notebook.
        pinned: The settings that were restored.
        base: What else is held still.
    """
    trials = _Trials(known, laboratory, source, pinned, base)
    without_all = trials.without(pinned)
    if without_all is None or without_all.first is None:
        return {}
    found: dict[str, Divergence] = {}
    for pin in pinned if len(pinned) > 1 else ():
        comparison = trials.without((pin,))
        if comparison and comparison.first:
            found[pin.setting] = trials.accused(comparison, pin)
    if found:
        return found
    # One setting alone, or several that only matter together: the hazards of the cell say which is meant.
    likeliest = trials.likeliest(without_all, pinned)
    return {likeliest.setting: trials.accused(without_all, likeliest)}


class _Trials:
    """Replays without some of the restored settings."""

    def __init__(
        self, known: Knowledge, laboratory: Laboratory, source: Source, pinned: Sequence[Pin], base: Conditions
    ) -> None:
        self._known, self._laboratory, self._source = known, laboratory, source
        self._pinned, self._base = pinned, base

    def without(self, settings: Sequence[Pin]) -> Comparison | None:
        """Compare with a replay that has these settings as they were found."""
        title = f"with {', '.join(pin.setting for pin in settings)} as found"
        kept = [pin for pin in self._pinned if pin not in settings]
        outcomes = self._laboratory.replays(self._conditions(kept), self._known, title, times=1)
        return compare(self._known.original, outcomes[0].trace, self._source) if outcomes else None

    def likeliest(self, comparison: Comparison, pinned: Sequence[Pin]) -> Pin:
        """Return the setting that the source of the first differing cell speaks for, else the first."""
        causes = {hazard.cause for hazard in self._hazards(comparison)}
        return next((pin for pin in pinned if pin.cause in causes), pinned[0])

    def accused(self, comparison: Comparison, pin: Pin) -> Divergence:
        """Return the first divergence with the setting that brings it about."""
        first = comparison.first or Divergence(cell=None)
        cause, what = self._cause(comparison, pin), f"{pin.setting} was {pin.recorded} when the run was recorded"
        fix = f"Set {pin.setting} in the notebook or the environment of its kernel, or make it a parameter."
        if cause == "unstable_sort":
            fix = next(hazard.fix for hazard in self._hazards(comparison) if hazard.cause == cause)
        evidence = f"{what}; with {pin.found} the results differ ({first.evidence})"
        return first.model_copy(update={"cause": cause, "confirmed": True, "evidence": evidence, "fix": fix})

    def _cause(self, comparison: Comparison, pin: Pin) -> str:
        """Return the label: threads count for the library whose numbers they changed, a sort for itself."""
        first = comparison.first
        pair = None if first is None or first.cell is None else comparison.pairs.get(first.cell)
        if first is None or pair is None:
            return pin.cause
        if pin.cause == "cpu_dispatch.numpy" and self._is_sort(comparison, pin):
            return "unstable_sort"
        if not pin.cause.startswith("thread_count"):
            return pin.cause
        kinds = [pair.original.writes[name].kind for name in first.names if name in pair.original.writes]
        if kinds and kinds[0].startswith("torch"):
            return "thread_count.torch"
        return "thread_count.blas" if kinds and kinds[0].startswith(_ON_BLAS) else pin.cause

    def _is_sort(self, comparison: Comparison, pin: Pin) -> bool:
        """Tell whether the instruction set only matters as it breaks the ties of a sort."""
        if not any(hazard.cause == "unstable_sort" for hazard in self._hazards(comparison)):
            return False
        stable = Pins(sorts=True)
        both = [
            self._laboratory.replays(self._conditions(kept, stable), self._known, "with stable sorts", times=1)
            for kept in ((pin,), ())
        ]
        if not (both[0] and both[1]) or comparison.first is None:
            return False
        return comparison.first.cell not in compare(both[0][0].trace, both[1][0].trace, self._source).differing

    def _conditions(self, kept: Sequence[Pin], more: Pins = NO_PINS) -> Conditions:
        """Return the conditions with only some of the settings restored."""
        restored, pins = pins_of(self._pinned), self._base.pins
        others = {name: value for name, value in pins.environment.items() if name not in restored.environment}
        bare = replace(pins, environment=others)
        return Conditions(pins=bare.joined(pins_of(kept)).joined(more), remedies=self._base.remedies)

    def _hazards(self, comparison: Comparison) -> list[Hazard]:
        """Return the hazards of the first differing cell."""
        cell = comparison.first.cell if comparison.first else None
        return [hazard for hazard in self._known.hazards if cell in hazard.cells]
