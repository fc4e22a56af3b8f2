from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import NewRun, Store
from reprobook.space import Choice, Float, Int
from reprobook.sweep.figures import FIGURES, curves, figure_svg, history, importance, parallel
from reprobook.sweep.figures.parallel import Axis
from reprobook.sweep.model import SweepOptions, SweepRecord, Trial

OPTIONS = SweepOptions(
    spaces={"lr": Float(1e-4, 1e-1, log=True), "layers": Int(1, 8), "kind": Choice("a", "b$")},
    metric="loss",
    direction="min",
    trials=8,
)
Make = Callable[..., SweepRecord]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def loss(lr: float) -> float:
    return (math.log10(lr) + 2) ** 2 + 0.1


@pytest.fixture
def record(store: Store) -> SweepRecord:
    """Seven trials whose loss is decided by lr alone: trial 3 failed, 4 was pruned at step 2, 6 runs."""
    states = {3: "failed", 4: "pruned", 6: "running"}
    trials = []
    for number in range(7):
        lr = 10 ** (-4 + number / 2)
        run = store.create(NewRun())
        for step in range(5):
            run.log_metric("loss", loss(lr) + 1 / (step + 1), step)
        state: Any = states.get(number, "complete")
        value = loss(lr) if state in {"complete", "pruned"} else None
        trials.append(
            Trial(
                number=number,
                parameters={"lr": lr, "layers": 1 + number, "kind": "a"},
                state=state,
                value=value,
                run_id=run.run_id,
                run_ids=(run.run_id,),
                step=2 if state == "pruned" else None,
            )
        )
    return SweepRecord(sweep_id="s", status="running", notebook="n.ipynb", options=OPTIONS, trials=tuple(trials))


def texts(figure: Any) -> str:
    return "\n".join(each.get_text() for each in figure.findobj(lambda artist: hasattr(artist, "get_text")))


def test_history_shows_every_trial_and_the_best_so_far(record: SweepRecord) -> None:
    (axes,) = history(record).axes
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["trial"].get_xdata()) == [0, 1, 2, 5]
    assert list(lines["pruned"].get_xdata()) == [4]
    assert list(lines["no value"].get_xdata()) == [3]
    best = list(lines["best so far"].get_ydata())
    assert best == sorted(best, reverse=True)
    assert best[-1] == min(lines["trial"].get_ydata())


def test_parallel_places_values_on_the_scale_of_their_space(record: SweepRecord) -> None:
    (axes,) = parallel(record).axes
    best = min((trial for trial in record.trials if trial.state == "complete"), key=lambda trial: trial.value or 0.0)
    (drawn,) = [line for line in axes.lines if line.get_linewidth() == 2.4]
    lr, layers, kind, value = drawn.get_ydata()
    assert lr == pytest.approx((math.log10(best.parameters["lr"]) + 4) / 3)
    assert layers == pytest.approx((best.parameters["layers"] - 1) / 7)
    assert kind == 0.0
    assert value == pytest.approx(0.0625)  # the pruned trial was lower still
    assert "b\\$" in texts(parallel(record))


def test_a_parameter_that_a_trial_does_not_vary_breaks_its_line() -> None:
    assert math.isnan(Axis("x", 0.0, 1.0).place(None))
    assert Axis("x", 3.0, 3.0).place(3.0) == 0.5
    assert Axis("x", options=(1, True)).place(True) == 1.0  # noqa: FBT003  # an option


def test_importance_finds_the_parameter_that_decides(record: SweepRecord) -> None:
    lrs = [10 ** (-4 + (number % 7) / 2) for number in range(40)]
    spread = [
        Trial(
            number=number,
            parameters={"lr": lr, "layers": 1 + number * 5 % 8, "kind": ("a", "b$")[number % 2]},
            state="complete",
            value=loss(lr),
        )
        for number, lr in enumerate(lrs)
    ]
    (axes,) = importance(replace(record, trials=tuple(spread))).axes
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "lr"


def test_curves_end_where_a_trial_was_pruned(record: SweepRecord, store: Store) -> None:
    (axes,) = curves(record, store).axes
    lengths = sorted(len(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) > 1)
    assert lengths == [3, 5, 5, 5, 5, 5, 5]


def test_curves_average_the_seeds_of_a_trial(record: SweepRecord, store: Store) -> None:
    runs = [store.create(NewRun()), store.create(NewRun())]
    for run, value in zip(runs, (1.0, 3.0), strict=True):
        for step in range(2):
            run.log_metric("loss", value, step)
    trial = replace(record.trials[0], run_ids=tuple(run.run_id for run in runs))
    (axes,) = curves(replace(record, trials=(trial,)), store).axes
    assert list(axes.lines[0].get_ydata()) == [2.0, 2.0]


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ([], "not ended|No curve"),
        ([("complete", math.nan)], "finite|no steps"),
        ([("failed", None), ("failed", None)], "failed|No curve"),
        ([("complete", 1.0)], None),
    ],
)
def test_where_there_is_little_to_draw_a_sentence_says_why(
    name: str, trials: list[Any], words: str | None, record: SweepRecord, store: Store
) -> None:
    made = tuple(
        Trial(number=n, parameters={"lr": 1e-3, "layers": 2, "kind": "a"}, state=state, value=value)
        for n, (state, value) in enumerate(trials)
    )
    figure = FIGURES[name](replace(record, trials=made), store)
    svg = figure_svg(figure, name)
    if words is not None:
        assert not figure.axes
        assert any(word in texts(figure) for word in words.split("|"))
    assert svg.startswith("<svg")


def test_the_text_of_a_figure_takes_the_colour_of_the_page(record: SweepRecord) -> None:
    svg = figure_svg(history(record), "one")
    assert "currentColor" in svg
    assert "#808080" not in svg
    assert 'width="100%"' in svg
    assert svg == figure_svg(history(record), "one")


def test_no_figure_touches_the_state_of_pyplot(record: SweepRecord, store: Store) -> None:
    loaded = "matplotlib.pyplot" in sys.modules
    for draw in FIGURES.values():
        draw(record, store)
    assert ("matplotlib.pyplot" in sys.modules) == loaded


def test_a_notebook_shows_a_figure_without_pyplot(record: SweepRecord) -> None:
    assert history(record)._repr_html_().startswith("<svg")  # what IPython asks for
