from __future__ import annotations

from typing import Any

import pytest

from reprobook.errors import ParameterError
from reprobook.space import parse_expression

VALUES = {"batch": 32, "steps": 8, "lr": 0.1, "optimizer": "sgd", "flag": True, "nothing": None}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("batch * steps <= 256", True),
        ("batch * steps < 256", False),
        ("optimizer == 'sgd'", True),
        ('optimizer in ("adam", "rmsprop")', False),
        ("optimizer not in ['adam']", True),
        ("flag and not lr > 1", True),
        ("0.01 < lr < 1", True),
        ("1 < lr < 2", False),
        ("batch // 5 == 6 and batch % 5 == 2", True),
        ("min(batch, steps) == 8 or lr / 0 > 1", True),  # `or` looks no further
        ("abs(-batch) == 2 ** 5", True),
        ("nothing == None", True),
        ("flag", True),
    ],
)
def test_a_condition_is_computed_as_python_would(text: str, expected: bool) -> None:  # noqa: FBT001  # the expectation
    assert parse_expression(text, VALUES).holds(VALUES) is expected


def test_the_names_of_a_condition_are_known() -> None:
    assert parse_expression("max(batch, steps) > 1", VALUES).names == {"batch", "steps"}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true') == 0",
        "batch.bit_length() > 1",
        "(lambda: batch)()",
        "[x for x in (1, 2)]",
        "batch[0]",
        "f'{batch}'",
        "(batch := 1)",
        "min(*steps)",
        "lr is None",
        "batch <=",
        "",
        "batch\nsteps",
        "1 +" * 800 + "1",
        "(" * 300 + "1" + ")" * 300,
    ],
)
def test_anything_but_a_condition_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="cannot read the condition") as refused:
        parse_expression(text, VALUES)
    assert "comparison" in refused.value.hint


def test_an_unknown_name_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ParameterError, match="'bacth'") as refused:
        parse_expression("bacth > 1", VALUES)
    assert "batch" in refused.value.hint


@pytest.mark.parametrize("text", ["lr / 0 > 1", "optimizer > 1", "optimizer * 1000000000 == 1", "nothing < 1"])
def test_what_cannot_be_computed_names_the_values(text: str) -> None:
    with pytest.raises(ParameterError, match="cannot be computed for") as refused:
        parse_expression(text, VALUES).holds(VALUES)
    assert refused.value.hint


@pytest.mark.parametrize("text", ["9 ** 9 ** 9 > 1", "batch ** batch ** batch ** batch > 1"])
def test_no_power_takes_for_ever(text: str) -> None:
    condition: Any = parse_expression(text, VALUES)
    try:
        condition.holds(VALUES)
    except ParameterError as refused:
        assert "cannot be computed" in str(refused)  # noqa: PT017  # both ends are right
