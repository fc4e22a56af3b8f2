from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprobook.errors import InputError
from reprobook.statistics import seeds_needed, tied_with_best
from reprobook.statistics.power import power_of
from reprobook.statistics.significance import paired_test


@pytest.mark.parametrize(
    ("effect", "paired", "expected"),
    # Tables of G*Power 3.1 (two-sided, alpha 0.05, power 0.8).
    [(0.5, True, 34), (0.8, True, 15), (0.2, True, 199), (0.5, False, 64), (0.8, False, 26), (0.2, False, 394)],
)
def test_known_sample_sizes(effect: float, paired: bool, expected: int) -> None:  # noqa: FBT001
    assert seeds_needed(effect, paired=paired) == expected
    assert seeds_needed(-effect, paired=paired) == expected


def test_nothing_shows_no_effect() -> None:
    assert seeds_needed(0.0, paired=True) is None
    assert seeds_needed(math.nan, paired=True) is None
    assert seeds_needed(math.inf, paired=True) == 2
    assert seeds_needed(1e-4, paired=True) == pytest.approx(7.85e8, rel=0.01)


@given(effect=st.floats(0.15, 50), paired=st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_is_the_smallest_that_has_the_power(effect: float, paired: bool) -> None:  # noqa: FBT001
    count = seeds_needed(effect, paired=paired)
    assert count is not None
    assert power_of(effect, count, 0.05, paired=paired) >= 0.79  # the normal limit above 500
    assert count == 2 or power_of(effect, count - 1, 0.05, paired=paired) < 0.801


def test_the_power_is_what_a_simulation_finds() -> None:
    generator, effect, tries = np.random.default_rng(0), 1.2, 1500
    count = seeds_needed(effect, paired=True)
    assert count is not None
    drawn = (generator.normal(effect, 1, count) for _ in range(tries))
    found = sum(paired_test([0.0] * count, list(each))[1] <= 0.05 for each in drawn) / tries
    assert 0.77 < found < 0.9


def test_those_that_might_be_the_best() -> None:
    noise = [0.001, -0.002, 0.003, 0.0, -0.001]
    values = {
        3: [0.95 + n for n in noise],
        7: [0.949 + n for n in reversed(noise)],
        1: [0.80 + n for n in noise[::-1]],
    }
    assert tied_with_best(values, "max") == (7,)
    assert tied_with_best({n: [-x for x in seen] for n, seen in values.items()}, "min") == (7,)


def test_one_value_a_trial_tells_nothing() -> None:
    assert tied_with_best({0: [0.1], 1: [0.9]}, "max") == ()
    assert tied_with_best({}, "max") == ()
    assert tied_with_best({0: [], 1: [math.nan, 1.0]}, "max") == ()


def test_a_trial_with_one_value_among_others_is_not_ruled_out() -> None:
    assert tied_with_best({0: [0.1], 1: [0.9, 0.91, 0.92]}, "max") == (0,)
    assert tied_with_best({0: [0.1, 0.11, 0.105, 0.1], 1: [0.9, 0.91, 0.92]}, "max") == ()


def test_trials_that_diverged_are_no_candidates() -> None:
    assert tied_with_best({0: [math.inf, 0.1], 1: [0.9, 0.91], 2: [0.9, 0.91]}, "min") == (2,)


@given(
    values=st.dictionaries(
        st.integers(0, 30), st.lists(st.floats(0, 1).map(lambda x: round(x, 2)), min_size=3, max_size=3), max_size=6
    ),
)
@settings(max_examples=60, deadline=None)
def test_it_never_names_the_best_and_does_not_depend_on_order(values: dict[int, list[float]]) -> None:
    tied = tied_with_best(values, "max")
    assert tied == tied_with_best(dict(reversed(values.items())), "max")
    if values:
        best = max(values, key=lambda number: (sum(values[number]), -number))
        assert best not in tied or any(sum(values[n]) == sum(values[best]) for n in values if n != best)
    wider = tied_with_best(values, "max", confidence=0.999)
    assert set(tied) <= set(wider)


@pytest.mark.parametrize("kind", ["all equal", "one ahead"])
def test_the_truly_best_is_kept(kind: str) -> None:
    generator = np.random.default_rng(5)
    tries, lost = 500, 0
    for _ in range(tries):
        drawn = generator.normal(0, 1, (8, 5))
        drawn[0] += 0.5 if kind == "one ahead" else 0.0
        values = {number: row.tolist() for number, row in enumerate(drawn)}
        best = max(values, key=lambda number: sum(values[number]))
        lost += 0 not in {best, *tied_with_best(values, "max")}
    assert lost / tries < 0.05 + 3 * (0.05 * 0.95 / tries) ** 0.5


def test_a_direction_is_one_of_two() -> None:
    with pytest.raises(InputError, match="neither max nor min"):
        tied_with_best({}, "up")  # type: ignore[arg-type]
