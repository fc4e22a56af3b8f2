"""Membership: stable under order and added rows; and the four ways in which parts leak."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections import Counter
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import reprobook as rb
from reprobook.errors import InputError
from reprobook.execute.splits import LeakageWarning, Split

PARTS = {"train": 0.8, "val": 0.1, "test": 0.1}
ids = st.one_of(
    st.integers(), st.text(max_size=9), st.tuples(st.integers(), st.text(max_size=3)), st.binary(max_size=4)
)


def members(found: Split, values: Any) -> dict[Any, str]:
    """Return the part of each id."""
    return {values[row]: part for part, rows in found.items() for row in rows}


@given(values=st.lists(ids, unique=True, max_size=40), more=st.lists(ids, unique=True, max_size=10), data=st.data())
@settings(max_examples=60, deadline=None)
def test_membership_follows_from_the_id_alone(values: list[Any], more: list[Any], data: st.DataObject) -> None:
    before = members(rb.split(values, PARTS), values)
    shuffled = data.draw(st.permutations(values + [each for each in more if each not in values]))
    after = members(rb.split(shuffled, PARTS), shuffled)
    assert {value: after[value] for value in values} == before
    assert sorted(row for rows in rb.split(values, PARTS).values() for row in rows) == list(range(len(values)))


@pytest.mark.parametrize("by", ["hash", "stratified", "entity"])
def test_ten_percent_more_rows_move_nobody(by: str) -> None:
    generator = np.random.default_rng(0)
    names = [f"patient-{n}" for n in range(1100)]
    columns = {"strata": generator.integers(0, 3, 1100), "entities": generator.integers(0, 200, 1100)}
    order = generator.permutation(1100)

    def divided(rows: Any) -> dict[str, str]:
        chosen = [names[row] for row in rows]
        return members(
            rb.split(chosen, PARTS, by=by, **{k: v[rows] for k, v in columns.items()}, leakage="ignore"), chosen
        )

    few, many = divided(np.arange(1000)), divided(order)
    assert {name: many[name] for name in few} == few


def test_shares_hold_up_to_chance() -> None:
    found = rb.split(range(20_000), PARTS)
    assert {part: pytest.approx(len(rows) / 20_000, abs=0.01) for part, rows in found.items()} == PARTS
    other = rb.split(range(20_000), PARTS, seed=1)
    same = sum(len(np.intersect1d(found[part], other[part])) for part in PARTS)
    assert same / 20_000 == pytest.approx(0.8**2 + 0.1**2 + 0.1**2, abs=0.02)


def test_larger_shares_only_add_rows_to_the_first_part() -> None:
    small, large = (
        rb.split(range(5000), {"train": 0.5, "test": 0.5}),
        rb.split(range(5000), {"train": 0.6, "test": 0.4}),
    )
    assert set(small["train"]) <= set(large["train"])


def test_another_process_and_another_type_of_column_agree() -> None:
    code = "import reprobook as rb; print(rb.split([f'id{n}' for n in range(50)], {'a': .5, 'b': .5})['a'].tolist())"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    here = rb.split([f"id{n}" for n in range(50)], {"a": 0.5, "b": 0.5})["a"].tolist()
    assert [json.loads(text) for text in runs] == [here, here]
    forms = [
        list(range(50)),
        range(50),
        np.arange(50, dtype=np.int8),
        np.arange(50, dtype=float),
        pd.Series(range(50)),
        pd.Index(range(50)),
        [np.int64(n) for n in range(50)],
    ]
    rows = [rb.split(form, {"a": 0.5, "b": 0.5})["a"].tolist() for form in forms]
    assert all(each == rows[0] for each in rows)
    moments = pd.date_range("2026-01-01", periods=50, freq="h")
    assert (
        rb.split(moments, PARTS)["train"].tolist()
        == rb.split(moments.to_numpy("datetime64[s]"), PARTS)["train"].tolist()
    )
    rb.split([uuid.uuid4(), date(2026, 1, 1), datetime(2026, 1, 1), None, b"x", True, (1, "a")], PARTS)  # noqa: DTZ001


def test_entities_stay_together() -> None:
    entities = [f"patient {n % 70}" for n in range(1000)]
    found = rb.split(range(1000), PARTS, by="entity", entities=entities)
    assert found.report.found == ()
    sides = [{entities[row] for row in rows} for rows in found.values()]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]


def test_time_goes_forward() -> None:
    times = pd.date_range("2026-01-01", periods=1000, freq="h")
    order = np.random.default_rng(0).permutation(1000)
    found = rb.split(order, PARTS, by="time", times=times[order])
    assert [len(rows) for rows in found.values()] == [800, 100, 100]
    assert times[order][found["train"]].max() < times[order][found["val"]].min()
    assert times[order][found["val"]].max() < times[order][found["test"]].min()
    assert found.report.found == ()
    # Rows of one moment are not torn apart.
    tied = rb.split(range(10), {"a": 0.5, "b": 0.5}, by="time", times=[1, 1, 1, 1, 1, 1, 1, 2, 2, 2])
    assert tied["a"].tolist() == []
    assert tied["b"].tolist() == list(range(10))


def test_a_stratum_that_a_part_lacks_is_noted() -> None:
    strata = ["common"] * 500 + ["rare"] * 2
    found = rb.split(range(502), PARTS, by="stratified", strata=strata)
    assert any(note.startswith("stratum rare (2 rows) is not in") for note in found.report.notes)
    counts = Counter(strata[row] for row in found["val"])
    assert counts["common"] == pytest.approx(50, abs=25)


GENERATOR = np.random.default_rng(0)
CLEAN = {
    "numbers": GENERATOR.normal(size=(600, 20)),
    "images": GENERATOR.integers(0, 255, (300, 8, 8)),
    "frame": pd.DataFrame(GENERATOR.normal(size=(600, 6)), columns=list("abcdef")),
    "mixed": pd.DataFrame({"x": GENERATOR.normal(size=400), "name": [f"person number {n}" for n in range(400)]}),
    "texts": [" ".join(GENERATOR.choice(list("abcdefghij"), 40)) + f" {n}" for n in range(400)],
    "correlated": GENERATOR.normal(size=(2000, 5)) @ GENERATOR.normal(size=(5, 30)),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", CLEAN)
def test_no_false_alarm(kind: str) -> None:
    rows = CLEAN[kind]
    times = np.arange(len(rows))
    found = rb.split(range(len(rows)), PARTS, rows=rows, entities=[f"e{n}" for n in range(len(rows))])
    assert found.report.found == ()
    found = rb.split(range(len(rows)), PARTS, by="time", rows=rows, times=times)
    assert found.report.found == ()


def test_no_false_alarm_on_a_real_data_set() -> None:
    from sklearn.datasets import load_digits, load_iris  # noqa: PLC0415

    assert rb.split(range(1797), PARTS, rows=load_digits().data).report.found == ()
    report = rb.split(range(150), PARTS, rows=load_iris().data, leakage="ignore").report
    (leak,) = report.found
    assert (leak.kind, set(leak.examples[0])) == ("duplicates", {101, 142})  # two flowers of it are indeed equal
    assert any("near duplicates: not looked for in 1." in note for note in report.notes)


def kinds(found: Split) -> set[str]:
    return {leak.kind for leak in found.report.found}


@pytest.mark.parametrize("kind", ["numbers", "images", "frame", "mixed", "texts"])
def test_a_planted_duplicate_is_found(kind: str) -> None:
    rows = CLEAN[kind]
    copied = rows.copy() if not isinstance(rows, list) else list(rows)
    divided = rb.split(range(len(rows)), PARTS)
    source, target = divided["train"][3], divided["test"][2]
    if isinstance(copied, pd.DataFrame):
        copied.iloc[target] = copied.iloc[source]
    else:
        copied[target] = copied[source]
    with pytest.warns(LeakageWarning, match="1 rows of test are equal to a row of train"):
        found = rb.split(range(len(rows)), PARTS, rows=copied)
    (leak,) = found.report.found
    assert (leak.kind, leak.parts, leak.count) == ("duplicates", ("train", "test"), 1)
    assert leak.examples == ((source, target),)


@pytest.mark.parametrize("noise", [1e-6, 0.01, 0.03])
def test_a_planted_near_duplicate_is_found(noise: float) -> None:
    rows = CLEAN["numbers"].copy()
    divided = rb.split(range(600), PARTS)
    source, target = divided["train"][3], divided["test"][2]
    rows[target] = rows[source] + noise * GENERATOR.normal(size=20)
    found = rb.split(range(600), PARTS, rows=rows, leakage="ignore")
    (leak,) = found.report.found
    assert (leak.kind, leak.examples) == ("near duplicates", ((source, target),))
    assert "root mean square of 20 columns" in "".join(found.report.checked)


def test_a_text_with_a_word_changed_is_found() -> None:
    texts = list(CLEAN["texts"])
    divided = rb.split(range(400), PARTS)
    source, target = divided["train"][3], divided["val"][2]
    texts[source] = "The quick brown fox jumps over the lazy dog while the sun sets behind the old mill by the river."
    texts[target] = "The quick brown fox jumps over the lazy cat while the  sun sets behind the old mill by the river!"
    found = rb.split(range(400), PARTS, rows=texts, leakage="ignore")
    (leak,) = found.report.found
    assert (leak.kind, leak.parts, leak.examples) == ("near duplicates", ("train", "val"), ((source, target),))


def test_entities_on_both_sides_are_found() -> None:
    with pytest.warns(LeakageWarning, match="belong to an entity that is also in train"):
        found = rb.split(range(300), {"train": 0.8, "test": 0.2}, entities=[n % 40 for n in range(300)])
    (leak,) = found.report.found
    assert (leak.kind, leak.count) == ("entities", len(found["test"]))  # every one of 40 patients is in train too


def test_times_that_overlap_are_found() -> None:
    with pytest.warns(LeakageWarning, match="are earlier than the last of train"):
        found = rb.split(range(300), {"train": 0.8, "test": 0.2}, times=pd.date_range("2026-01-01", periods=300))
    assert kinds(found) == {"times"}
    with pytest.raises(InputError, match="leakage: "):
        rb.split(range(300), PARTS, times=range(300), leakage="error")


def test_equal_rows_of_few_categories_are_no_alarm() -> None:
    rows = GENERATOR.integers(0, 2, (500, 4))
    found = rb.split(range(500), PARTS, rows=rows)
    assert any("equal rows tell nothing" in note for note in found.report.notes)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"parts": {"train": 0.8, "test": 0.1}}, "do not add up to 1"),
        ({"parts": {}}, "do not add up"),
        ({"parts": {"train": 1.5, "test": -0.5}}, "do not add up"),
        ({"by": "random"}, "no rule"),
        ({"by": "entity"}, "needs entities="),
        ({"by": "stratified"}, "needs strata="),
        ({"by": "time"}, "needs times="),
        ({"by": "time", "times": [1, None, 3]}, "no time"),
        ({"by": "time", "times": [1, "a", 3]}, "no order"),
        ({"by": "time", "times": pd.to_datetime(["2026-01-01", None, "2026-01-02"])}, "no time"),
        ({"entities": [1]}, "1 values for 3 ids"),
        ({"rows": [[1]]}, "1 rows for 3 ids"),
        ({"ids": [object()] * 3}, "type object"),
        ({"leakage": "maybe"}, "neither warn"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        rb.split(**{"ids": [1, 2, 3], "parts": PARTS} | options)
    assert caught.value.hint
