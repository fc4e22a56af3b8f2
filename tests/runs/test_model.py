from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import InputError, IntegrityError
from reprobook.runs.ids import check_id, new_id
from reprobook.runs.model import RunRecord, parse_record, record_bytes

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(max_size=4)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=6) | st.sampled_from(["$float", "$tuple"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def typed(value: Any) -> Any:
    """Make values of different types, and zeros of different signs, unequal."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [typed(item) for item in value]
    return repr(value)


@given(st.dictionaries(st.text(max_size=8), values, max_size=4))
def test_parameters_survive_exactly(parameters: dict[str, Any]) -> None:
    record = RunRecord(run_id="20261121-000000-aaaa", parameters=parameters)
    assert typed(parse_record(record_bytes(record), "run.json").parameters) == typed(parameters)


def test_metrics_that_json_lacks_are_tagged_text() -> None:
    metrics = {"a": math.nan, "b": math.inf, "c": -math.inf, "d": 0.5}
    data = record_bytes(RunRecord(run_id="20261121-000000-aaaa", metrics=metrics))
    strict = json.loads(data, parse_constant=pytest.fail)
    assert strict["metrics"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity", "d": 0.5}
    found = parse_record(data, "run.json").metrics
    assert math.isnan(found.pop("a"))
    assert found == {"b": math.inf, "c": -math.inf, "d": 0.5}


def test_plain_parameters_read_plainly() -> None:
    record = RunRecord(run_id="20261121-000000-aaaa", parameters={"epochs": 1.0, "layers": [64, 2.0]})
    assert record.model_dump(mode="json")["parameters"] == {"epochs": 1.0, "layers": [64, 2.0]}


@pytest.mark.parametrize(
    "garbage",
    [b"", b"{", b"\0" * 100, b"\xff\xfe{}", b"[]", b"null", b"NaN", b"{}", b'{"a":' * 100_000, b'"x"', b"[1, 2]"],
)
def test_garbage_is_refused_with_its_place(garbage: bytes) -> None:
    with pytest.raises(IntegrityError, match=r"^r1/run\.json: "):
        parse_record(garbage, "r1/run.json")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"status": "failed"', '"status": "succeeded"'),
        ('"loss": 1.0', '"loss": 1'),
        ('"seed": null', '"seed": 1'),
        ('"record_digest"', '"digest"'),
        ('"sequence": 0,', '"sequence": 0, "extra": 0,'),
    ],
)
def test_an_edited_record_is_refused(before: str, after: str) -> None:
    text = record_bytes(RunRecord(run_id="20261121-000000-aaaa", status="failed", metrics={"loss": 1.0})).decode()
    assert before in text
    with pytest.raises(IntegrityError, match="record was edited"):
        parse_record(text.replace(before, after).encode(), "r1/run.json")


def test_new_ids_have_the_promised_form() -> None:
    ids = {new_id() for _ in range(50)}
    assert len(ids) == 50
    assert all(check_id(run_id) == run_id for run_id in ids)


@pytest.mark.parametrize(
    "text",
    [
        *("", "short", "../../etc/passwd", "/abcdef", "abc/def", "..%2fabc", "ABCDEF", "abcdef\n", "abcdef\0"),
        *("-abcdef", "a" * 65, "C:abcdef", "..\\abcdef", "ａｂｃｄｅｆ", "abc def"),  # noqa: RUF001
    ],
)
def test_nothing_else_is_an_id(text: str) -> None:
    with pytest.raises(InputError, match="is not a run id"):
        check_id(text)
