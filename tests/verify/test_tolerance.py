from __future__ import annotations

import json
import math

import pytest

from reprobook.errors import InputError
from reprobook.verify import MetricPair, Verification, parse_tolerance
from reprobook.verify.tolerance import Tolerance, metrics_agree, pair_metrics


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bitwise", None),
        ("Bitwise", None),
        ("1e-3", Tolerance(1e-3)),
        ("0", Tolerance()),
        ("1e-3, loss=0.1", Tolerance(1e-3, {"loss": 0.1})),
        ("f1=1e-2", Tolerance(0.0, {"f1": 1e-2})),
    ],
)
def test_tolerance_is_read(text: str, expected: Tolerance | None) -> None:
    assert parse_tolerance(text) == expected


@pytest.mark.parametrize("text", ["", "exact", "-0.1", "1", "nan", "inf", "0.1%", "loss=", "1e-3,"])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_tolerance(text)
    assert "1e-3" in caught.value.hint


@pytest.mark.parametrize(
    ("original", "replay", "tolerance", "agree"),
    [
        (1.0, 1.0, None, True),
        (1.0, 1.0 + 1e-12, None, False),
        (1.0, 1.0 + 1e-12, 1e-9, True),
        (1.0, 1.1, 1e-3, False),
        (math.nan, math.nan, None, True),
        (math.nan, 1.0, 0.5, False),
        (math.inf, math.inf, None, True),
        (math.inf, -math.inf, 0.5, False),
        (0.0, 1e-30, 0.5, False),
    ],
)
def test_metrics_agree(original: float, replay: float, tolerance: float | None, agree: bool) -> None:  # noqa: FBT001
    allowed = None if tolerance is None else Tolerance(tolerance)
    assert metrics_agree(pair_metrics({"m": original}, {"m": replay}), allowed) is agree


def test_each_metric_has_its_own_tolerance() -> None:
    pairs = pair_metrics({"loss": 1.0, "f1": 0.5}, {"loss": 1.05, "f1": 0.5})
    assert metrics_agree(pairs, Tolerance(0.0, {"loss": 0.1}))
    assert not metrics_agree(pairs, Tolerance(0.1, {"loss": 0.01}))


def test_a_metric_on_one_side_only_never_agrees() -> None:
    pairs = pair_metrics({"a": 1.0}, {"b": 1.0})
    assert pairs == {"a": MetricPair(original=1.0), "b": MetricPair(replay=1.0)}
    assert not metrics_agree(pairs, Tolerance(0.9))


def test_no_metrics_agree_about_nothing() -> None:
    assert not metrics_agree({}, Tolerance(0.9))


def test_json_has_no_bare_nan() -> None:
    found = Verification(run_id="a", replay_id="b", verdict="diverged", metrics=pair_metrics({"m": math.nan}, {}))
    text = json.dumps(found.model_dump(mode="json"), allow_nan=False)
    assert json.loads(text)["metrics"] == {"m": {"original": "NaN", "replay": None}}
