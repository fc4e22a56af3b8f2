from __future__ import annotations

from typing import Any

import pytest

from reprobook.errors import ParameterError
from reprobook.space import Choice, Float, Int, Parameter, Position, parse_space

HERE = Position(1, 0, 1, 1)


def parameter(default: Any, space: Any = None) -> Parameter:
    return Parameter("p", type(default), default, 0, HERE, space)


@pytest.mark.parametrize(
    ("text", "space"),
    [
        ("log:1e-5:1e-1", Float(1e-5, 1e-1, log=True)),
        ("uniform:0:0.5", Float(0.0, 0.5)),
        ("uniform:-1:1", Float(-1.0, 1.0)),
        ("int:1:8", Int(1, 8)),
        ("choice:16,32,64", Choice(16, 32, 64)),
        ("choice: sgd , adam", Choice("sgd", "adam")),
        ("choice:[1, 2],(3,),'a,b'", Choice([1, 2], (3,), "a,b")),
        ("choice:True,None,0.5", Choice(True, None, 0.5)),  # noqa: FBT003  # an option
        (" INT : 1 : 8 ", Int(1, 8)),
    ],
)
def test_a_text_is_the_space_that_it_says(text: str, space: Any) -> None:
    found = parse_space(text)
    assert found == space
    if isinstance(space, Choice):
        assert [type(option) for option in found.options] == [type(option) for option in space.options]


@pytest.mark.parametrize(
    ("text", "default", "space"),
    [
        ("log:1:1024", 8, Int(1, 1024, log=True)),
        ("uniform:1:8", 8, Int(1, 8)),
        ("log:1:1024", 8.0, Float(1.0, 1024.0, log=True)),
        ("choice:1,2", 8.0, Choice(1.0, 2.0)),
        ("choice:1,2", "8", Choice("1", "2")),
        ("choice:yes,no", False, Choice(True, False)),  # noqa: FBT003  # options
        ("choice:[1],[2]", [0], Choice([1], [2])),
    ],
)
def test_the_type_of_the_parameter_decides(text: str, default: Any, space: Any) -> None:
    found = parse_space(text, parameter(default))
    assert found == space
    assert repr(found) == repr(space)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("lgo:1:2", "'lgo:1:2' is no space", "Did you mean log:…?"),
        ("1e-5", "'1e-5' is no space", "Spaces: log:"),
        ("log", "'log' is no space", "log:1e-5:1e-1"),
        ("log:1e-5", "takes two numbers", "log:1e-5:1e-1"),
        ("log:1:2:3", "takes two numbers", ""),
        ("int:1:2.5", "takes two whole numbers", "int:1:8"),
        ("uniform:a:b", "takes two numbers", "uniform:0:0.5"),
        ("log:0:1", "starts above 0", ""),
        ("int:8:1", "above the high end", ""),
        ("uniform:nan:1", "must be finite", ""),
        ("choice:", "an option is missing", ""),
        ("choice:a,,b", "an option is missing", ""),
    ],
)
def test_what_is_no_space_is_refused_with_an_example(text: str, message: str, hint: str) -> None:
    with pytest.raises(ParameterError, match=message) as refused:
        parse_space(text)
    assert hint in refused.value.hint


@pytest.mark.parametrize(
    ("text", "default", "declared"),
    [
        ("uniform:0:0.5", 8, None),  # a whole number has no halves
        ("int:1:8", "text", None),
        ("choice:a,b", 1, None),
        ("log:1e-6:1", 1e-3, Float(1e-5, 1e-1, log=True)),  # wider than the notebook declares
        ("choice:c", "a", Choice("a", "b")),
    ],
)
def test_a_space_that_the_parameter_cannot_take_is_refused(text: str, default: Any, declared: Any) -> None:
    with pytest.raises(ParameterError, match="p"):
        parse_space(text, parameter(default, declared))


def test_a_narrower_space_than_the_declared_one_is_taken() -> None:
    declared = Float(1e-5, 1e-1, log=True)
    assert parse_space("uniform:0.01:0.02", parameter(1e-3, declared)) == Float(0.01, 0.02)
    assert parse_space("choice:a", parameter("a", Choice("a", "b"))) == Choice("a")
