from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from reprobook.errors import InputError
from reprobook.statistics import compare_paired, compare_unpaired, corrected, holm
from reprobook.statistics.significance import paired_test, step_of, unpaired_test

values = st.lists(st.floats(-100, 100, allow_nan=False).map(lambda x: round(x, 3)), min_size=3, max_size=9)
pairs = st.integers(3, 9).flatmap(lambda n: st.tuples(*[st.lists(st.integers(-99, 99), min_size=n, max_size=n)] * 2))


@given(both=pairs)
@settings(max_examples=60, deadline=None)
def test_paired_equals_scipy(both: tuple[list[int], list[int]]) -> None:
    a, b = [[float(x) for x in side] for side in both]
    differences = np.subtract(b, a)
    assume(differences.std() > 0)
    found = compare_paired(a, b)
    assert found.p_value == pytest.approx(stats.ttest_rel(b, a).pvalue)
    assert found.p_rank == pytest.approx(stats.wilcoxon(differences).pvalue)
    assert found.effect_size == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert found.difference == pytest.approx(differences.mean())


@given(a=values, b=values)
@settings(max_examples=60, deadline=None)
def test_unpaired_equals_scipy(a: list[float], b: list[float]) -> None:
    assume(np.std(a) > 0 and np.std(b) > 0)
    found = compare_unpaired(a, b)
    assert found.p_value == pytest.approx(stats.ttest_ind(b, a, equal_var=False).pvalue)
    assert found.p_rank == pytest.approx(stats.mannwhitneyu(b, a, alternative="two-sided").pvalue)
    pooled = ((len(a) - 1) * np.var(a, ddof=1) + (len(b) - 1) * np.var(b, ddof=1)) / (len(a) + len(b) - 2)
    assert found.effect_size == pytest.approx((np.mean(b) - np.mean(a)) / pooled**0.5, abs=1e-9)


@given(both=pairs)
@settings(max_examples=30, deadline=None)
def test_the_other_way_round_is_the_opposite(both: tuple[list[int], list[int]]) -> None:
    a, b = [[float(x) for x in side] for side in both]
    forth, back = compare_paired(a, b), compare_paired(b, a)
    assert back.difference == -forth.difference
    assert back.p_value == pytest.approx(forth.p_value)
    assert {"better": "worse", "worse": "better"}.get(forth.verdict, forth.verdict) == back.verdict
    lower = compare_paired(a, b, direction="min")
    assert lower.verdict == back.verdict


def test_a_clear_difference_is_named() -> None:
    a, b = [0.900, 0.905, 0.903, 0.908, 0.901], [0.921, 0.924, 0.925, 0.927, 0.922]
    found = compare_paired(a, b)
    assert found.verdict == "better"
    assert compare_paired(a, b, direction="min").verdict == "worse"
    assert found.interval.low > 0
    sentence = found.sentence("baseline", "wide", "accuracy")
    assert sentence.startswith("wide is better than baseline in accuracy (+0.02")
    assert "95% interval" in sentence


def test_noise_cannot_be_told_apart_and_says_how_many_seeds_would() -> None:
    found = compare_paired([0.90, 0.95, 0.91], [0.92, 0.93, 0.95])
    assert found.verdict == "cannot be told apart"
    assert found.seeds_needed is not None
    assert found.seeds_needed > 3
    assert f"would take {found.seeds_needed} seeds each" in found.sentence("a", "b", "accuracy")


def test_equal_values_differ_in_nothing() -> None:
    found = compare_paired([0.5, 0.6], [0.5, 0.6])
    assert (found.difference, found.effect_size, found.p_value, found.p_rank) == (0, 0, 1, 1)
    assert found.seeds_needed is None
    assert "means are equal" in found.sentence("a", "b", "loss")
    assert compare_unpaired([0.5, 0.5], [0.5, 0.5]).verdict == "cannot be told apart"


def test_the_same_noise_on_both_sides_leaves_no_doubt() -> None:
    noise = np.random.default_rng(0).normal(size=3)
    found = compare_paired(list(noise), list(noise + 0.145))  # equal but for rounding
    assert (found.test, found.p_value, found.verdict) == ("paired t", 0.0, "better")
    assert found.effect_size == math.inf
    assert found.interval.method == "constant"
    assert found.seeds_needed == 2


@pytest.mark.parametrize(
    ("steps", "count", "verdict"), [(1, 2, "not"), (1, 3, "not"), (20, 3, "better"), (1, 5, "better")]
)
def test_the_same_number_of_steps_is_less(steps: int, count: int, verdict: str) -> None:
    right = [340 + n for n in range(count)]
    found = compare_paired([n / 360 for n in right], [(n + steps) / 360 for n in right])
    assert found.test == "paired t (rounding)"
    assert found.effect_size == pytest.approx(found.difference / (step_of([n / 360 for n in right]) / math.sqrt(6)))
    assert found.p_value == pytest.approx(2 * stats.t.sf(found.effect_size * math.sqrt(count), count - 1))
    assert found.verdict == ("better" if verdict == "better" else "cannot be told apart")
    assert (found.interval.low > 0) == (found.p_value < 0.05)


def test_steps_are_found() -> None:
    assert step_of([0.93, 0.95, 0.9]) == 0.01
    assert step_of([n / 50_000 for n in (1, 777, 49_999)]) == 1 / 50_000
    assert step_of([3.0, 17.0]) == 1.0
    assert step_of([1 / 3, 2 / 7, 0.5]) == 1 / 42
    generator = np.random.default_rng(0)
    assert not any(step_of(generator.normal(size=4)) for _ in range(300))


def test_sets_that_do_not_vary_are_compared_by_rank() -> None:
    found = compare_unpaired([1.0] * 5, [2.0] * 6)
    assert (found.test, found.verdict) == ("Mann-Whitney", "better")
    assert found.p_value == pytest.approx(stats.mannwhitneyu([2.0] * 6, [1.0] * 5).pvalue)


@pytest.mark.parametrize("kind", ["normal", "skewed", "rounded"])
@pytest.mark.parametrize("count", [2, 3, 5, 10])
def test_paired_false_positives_keep_to_five_percent(kind: str, count: int) -> None:
    generator = np.random.default_rng(count)
    tries = 1000
    wrong = sum(paired_test(*_null(generator, kind, count))[1] <= 0.05 for _ in range(tries))
    assert wrong / tries < 0.05 + 3 * (0.05 * 0.95 / tries) ** 0.5


@pytest.mark.parametrize("count", [3, 8])
def test_unpaired_false_positives_keep_to_five_percent(count: int) -> None:
    generator = np.random.default_rng(count)
    tries = 1000
    drawn = ((generator.normal(0, 1, count), generator.normal(0, 3, count + 2)) for _ in range(tries))
    wrong = sum(unpaired_test(list(a), list(b))[1] <= 0.05 for a, b in drawn)
    assert wrong / tries < 0.05 + 4 * (0.05 * 0.95 / tries) ** 0.5


def _null(generator: np.random.Generator, kind: str, count: int) -> tuple[list[float], list[float]]:
    """Draw two sets from one distribution."""
    drawn = generator.normal(0.9, 0.01, (2, count)) if kind != "skewed" else generator.exponential(size=(2, count))
    a, b = (drawn.round(2) if kind == "rounded" else drawn).tolist()
    return a, b


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@given(p_values=st.lists(st.floats(0, 1), max_size=12))
def test_holm_only_raises_and_keeps_the_order(p_values: list[float]) -> None:
    found = holm(p_values)
    assert all(p <= q <= min(1.0, p * len(p_values)) for p, q in zip(p_values, found, strict=True))
    assert [found[i] for i in sorted(range(len(found)), key=p_values.__getitem__)] == sorted(found)


def test_many_questions_at_once_keep_to_five_percent() -> None:
    generator = np.random.default_rng(0)
    tries, wrong = 300, 0
    for _ in range(tries):
        p_values = [paired_test(*_null(generator, "normal", 5))[1] for _ in range(10)]
        wrong += min(holm(p_values)) <= 0.05
    assert wrong / tries < 0.05 + 3 * (0.05 * 0.95 / tries) ** 0.5


def test_corrected_verdicts_follow_the_corrected_p() -> None:
    found = compare_paired([0.1, 0.2, 0.3, 0.45], [0.2, 0.35, 0.4, 0.6])
    assert found.verdict == "better"
    many = corrected([found, *[compare_paired([0.0, 1.0, 0.5], [1.0, 0.0, 0.4])] * 60])
    assert many[0].p_value == found.p_value
    assert many[0].p_corrected > 0.05
    assert many[0].verdict == "cannot be told apart"


@pytest.mark.parametrize(("a", "b"), [([1.0], [2.0]), ([], []), ([1.0, 2.0], [1.0]), ([1.0, math.nan], [1.0, 2.0])])
def test_what_cannot_be_paired_is_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(InputError) as caught:
        compare_paired(a, b)
    assert caught.value.hint
