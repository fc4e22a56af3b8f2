from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from scipy import stats

import reprobook as rb
from reprobook.comparison import CompareOptions, ComparisonReport, assess, select
from reprobook.comparison.assess import guessed_direction
from reprobook.errors import InputError
from reprobook.runs import RunFolder, Store

Put = Callable[..., RunFolder]
LOW = [0.900, 0.905, 0.903, 0.908, 0.901]
HIGH = [0.921, 0.924, 0.925, 0.927, 0.922]


def compared(store: Store, *texts: str, metric: str = "accuracy") -> ComparisonReport:
    return assess(select(store, texts), CompareOptions(metric=metric))


@pytest.fixture
def two(put: Put) -> tuple[list[RunFolder], list[RunFolder]]:
    """Two learning rates with five seeds each."""
    sides = [
        [put(s, parameters={"lr": lr, "epochs": 3}, accuracy=v) for s, v in enumerate(values)]
        for lr, values in ((0.1, LOW), (0.01, HIGH))
    ]
    return sides[0], sides[1]


def test_runs_are_gathered_by_what_they_differ_in(store: Store, two: tuple[list[RunFolder], list[RunFolder]]) -> None:
    report = compared(store, *[run.run_id for side in two for run in side])
    assert [side.label for side in report.sides] == ["lr=0.1", "lr=0.01"]
    assert [side.parameters for side in report.sides] == [{"lr": 0.1}, {"lr": 0.01}]
    (found,) = report.pairings
    assert found.comparison.paired
    assert found.seeds == (0, 1, 2, 3, 4)
    assert found.comparison.p_value == pytest.approx(stats.ttest_rel(HIGH, LOW).pvalue)
    assert report.verdict == "better"
    assert report.sentences[0].startswith("lr=0.01 is better than lr=0.1 in accuracy (+0.02")
    assert report.notes == ()


@pytest.mark.parametrize("form", ["two runs", "lists", "expressions", "one expression", "mixed"])
def test_every_way_to_name_them_says_the_same(
    store: Store, two: tuple[list[RunFolder], list[RunFolder]], form: str
) -> None:
    a, b = two
    texts = {
        "two runs": [a[1].run_id, b[3].run_id],
        "lists": [",".join(r.run_id for r in side) for side in (a, b)],
        "expressions": ["lr == 0.1", "lr < 0.1"],
        "one expression": ["status == 'succeeded'"],
        "mixed": [",".join(r.run_id for r in a), "lr == 0.01"],
    }[form]
    report = compared(store, *texts)
    found = report.pairings[0].comparison
    assert (found.n_a, found.n_b, found.verdict) == (5, 5, "better")
    assert found.p_value == pytest.approx(stats.ttest_rel(HIGH, LOW).pvalue)
    assert any("each run stands for" in note for note in report.notes) == (form == "two runs")


def test_a_sweep_is_a_set(store: Store, put: Put) -> None:
    (store.root / "sweeps" / "sweep-20261129-x7").mkdir(parents=True)
    for lr, values in ((0.1, LOW), (0.01, HIGH), (0.001, LOW[::-1])):
        for seed, value in enumerate(values):
            put(seed, parameters={"lr": lr}, accuracy=value, fields={"parent": "sweep-20261129-x7"})
    put(0, parameters={"lr": 5.0}, accuracy=0.1)
    report = compared(store, "sweep-2026")
    assert [side.label for side in report.sides] == ["lr=0.1", "lr=0.01", "lr=0.001"]
    assert [each.comparison.verdict for each in report.pairings] == ["better", "cannot be told apart"]
    assert report.pairings[0].comparison.p_corrected == pytest.approx(2 * report.pairings[0].comparison.p_value)
    assert "corrected for 2 comparisons" in report.notes[-1]


def test_other_seeds_are_compared_unpaired(store: Store, put: Put) -> None:
    for seed, (low, high) in enumerate(zip(LOW, HIGH, strict=True)):
        put(seed, parameters={"lr": 0.1}, accuracy=low)
        put(seed + 100, parameters={"lr": 0.01}, accuracy=high)
    report = compared(store, "lr == 0.1", "lr == 0.01")
    (found,) = report.pairings
    assert not found.comparison.paired
    assert found.comparison.p_value == pytest.approx(stats.ttest_ind(HIGH, LOW, equal_var=False).pvalue)
    assert any("unpaired" in note for note in report.notes)


def test_a_missing_partner_leaves_the_other_pairs(store: Store, put: Put) -> None:
    for seed, (low, high) in enumerate(zip(LOW, HIGH, strict=True)):
        put(seed, parameters={"lr": 0.1}, accuracy=low)
        put(seed, parameters={"lr": 0.01}, accuracy=high, error=seed == 2)
    report = compared(store, "lr == 0.1", "lr == 0.01")
    assert report.pairings[0].seeds == (0, 1, 3, 4)
    assert any("lr == 0.01: 1 of 5 runs left out, as they did not succeed" in note for note in report.notes)
    assert any("lr == 0.1: 1 of 5 runs left out, as no run" in note for note in report.notes)


def test_runs_that_cannot_count_are_named(store: Store, put: Put) -> None:
    for seed, value in enumerate(LOW):
        put(seed, parameters={"lr": 0.1}, accuracy=value)
        put(seed, parameters={"lr": 9.0}, accuracy=math.nan if seed == 1 else value - 0.3)
    put(4, parameters={"lr": 9.0}, accuracy=0.5)
    put(5, parameters={"lr": 9.0}, loss=0.5)
    report = compared(store, "lr == 0.1", "lr == 9")
    notes = "\n".join(report.notes)
    assert "lr == 9: 1 of 7 runs left out, as their accuracy is NaN or infinite" in notes
    assert "1 of 7 runs left out, as they repeat a seed (the newest counts)" in notes
    assert "1 of 7 runs left out, as they did not log accuracy" in notes
    assert report.sides[1].values[-1] == 0.5


def test_replays_do_not_count_twice(store: Store, put: Put) -> None:
    for seed, value in enumerate(LOW):
        put(seed, parameters={"lr": 0.1}, accuracy=value)
        put(seed, parameters={"lr": 0.1}, accuracy=value, fields={"kind": "replay"})
        put(seed, parameters={"lr": 0.2}, accuracy=value)
    assert compared(store, "lr == 0.1", "lr == 0.2").notes == ()


def test_code_tells_runs_apart_too(store: Store, put: Put) -> None:
    runs = [put(s, code=code, accuracy=v) for code, values in (("a", LOW), ("b", HIGH)) for s, v in enumerate(values)]
    report = compared(store, *[run.run_id for run in runs])
    assert len(report.sides) == 2
    assert report.sides[0].label == f"({runs[0].run_id})"


def test_runs_without_seeds_are_independent(store: Store, put: Put) -> None:
    for low, high in zip(LOW, HIGH, strict=True):
        put(None, parameters={"lr": 0.1}, accuracy=low)
        put(None, parameters={"lr": 0.01}, accuracy=high)
    report = compared(store, "lr == 0.1", "lr == 0.01")
    assert report.pairings[0].comparison.n_a == 5
    assert not report.pairings[0].comparison.paired


def test_a_seed_that_is_a_parameter_is_a_seed(store: Store, put: Put) -> None:
    runs = [
        put(s, parameters={"lr": lr, "seed": s}, accuracy=v)
        for lr, values in ((0.1, LOW), (0.01, HIGH))
        for s, v in enumerate(values)
    ]
    assert [s.label for s in compared(store, *[r.run_id for r in runs]).sides] == ["lr=0.1", "lr=0.01"]


@pytest.mark.parametrize(
    ("texts", "metric", "match", "hint"),
    [
        (["lr == 0.1", "lr == 0.01"], "acuracy", "no run of these has a metric 'acuracy'", "Did you mean accuracy"),
        (["lr == 0.1", "lr == 7"], "accuracy", "no run matches 'lr == 7'", "--where"),
        (["lr == 0.1"], "accuracy", "5 runs differ in nothing but their seed", "differ in a parameter"),
        (["nonsense", "lr == 0.01"], "accuracy", "no run 'nonsense'", "runs"),
    ],
)
@pytest.mark.usefixtures("two")
def test_what_is_wrong_is_said(store: Store, texts: list[str], metric: str, match: str, hint: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        compared(store, *texts, metric=metric)
    assert hint in caught.value.hint


def test_single_runs_without_siblings_are_too_few(store: Store, put: Put) -> None:
    a, b = put(0, parameters={"lr": 0.1}, accuracy=0.9), put(0, parameters={"lr": 0.2}, accuracy=0.8)
    with pytest.raises(InputError, match="too few") as caught:
        compared(store, a.run_id, b.run_id)
    assert "reprobook run nb.ipynb --seeds 0-4" in caught.value.hint


@pytest.mark.parametrize(
    ("metric", "direction"),
    [
        ("accuracy", "max"),
        ("loss", "min"),
        ("val_loss", "min"),
        ("valLoss", "min"),
        ("test/loss", "min"),
        ("rmse", "min"),
        ("error_rate", "min"),
        ("f1", "max"),
        ("glossary_hits", "max"),
        ("terror", "max"),
        ("crossentropyloss", "min"),
    ],
)
def test_the_direction_is_told_by_the_name(metric: str, direction: str) -> None:
    assert guessed_direction(metric) == direction


def test_python_takes_what_the_command_takes(store: Store, two: tuple[list[RunFolder], list[RunFolder]]) -> None:
    import pandas as pd  # noqa: PLC0415

    a, b = two
    frame = pd.DataFrame({"run_id": [run.run_id for run in b], "lr": 0.01})
    expected = rb.compare("lr == 0.1", "lr == 0.01", metric="accuracy", store=store.root)
    for left, right in ((a, frame), ([run.read_record() for run in a], [run.run_id for run in b]), (a[0], b[0])):
        found = rb.compare(left, right, metric="accuracy", store=store.root)
        assert found.pairings == expected.pairings
    assert "better" in repr(expected)
    assert rb.compare(a, b, metric="accuracy", direction="min", store=store.root).verdict == "worse"
    for wrong in (lambda: rb.compare(metric="accuracy"), lambda: rb.compare(a, 3, metric="accuracy", store=store.root)):
        with pytest.raises(InputError):
            wrong()


def test_the_json_is_json(store: Store, put: Put) -> None:
    for seed in range(2):
        put(seed, parameters={"lr": 0.1}, accuracy=0.5)
        put(seed, parameters={"lr": math.inf}, accuracy=0.75)
    document = json.loads(json.dumps(compared(store, "lr == 0.1", "lr > 1").as_json(), allow_nan=False))
    (found,) = document["comparisons"]
    assert found["test"] == "paired t (rounding)"
    assert found["verdict"] == "cannot be told apart"
    assert document["sides"][1]["parameters"] == {"lr": {"$float": "inf"}}
    assert "all 2 runs have the same accuracy" in document["notes"][0]
    assert document["sides"][0]["values"] == [0.5, 0.5]


@pytest.mark.usefixtures("two")
def test_the_figure_shows_all_sides(store: Store, tmp_path: Path) -> None:
    figure = compared(store, "lr == 0.1", "lr == 0.01").plot()
    values, differences = figure.axes
    assert [tick.get_text() for tick in values.get_yticklabels()] == ["lr == 0.1", "lr == 0.01"]
    assert [text.get_text() for text in differences.texts] == ["better"]
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000
