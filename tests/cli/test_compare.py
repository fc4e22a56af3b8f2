"""`reprobook compare`; what it computes is tested with the comparison itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import RunFolder

Reprobook = Callable[..., Any]
Record = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def runs(record: Record) -> None:
    for seed, noise in enumerate((0.0, 0.004, -0.003, 0.002)):
        record(parameters={"lr": 0.1}, seed=seed, source="nb.ipynb", metrics={"loss": 0.5 + noise})
        record(parameters={"lr": 0.2}, seed=seed, source="nb.ipynb", metrics={"loss": 0.4 + noise * noise})


def test_people_read_sentences(reprobook: Reprobook) -> None:
    found = reprobook("compare", "lr == 0.1", "lr == 0.2", "--metric", "loss")
    assert found.code == 0
    assert "lower is better, told by its name" in found.out
    assert "lr == 0.2 is better than lr == 0.1 in loss" in found.out
    assert "paired t, 4 pairs" in found.out


def test_programs_read_json(reprobook: Reprobook) -> None:
    document = reprobook("compare", "seed >= 0", "--metric", "loss", "--direction", "max", "--json").document
    assert document["direction"] == "max"
    assert not document["direction_guessed"]
    assert [side["parameters"] for side in document["sides"]] == [{"lr": 0.1}, {"lr": 0.2}]
    (found,) = document["comparisons"]
    assert (found["verdict"], found["paired"], found["seeds"]) == ("worse", True, [0, 1, 2, 3])
    assert found["interval"]["low"] < found["difference"] < found["interval"]["high"] < 0


def test_it_draws(reprobook: Reprobook, tmp_path: Path) -> None:
    assert reprobook("compare", "seed >= 0", "--metric", "loss", "--figure", "out.svg").code == 0
    assert "<svg" in (tmp_path / "out.svg").read_text()
    assert reprobook("compare", "seed >= 0", "--metric", "loss", "--figure", "out.xyz").code == 2
    assert reprobook("compare", "seed >= 0", "--metric", "loss", "--figure", "no/out.svg").code == 1


def test_wrong_input_ends_with_2(reprobook: Reprobook) -> None:
    wrong = reprobook("compare", "lr == 0.1", "lr == 0.2", "--metric", "los")
    assert wrong.code == 2
    assert "Did you mean loss?" in wrong.err
    assert reprobook("compare", "lr == 0.1", "lr == 0.2").code == 2
    assert reprobook("compare", "lr == 0.1", "lr == ", "--metric", "loss").code == 2
