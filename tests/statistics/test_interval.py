from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reprobook.errors import InputError
from reprobook.statistics import Interval, bootstrap_interval
from reprobook.statistics.interval import difference_interval

numbers = st.floats(-1e6, 1e6, allow_nan=False)


def test_a_single_value_says_nothing() -> None:
    found = bootstrap_interval([0.9])
    assert found == Interval(-math.inf, math.inf, "none")
    assert not found.known


def test_equal_values_give_themselves() -> None:
    assert bootstrap_interval([0.1] * 7) == Interval(0.1, 0.1, "constant")
    assert bootstrap_interval([0.3, 0.1 + 0.2]).method == "constant"  # but for rounding


@pytest.mark.parametrize("values", [[0.9, 0.92], [0.9, 0.92, 0.95], [1.0, 2.0, 4.0, 8.0]])
def test_few_values_give_students_interval(values: list[float]) -> None:
    found, expected = bootstrap_interval(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.method == "student"


def test_of_many_values_it_is_scipys_bca() -> None:
    values = np.random.default_rng(1).exponential(size=2000)
    expected = stats.bootstrap((values,), np.mean, method="BCa", random_state=np.random.default_rng(0))
    found = bootstrap_interval(list(values))
    assert found.low == pytest.approx(expected.confidence_interval.low, rel=1e-3)
    assert found.high == pytest.approx(expected.confidence_interval.high, rel=1e-3)


@pytest.mark.parametrize("count", [6, 10])
def test_it_covers_what_it_says(count: int) -> None:
    generator = np.random.default_rng(count)
    found = [bootstrap_interval(list(generator.normal(size=count))) for _ in range(400)]
    covered = sum(each.low <= 0 <= each.high for each in found) / len(found)
    assert covered > 0.89  # 3.5 deviations of chance below 0.94
    plain = [
        stats.bootstrap((generator.normal(size=count),), np.mean, n_resamples=999).confidence_interval
        for _ in range(400)
    ]
    assert covered > sum(each.low <= 0 <= each.high for each in plain) / len(plain)


@given(values=st.lists(numbers, min_size=1, max_size=12), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_it_holds_the_mean_and_repeats(values: list[float], seed: int) -> None:
    found = bootstrap_interval(values, seed=seed)
    room = 1e-9 * max(1.0, *map(abs, values))
    assert found.low - room <= math.fsum(values) / len(values) <= found.high + room
    assert found == bootstrap_interval(values, seed=seed)


@given(values=st.lists(st.integers(-100, 100).map(float), min_size=6, max_size=12), shift=st.integers(-50, 50))
@settings(max_examples=40, deadline=None)
def test_it_moves_with_the_values(values: list[float], shift: int) -> None:
    here, there = bootstrap_interval(values), bootstrap_interval([value + shift for value in values])
    assert (there.low, there.high) == pytest.approx((here.low + shift, here.high + shift), abs=1e-6)


def test_more_confidence_is_wider() -> None:
    values = list(np.random.default_rng(0).normal(size=20))
    narrow, wide = bootstrap_interval(values, 0.8), bootstrap_interval(values, 0.99)
    assert wide.low < narrow.low < narrow.high < wide.high


def test_a_huge_scale_does_not_overflow() -> None:
    found = bootstrap_interval([1e300, 1.1e300, 1.2e300])
    assert found.low < 1.1e300 < found.high


def test_one_value_far_away_still_has_an_interval() -> None:
    assert bootstrap_interval([0.0] * 9 + [1.0]).known


def test_difference_of_two_sets() -> None:
    generator = np.random.default_rng(3)
    a, b = list(generator.normal(0, 1, 40)), list(generator.normal(2, 3, 30))
    found, welch = difference_interval(a, b), stats.ttest_ind(b, a, equal_var=False).confidence_interval()
    assert found.low == pytest.approx(welch.low, abs=0.15)
    assert found.high == pytest.approx(welch.high, abs=0.15)
    assert difference_interval([1.0], b) == Interval(-math.inf, math.inf, "none")
    assert difference_interval([1.0, 1.0], [3.0, 3.0]) == Interval(2.0, 2.0, "constant")
    few = difference_interval([1.0, 2.0], [3.0, 3.1])
    assert few.method == "student"
    assert few.known


@pytest.mark.parametrize(
    ("values", "confidence", "match"),
    [([], 0.95, "no values"), ([math.nan, 1.0], 0.95, "1 of 2"), ([math.inf], 0.95, "NaN or inf"), ([1.0], 1, "conf")],
)
def test_what_makes_no_sense_is_refused(values: list[float], confidence: float, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        bootstrap_interval(values, confidence)
    assert caught.value.hint


def test_scipy_is_loaded_when_it_is_needed() -> None:
    code = "import sys, reprobook.statistics; assert not {'scipy', 'numpy'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
