from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from reprobook.space import Choice, Float
from reprobook.sweep.model import SweepOptions, SweepRecord, Trial
from reprobook.widgets.form import SweepForm
from reprobook.widgets.panel_text import panel_text
from reprobook.widgets.standing import (
    best_words,
    counts_words,
    duration_words,
    seconds_left,
    sorted_trials,
    status_words,
    table_html,
)


def trial(number: int, state: Any = "complete", value: float | None = None, **more: Any) -> Trial:
    return Trial(number=number, parameters={"lr": 0.1, "kind": "<b>"}, state=state, value=value, **more)


@pytest.fixture
def record() -> SweepRecord:
    trials = (
        trial(0, value=0.5, duration_s=4.0, values=(0.4, 0.6)),
        trial(1, value=0.9, duration_s=6.0),
        trial(2, "failed", error="ValueError: <i>no</i>", duration_s=5.0),
        trial(3, "pruned", value=0.7, step=4, duration_s=5.0),
        trial(4, value=math.nan, cached=True),
        trial(5, "running"),
    )
    options = SweepOptions(spaces={"lr": Float(0.0, 1.0), "kind": Choice("<b>")}, metric="acc", trials=10, jobs=2)
    return SweepRecord(
        sweep_id="s", status="running", notebook="n.ipynb", options=options, trials=trials, best=trials[1], tied=(1, 0)
    )


def test_what_stands_in_words(record: SweepRecord) -> None:
    assert counts_words(record) == "5 of 10 trials · 1 running · 1 pruned · 1 failed · 1 reused"
    assert best_words(record) == "best acc 0.9 in trial #1, not to be told apart from #0"
    assert best_words(replace(record, interval=(0.85, 0.95))).startswith("best acc 0.9 [0.85, 0.95] in")
    assert best_words(replace(record, best=None)) == ""
    assert status_words(replace(record, status="failed", error="no driver")) == "failed: no driver"


def test_the_time_left_comes_from_the_trials_that_ran(record: SweepRecord) -> None:
    # 10 - 5 finished - half of the one that runs, 5 seconds each, 2 at a time
    assert seconds_left(record) == pytest.approx(4.5 * 5.0 / 2)
    assert seconds_left(replace(record, status="paused")) is None
    assert seconds_left(replace(record, trials=record.trials[4:])) is None
    assert [duration_words(seconds) for seconds in (9.4, 75, 3720)] == ["9 s", "1 min 15 s", "1 h 02 min"]


def test_trials_are_sorted_by_what_they_are_worth(record: SweepRecord) -> None:
    assert [each.number for each in sorted_trials(record)] == [5, 1, 0, 4, 3, 2]
    lower = replace(record, options=replace(record.options, direction="min"))
    assert [each.number for each in sorted_trials(lower)] == [5, 0, 1, 4, 3, 2]
    assert [each.number for each in sorted_trials(record, by_number=True)] == list(range(6))


def test_the_table_marks_the_best_and_escapes_everything(record: SweepRecord) -> None:
    shown = table_html(record)
    assert "★ 0.9" in shown
    assert "pruned at step 4" in shown
    assert "complete (reused)" in shown
    assert "0.5 <span class='rb-dim'>± 0.14</span>" in shown
    assert "ValueError: &lt;i&gt;no&lt;/i&gt;" in shown
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "being prepared" in table_html(replace(record, trials=()))


def test_a_long_sweep_shows_its_first_rows(record: SweepRecord) -> None:
    many = replace(record, trials=tuple(trial(number, value=float(number)) for number in range(1000)))
    shown = table_html(many)
    assert shown.count("<tr ") == 200
    assert "and 800 more" in shown


def test_the_text_form_says_what_stands_and_the_command(record: SweepRecord) -> None:
    text = panel_text(SweepForm(notebook="n.ipynb", fields=()), record)
    assert "5 of 10 trials" in text
    assert "declares no parameters" in text
    assert "reprobook sweep n.ipynb" in text
