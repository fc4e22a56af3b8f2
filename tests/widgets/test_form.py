from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from reprobook.execute import RunOptions, run_notebook
from reprobook.notebook import Notebook, read_notebook
from reprobook.runs import Store
from reprobook.space import Choice, Float, Int
from reprobook.sweep.model import SweepOptions
from reprobook.widgets.field import number_text
from reprobook.widgets.form import SweepForm, form_of, guessed_direction
from reprobook.widgets.metrics import known_metrics

PARAMETERS = """from reprobook import Choice, Float, Int
lr: Float(1e-5, 1e-1, log=True) = 1e-3  # learning rate
layers: Int(1, 8) = 2
batch_size: Choice(16, 32, 64) = 32
hidden = 128
momentum = 0.9
name = "plain"
nesterov = False"""


def notebook(*sources: str) -> Notebook:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": ["parameters"] if index == 0 else []},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for index, source in enumerate(sources)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
    return read_notebook(json.dumps(content).encode(), "train.ipynb")


@pytest.fixture
def form() -> SweepForm:
    return form_of(notebook(PARAMETERS), ("val_loss",))


def changed(form: SweepForm, name: str, **changes: object) -> SweepForm:
    (field,) = (each for each in form.fields if each.name == name)
    return form.with_field(replace(field, **changes))  # type: ignore[arg-type]  # entries by name


def test_what_is_declared_is_varied_and_all_else_is_fixed(form: SweepForm) -> None:
    kinds = {field.name: field.kind for field in form.fields}
    assert [name for name, kind in kinds.items() if kind != "fixed"] == ["lr", "layers", "batch_size"]
    assert form.problems() == {}
    assert form.options() == SweepOptions(
        spaces={"lr": Float(1e-5, 1e-1, log=True), "layers": Int(1, 8), "batch_size": Choice(16, 32, 64)},
        metric="val_loss",
        direction="min",
        trials=20,
    )


def test_a_declared_parameter_that_is_fixed_is_given_as_a_value(form: SweepForm) -> None:
    options = changed(form, "lr", kind="fixed", value="3e-4").options()
    assert "lr" not in options.spaces
    assert options.values == {"lr": 3e-4}


def test_ranges_of_undeclared_parameters(form: SweepForm) -> None:
    form = changed(changed(form, "hidden", kind="range"), "momentum", kind="range", low="0.5", high="0.99", log=False)
    spaces = form.options().spaces
    assert spaces["hidden"] == Int(12, 1280)
    assert spaces["momentum"] == Float(0.5, 0.99)


def test_choices_of_text_and_truth(form: SweepForm) -> None:
    form = changed(changed(form, "name", kind="choice", options="plain, wide"), "nesterov", kind="choice")
    assert form.options().spaces["name"] == Choice("plain", "wide")
    assert form.options().spaces["nesterov"] == Choice(False, True)  # noqa: FBT003  # options, not flags


@pytest.mark.parametrize(
    ("name", "entries", "words"),
    [
        ("lr", {"low": "1e-1", "high": "1e-3"}, "above the high end"),
        ("lr", {"low": "0"}, "0"),
        ("lr", {"low": "abc"}, "two numbers"),
        ("lr", {"high": "10"}, "not in Float"),
        ("layers", {"low": "1.5"}, "whole numbers"),
        ("batch_size", {"options": "16, 17"}, "17"),
        ("batch_size", {"options": ""}, "option"),
        ("hidden", {"value": "many"}, "not an int"),
    ],
)
def test_wrong_entries_are_said_at_their_parameter(
    form: SweepForm, name: str, entries: dict[str, str], words: str
) -> None:
    problems = changed(form, name, **entries).problems()
    assert list(problems) == [name]
    assert words in problems[name]


def test_what_is_wrong_with_the_form_as_a_whole(form: SweepForm) -> None:
    assert "metric" in replace(form, metric=" ").problems()[""]
    for name in ("lr", "layers", "batch_size"):
        form = changed(form, name, kind="fixed", value={"lr": "0.01", "layers": "2", "batch_size": "32"}[name])
    assert "Nothing is varied" in form.problems()[""]
    assert "declares no parameters" in SweepForm(notebook="a.ipynb", fields=()).problems()[""]


def test_the_slider_writes_what_a_hand_means(form: SweepForm) -> None:
    lr = form.fields[0]
    assert lr.limits() == (1e-5, 1e-1)
    moved = lr.with_ends(0.000123456, 0.1)
    assert (moved.low, moved.high) == ("0.00012", "0.1")
    layers = form.fields[1].with_ends(2.0, 8.0)
    assert layers.space() == Int(2, 8)


def test_the_command_line_says_the_same(form: SweepForm) -> None:
    form = replace(changed(form, "hidden", value="64"), trials=12, jobs=2, pruning="asha")
    words = shlex.split(form.command())
    assert words[:3] == ["reprobook", "sweep", "train.ipynb"]
    assert "lr=log:1e-5:0.1" in words
    assert "batch_size=choice:16, 32, 64" in words
    assert words[words.index("-p") : words.index("-p") + 3] == ["-p", "hidden", "64"]
    assert "--direction min --trials 12 --jobs 2 --pruner asha" in form.command()


@pytest.mark.parametrize(("number", "text"), [(1e-5, "1e-5"), (0.5, "0.5"), (0.1 + 0.2, "0.30000000000000004")])
def test_numbers_are_written_without_loss(number: float, text: str) -> None:
    assert number_text(number) == text


@pytest.mark.parametrize(("metric", "direction"), [("val_loss", "min"), ("rmse", "min"), ("accuracy", "max")])
def test_the_direction_is_guessed_from_the_name(metric: str, direction: str) -> None:
    assert guessed_direction(metric) == direction


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        ("import reprobook as rb\nrb.log(loss=1.0, val_r2=0.5, step=3)", ("val_r2", "loss"), ("val_r2", "loss")),
        ("print('r2: 0.25')", (), ("r2",)),
    ],
)
def test_metrics_are_known_from_source_and_runs(
    tmp_path: Path, source: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    path = tmp_path / "train.ipynb"
    raw = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [raw]}))
    parsed, store = read_notebook(path.read_bytes(), path.name), Store(tmp_path / ".reprobook")
    assert known_metrics(parsed, store) == before
    run_notebook(path, store, RunOptions())
    assert known_metrics(parsed, store) == after


def test_the_size_of_a_grid_is_told(form: SweepForm) -> None:
    assert form.note() == ""
    # five values of lr, all eight of layers, three batch sizes
    assert replace(form, sampler="grid").note() == "The grid has 120 points: 20 of them are tried."
    assert replace(form, sampler="grid", trials=500).note() == "The grid has 120 points."
    assert replace(form, sampler="grid", metric="").note() == ""


@pytest.mark.parametrize("text", ["", " ", "a, b", "it's", "plain"])
def test_text_stays_as_it_is(text: str) -> None:
    declared = (
        f"from reprobook import Choice, Float\nlr: Float(0.1, 1.0) = 0.5\nname: Choice({text!r}, 'other') = {text!r}"
    )
    form = form_of(notebook(declared), ("score",))
    assert form.problems() == {}
    assert form.options().spaces["name"] == Choice(text, "other")
    assert changed(form, "name", kind="fixed").options().values == {"name": text}
