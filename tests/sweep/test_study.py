from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reprobook.space import Choice, Float, Int
from reprobook.sweep.domain import Domain
from reprobook.sweep.model import SweepOptions, Trial
from reprobook.sweep.study import Study, Told

SPACES = {"lr": Float(1e-4, 1e-1, log=True), "width": Int(1, 8), "kind": Choice("a", [1, 2], float("nan"), None)}
OPTIONS = SweepOptions(metric="loss", direction="min", spaces=SPACES, seed=3)
DOMAIN = Domain(OPTIONS, {"lr": 0.01, "width": 4, "kind": "a"})


def complete(number: int, value: float, **changes: Any) -> Told:
    parameters = Study(OPTIONS, number, ()).propose(DOMAIN)
    return Told(Trial(number=number, parameters=parameters, state="complete", value=value, **changes))


def test_a_proposal_follows_from_seed_number_and_what_is_told() -> None:
    told = [complete(number, float(number % 5)) for number in range(14)]
    first = Study(OPTIONS, 14, told).propose(DOMAIN)
    assert first == Study(OPTIONS, 14, told).propose(DOMAIN)
    assert first != Study(OPTIONS, 15, told).propose(DOMAIN)
    assert first != Study(replace(OPTIONS, seed=4), 14, told).propose(DOMAIN)
    better = [*told[:13], complete(13, -100.0)]
    assert first != Study(OPTIONS, 14, better).propose(DOMAIN)


def test_what_runs_counts_by_its_parameters_only() -> None:
    told = [complete(number, float(number % 5)) for number in range(14)]
    running = [*told[:13], Told(replace(told[13].trial, state="running"))]
    other_value = [*told[:13], Told(replace(told[13].trial, state="running", value=-100.0))]
    assert Study(OPTIONS, 14, running).propose(DOMAIN) == Study(OPTIONS, 14, other_value).propose(DOMAIN)


def test_failures_do_not_poison_the_sampler() -> None:
    told = [complete(number, float(number % 5)) for number in range(14)]
    failed = Told(replace(complete(14, 0.0).trial, state="failed", value=None, error="ZeroDivisionError"))
    proposed = Study(OPTIONS, 15, [*told, failed]).propose(DOMAIN)
    assert proposed == Study(OPTIONS, 15, told).propose(DOMAIN)


def judge(pruner: Any, curves: list[list[float]], curve: list[float]) -> tuple[int | None, dict[str, float]]:
    options = replace(OPTIONS, prune=pruner)
    told: list[Told] = []
    for number, values in enumerate(curves):
        seen = Study(options, number, told).judge()
        for step, value in enumerate(values):
            seen.see(step, value)
        told.append(replace(complete(number, values[-1]), curve=tuple(seen.curve), rungs=seen.rungs))
    seen = Study(options, len(curves), told).judge()
    stopped = next((step for step, value in enumerate(curve) if seen.see(step, value)), None)
    return stopped, seen.rungs


GOOD = [[1.0 - 0.1 * step + 0.01 * number for step in range(6)] for number in range(6)]


def test_the_median_pruner_stops_what_is_worse_than_the_median() -> None:
    assert judge("median", GOOD, [0.9 - 0.1 * step for step in range(6)])[0] is None
    assert judge("median", GOOD, [1.0, 0.8, 0.9, 0.9, 0.9])[0] == 3
    assert judge("median", GOOD[:4], [9.0] * 6)[0] is None  # too few to compare with


def test_asha_stops_at_a_rung_and_remembers_it() -> None:
    stopped, rungs = judge("asha", GOOD, [5.0] * 6)
    assert stopped == 1
    assert rungs == {"completed_rung_0": 5.0}
    assert judge("asha", GOOD, [0.1] * 6)[0] is None


def test_a_judge_looks_at_growing_steps_and_at_nothing_after_the_stop() -> None:
    options = replace(OPTIONS, prune="median")
    told = [replace(complete(n, c[-1]), curve=tuple(enumerate(c))) for n, c in enumerate(GOOD)]
    seen = Study(options, 6, told).judge()
    for step, value in [(None, 9.0), (-1, 9.0), (0, 0.5), (0, 9.0)]:
        assert not seen.see(step, value)
    assert seen.see(3, 9.0) is False  # its best value so far is what counts
    seen = Study(options, 6, told).judge()
    assert seen.see(0, 9.0)
    assert seen.see(1, 0.0)
    assert seen.curve == [(0, 9.0)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_curve_that_diverges_is_stopped(value: float) -> None:
    assert judge("median", GOOD, [value, 0.0])[0] == 0
