"""What the trials of a sweep are to be, each from the results that its window lets it see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reprobook.sweep.domain import Domain
from reprobook.sweep.grid import chosen, grid
from reprobook.sweep.plan import Plan
from reprobook.sweep.study import Study, Told


class Proposals:
    """Proposes the trials of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._domain = Domain(plan.options, plan.fixed)
        options = plan.options
        self._grid = chosen(grid(self._domain), plan.trials, options.seed) if options.sampler == "grid" else None
        # Without either, no trial depends on another.
        self._windowed = options.sampler == "tpe" or options.pruner is not None

    def may_begin(self, number: int, told: Mapping[int, Told]) -> bool:
        """Tell whether all that a trial depends on has ended."""
        return not self._windowed or all(
            other in told and told[other].trial.finished for other in range(number - self._plan.window + 1)
        )

    def study(self, number: int, told: Mapping[int, Told]) -> Study:
        """Return what is known when a trial begins: results up to its window, and what those after that are."""
        last = number - self._plan.window
        before = range(number) if self._windowed else range(0)
        seen = [told[other] if other <= last else _unfinished(told[other]) for other in before]
        return Study(self._plan.options, number, seen)

    def propose(self, number: int, told: Mapping[int, Told]) -> dict[str, Any]:
        """Return the parameters of a trial.

        Raises:
            ParameterError: If the constraints leave next to no point.
        """
        return self.study(number, told).propose(self._domain) if self._grid is None else self._grid[number]


def _unfinished(told: Told) -> Told:
    """Return a trial without its result, whether or not it has one by now."""
    return Told(replace(told.trial, state="running"))
