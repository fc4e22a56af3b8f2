"""The table of `reprobook runs`: what tells runs apart is seen."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from reprobook.runs import RunFolder

Reprobook = Callable[..., Any]
Record = Callable[..., RunFolder]
SWEEP, OLDER = "20261129-112031-k3f9", "20261129-112030-aaaa"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")


def lines_of(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_what_differs_between_runs_is_a_column_and_what_does_not_is_none(reprobook: Reprobook, record: Record) -> None:
    for number, lr in enumerate((0.1, 0.002)):
        parameters = {"lr": lr, "epochs": 5, "seed": 3}
        record(parameters=parameters, metrics={"loss": lr}, source="mlp.ipynb", parent=SWEEP, trial=number)
    heading, _, first, second = lines_of(reprobook("runs").out)
    assert heading == ["run", "kind", "status", "notebook", "seed", "seconds", "lr", "loss"]
    assert (first[1:3], first[-2:]) == (["trial", "1"], ["0.002", "0.002"])
    assert second[-2:] == ["0.1", "0.1"]
    asked, *_ = lines_of(reprobook("runs", "--where", "epochs == 5 and metrics.loss < 1").out)
    assert asked == ["run", "kind", "status", "notebook", "seed", "seconds", "epochs", "lr", "loss"]


def test_the_kind_of_a_run_is_told(reprobook: Reprobook, record: Record) -> None:
    first = record(source="mlp.ipynb")
    record(kind="replay", parent=first.run_id, source="mlp.ipynb")
    record(kind="live")
    record(kind="run", parent=SWEEP, trial=0, source="mlp.ipynb")
    shown = reprobook("runs").out.splitlines()
    assert [line.split()[1] for line in shown[2:]] == ["trial", "live", "replay", "run"]
    assert "not known" in shown[3]


def test_columns_that_have_no_room_are_named(
    reprobook: Reprobook, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    for lr in (0.1, 0.2):
        record(parameters={"a_parameter_of_a_long_name": lr, "lr": lr}, metrics={"loss": 1.5, "accuracy": math.nan})
    monkeypatch.setenv("COLUMNS", "78")
    heading, *rows, note = reprobook("runs").out.splitlines()
    assert heading.split()[-3:] == ["lr", "loss", "accuracy"]
    assert note.startswith("no room for a_parameter_of_a_long_name")
    assert all(len(line) <= 78 for line in rows)
    assert len(rows) == 3  # nothing is folded
    asked, *_ = reprobook("runs", "--sort", "a_parameter_of_a_long_name").out.splitlines()
    assert "a_parameter_of_a_long_name" in asked


def test_what_is_called_as_another_column_has_its_own_heading(reprobook: Reprobook, record: Record) -> None:
    for value in (0.5, 0.25):
        record(parameters={"acc": value, "name": value}, metrics={"acc": value, "seconds": value}, name="exp")
    heading, _, first, _ = lines_of(reprobook("runs").out)
    assert heading[-4:] == ["acc", "parameters.name", "metrics.acc", "metrics.seconds"]
    assert first[-4:] == ["0.25"] * 4


def test_the_newest_sweep_is_called_latest(reprobook: Reprobook, record: Record) -> None:
    refused = reprobook("runs", "--where", "sweep == 'latest'")
    assert refused.code == 2
    assert "no run of a sweep" in refused.err
    record(parent=OLDER, trial=0)
    newest = [record(parent=SWEEP, trial=number).run_id for number in range(2)]
    record(source="plain.ipynb")
    for where in ("sweep == 'latest'", "trial >= 0 and sweep in ('latest',)"):
        found = reprobook("runs", "--where", where, "--sort", "trial", "--json").document
        assert [each["run_id"] for each in found] == newest
    others = reprobook("runs", "--where", "sweep != 'latest' and trial == 0", "--json").document
    assert [each["parent"] for each in others] == [OLDER]
