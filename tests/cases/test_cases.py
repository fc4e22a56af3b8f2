from __future__ import annotations

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from casebook.build import own_cases
from casebook.model import Case
from casebook.score import Score
from casebook.warm_bits import compared
from harness import SHARED, chosen, evaluate, is_right, totals

# Small notebooks that need no torch: about ten seconds each.
FAST = (
    "rng-python-sample-with-decoy",
    "order-object-identity",
    "threads-append-order",
    "leftover-append-history",
    "env-variable-fallback",
    "state-reexecuted-inplace",
    "state-underscore",
)
FAST_FIXED = ("rng-default-rng",)
RIGHT = ("right-timing-values", "right-live-session")
ELSEWHERE = {  # need CUDA, a compiler, a network, another BLAS
    "unseeded_rng.cuda",
    "cublas_workspace",
    "cudnn_autotune",
    "device_changed",
    "compiled_kernel",
    "data_drift.remote",
    "blas_vendor",
}
CASES = {case.id: case for case in own_cases()}


@pytest.mark.parametrize("name", FAST)
def test_the_cause_is_found(name: str) -> None:
    (judged,) = evaluate(CASES[name])
    assert is_right(judged), f"{judged.wanted} expected; {judged.said}; {judged.evidence} {judged.error}"


@pytest.mark.parametrize("name", [*FAST_FIXED, *RIGHT])
def test_what_is_right_is_reproduced(name: str) -> None:
    (judged,) = evaluate(CASES[name], fixed=name in FAST_FIXED)
    assert is_right(judged), f"{judged.said}; {judged.evidence} {judged.error}"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the list of labels lies outside of the repository")
def test_every_label_that_can_be_produced_here_has_a_case() -> None:
    lines = SHARED.with_name("CAUSES.md").read_text("utf-8").splitlines()
    listed = {label for line in lines if line.startswith("- ") for label in re.findall(r"`([a-z]\w*(?:\.\w+)?)`", line)}
    spoken_of = {"secrets", "urandom"}
    assert listed - {each.label for case in own_cases() for each in case.expected} == ELSEWHERE | spoken_of


def sample(cases: Iterable[Case]) -> list[Case]:
    """Return one case of each family of labels, or all if the environment asks for them: minutes, or an hour."""
    if os.environ.get("REPROBOOK_CASES") == "all":
        return list(cases)
    return list({case.family if case.expected else case.id: case for case in cases}.values())


def evaluated(cases: Iterable[Case], *, fixed: bool = False) -> list[Score]:
    with ThreadPoolExecutor(2) as pool:
        return [each for found in pool.map(lambda case: evaluate(case, fixed=fixed), cases) for each in found]


@pytest.mark.slow
def test_the_rates_that_are_promised() -> None:
    cases = sample(case for case in chosen((), shared=SHARED.is_dir(), own=True) if case.expected)
    scores = evaluated(cases)
    table = totals(scores)
    rate = {
        name: sum(getattr(each, name) for each in scores) / len(scores)
        for name in ("detected", "cell", "variable", "cause")
    }
    assert rate["detected"] == 1, table
    assert rate["cell"] >= 0.95, table
    assert rate["variable"] >= 0.9, table
    assert rate["cause"] >= 0.9, table


@pytest.mark.slow
def test_no_false_alarm() -> None:
    cases = sample(case for case in chosen((), shared=SHARED.is_dir(), own=True) if case.fixed)
    alarms = [each for each in evaluated(cases, fixed=True) if not is_right(each)]
    assert not alarms, "\n".join(f"{each.id}: {each.said} {each.error}" for each in alarms)


@pytest.mark.slow
def test_a_warm_kernel_changes_no_bit() -> None:
    for case in sample(chosen((), shared=True, own=True)):
        assert compared(case).differences == (), case.id
