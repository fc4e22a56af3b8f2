from __future__ import annotations

import math
from pathlib import Path

import pytest

from reprobook.cli.parameters import Values, collect_values
from reprobook.cli.summary import summarize
from reprobook.errors import InputError, ParameterError
from reprobook.runs import RunRecord


def test_what_is_more_exact_wins(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("a: 2\nb: 2\nc: 2\n")
    found = collect_values([("b", "3"), ("c", "3")], [("c", "4")], [file], ["{a: 1, z: [1, 2.5, null]}", ""])
    assert found == Values(texts={"b": "3"}, values={"a": 2, "z": [1, 2.5, None], "c": "4"})


def test_the_last_of_equals_wins() -> None:
    assert collect_values([("a", "1"), ("a", "2")], [], [], []).texts == {"a": "2"}


@pytest.mark.parametrize("document", ["[1, 2]", "3", "a: [", "!!python/object/apply:os.getcwd []"])
def test_yaml_that_is_no_plain_mapping_is_refused(document: str) -> None:
    with pytest.raises(InputError, match=r"^-y \(number 1\)"):
        collect_values([], [], [], [document])


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        collect_values([], [], [tmp_path / "no.yaml"], [])


@pytest.mark.parametrize("kind", ["texts", "raw", "documents"])
def test_a_literal_secret_is_refused_without_showing_it(kind: str) -> None:
    given = {"texts": [], "raw": [], "files": [], "documents": []}
    given[kind] = ["{api_key: hunter2}"] if kind == "documents" else [("api_key", "hunter2")]  # type: ignore[assignment]
    with pytest.raises(ParameterError, match="looks like a secret") as caught:
        collect_values(**given)
    assert "hunter2" not in str(caught.value) + caught.value.hint
    assert "os.environ" in caught.value.hint


def test_names_that_only_sound_secret_pass() -> None:
    assert collect_values([("num_tokens", "5")], [], [], ["{api_key: null}"]).texts == {"num_tokens": "5"}


def runs(*metrics: dict[str, float]) -> list[RunRecord]:
    return [RunRecord(run_id="run", status="succeeded", metrics=each) for each in metrics]


def test_summary_is_mean_and_sample_deviation() -> None:
    found = summarize(runs({"m": 1.0}, {"m": 2.0, "other": 5.0}, {"m": 3.0})).as_json()
    assert found == {"m": {"mean": 2.0, "std": 1.0, "n": 3}, "other": {"mean": 5.0, "std": None, "n": 1}}


def test_failed_runs_do_not_count() -> None:
    failed = RunRecord(run_id="run", status="failed", metrics={"m": 9.0})
    assert summarize([*runs({"m": 1.0}), failed]).metrics["m"].n == 1
    assert summarize([failed]).metrics == {}


@pytest.mark.parametrize(("number", "shown"), [(math.nan, "NaN"), (math.inf, "Infinity")])
def test_numbers_that_are_not_finite_carry_through(number: float, shown: str) -> None:
    assert summarize(runs({"m": number}, {"m": 1.0})).as_json()["m"]["mean"] == shown
