"""The adapter to Optuna: what a trial is to be, and whether it is to be pruned, from the results before it.

Each trial has a study of its own, in memory, and a sampler seeded by the plan and the trial's number. So both are pure
functions of the plan and of the trials that are told: nothing depends on the order in which trials end, nor on whether
the process that proposes a trial is the one that proposed those before it.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reprobook.space import Choice, Int, Space
from reprobook.sweep.domain import Domain
from reprobook.sweep.model import Pruner, SweepOptions, Trial

_MOST_TRIES = 2000  # for a point that satisfies the constraints
# Optuna's own name for what a trial's metric was when it reached a rung of ASHA.
_RUNG = "completed_rung_"

Curve = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Told:
    """A trial as a study is told of it.

    Attributes:
        trial: The trial; of one that has not finished only the parameters count.
        curve: Step and value of its metric, the steps growing, up to where it was pruned.
        rungs: What ASHA noted of it.
    """

    trial: Trial
    curve: Curve = ()
    rungs: Mapping[str, float] = field(default_factory=dict)


class Study:
    """What is known when a trial begins.

    Args:
        options: Of the sweep.
        number: Of the trial.
        told: The trials whose results it may know, and those that run before it, by number.
    """

    def __init__(self, options: SweepOptions, number: int, told: Sequence[Told]) -> None:
        import optuna  # noqa: PLC0415 - takes half a second to import

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna = optuna
        seed = _derived(options.seed, number)
        samplers = optuna.samplers
        self._study = optuna.create_study(
            direction="maximize" if options.direction == "max" else "minimize",
            sampler=samplers.TPESampler(seed=seed) if options.sampler == "tpe" else samplers.RandomSampler(seed=seed),
            pruner=_pruner(optuna, options.pruner),
        )
        self._spaces = options.spaces
        for each in told:
            self._study.add_trial(self._frozen(each))

    def propose(self, domain: Domain) -> dict[str, Any]:
        """Return the parameters of the trial, drawn again until they satisfy the constraints.

        Raises:
            ParameterError: If next to no point satisfies them.
        """
        for _ in range(_MOST_TRIES):
            trial = self._study.ask()
            point = domain.draw(lambda name, space: _suggested(trial, name, space))  # noqa: B023  # called at once
            if domain.allows(point):
                return point
            self._study.tell(trial, state=self._optuna.trial.TrialState.FAIL)
        raise domain.refusal()

    def judge(self) -> Judge:
        """Return the judge of the trial's curve."""
        return Judge(self._study.ask())

    def importances(self) -> dict[str, float]:
        """Return how much each parameter decided whether a trial is among the best tenth; together they are 1.

        PED-ANOVA (Watanabe, Bansal & Hutter 2023), Optuna's default: it takes conditional parameters and no other
        package.
        """
        evaluator = self._optuna.importance.PedAnovaImportanceEvaluator()
        found = self._optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        return {name: float(weight) for name, weight in found.items()}

    def _frozen(self, told: Told) -> Any:
        """Return a told trial as Optuna's."""
        states = self._optuna.trial.TrialState
        trial = told.trial
        state = {"complete": states.COMPLETE, "pruned": states.PRUNED, "failed": states.FAIL}.get(trial.state)
        return self._optuna.trial.create_trial(
            state=states.RUNNING if state is None else state,
            value=trial.value if state == states.COMPLETE else None,
            params={name: _internal(self._spaces[name], value) for name, value in trial.parameters.items()},
            distributions={name: _distribution(self._optuna, self._spaces[name]) for name in trial.parameters},
            intermediate_values={} if state is None else dict(told.curve),
            system_attrs={} if state is None else dict(told.rungs),
        )


class Judge:
    """Follows the curve of one trial and says when it is to be stopped."""

    def __init__(self, trial: Any) -> None:
        self._trial = trial
        self.curve: list[tuple[int, float]] = []
        self.stopped = False

    def see(self, step: int | None, value: float) -> bool:
        """Take the next value; True once the trial is to be stopped, whatever comes after.

        Values without a step, and those of a step that was passed already, are not looked at.
        """
        if self.stopped or step is None or step < 0 or (self.curve and step <= self.curve[-1][0]):
            return self.stopped
        self.curve.append((step, value))
        self._trial.report(value, step)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of a curve that is NaN
            self.stopped = bool(self._trial.should_prune())
        return self.stopped

    @property
    def rungs(self) -> dict[str, float]:
        """What ASHA noted."""
        noted = self._trial.storage.get_trial_system_attrs(self._trial._trial_id)  # noqa: SLF001  # no public way
        return {name: value for name, value in noted.items() if name.startswith(_RUNG)}


def _derived(seed: int, number: int) -> int:
    """Return the seed of a trial's sampler: 32 bits."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{number}".encode()).digest()[:4])


def _pruner(optuna: Any, name: Pruner | None) -> Any:
    """Return Optuna's pruner, with its own defaults."""
    makers = {"asha": optuna.pruners.SuccessiveHalvingPruner, "median": optuna.pruners.MedianPruner}
    return makers[name]() if name else optuna.pruners.NopPruner()


def _distribution(optuna: Any, space: Space) -> Any:
    """Return a space as Optuna's; options by their place, since they may be values that Optuna does not take."""
    if isinstance(space, Choice):
        return optuna.distributions.CategoricalDistribution(tuple(range(len(space.options))))
    if isinstance(space, Int):
        return optuna.distributions.IntDistribution(space.low, space.high, log=space.log)
    return optuna.distributions.FloatDistribution(space.low, space.high, log=space.log)


def _suggested(trial: Any, name: str, space: Space) -> Any:
    """Draw a value."""
    if isinstance(space, Choice):
        return space.options[trial.suggest_categorical(name, tuple(range(len(space.options))))]
    if isinstance(space, Int):
        return trial.suggest_int(name, space.low, space.high, log=space.log)
    return trial.suggest_float(name, space.low, space.high, log=space.log)


def _internal(space: Space, value: Any) -> Any:
    """Return a value as Optuna knows it."""
    if not isinstance(space, Choice):
        return value
    return next(place for place, option in enumerate(space.options) if _same(option, value))


def _same(option: Any, value: Any) -> bool:
    return type(option) is type(value) and bool(option == value or option != option)  # noqa: PLR0124  # NaN is an option
