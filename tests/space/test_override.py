"""New values for parameters: checked before anything runs, exact when the rewritten cell runs."""

import copy
import datetime as dt
import json
import math
import struct
import warnings
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import ParameterError
from reprobook.notebook import Notebook, read_notebook
from reprobook.space import Choice, Parameter, check_value, declared_parameters, override, parse_value
from reprobook.space.text import parse_space

HASHABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=6),
    lambda inner: st.lists(inner, max_size=3).map(tuple),
    max_leaves=4,
)
LITERALS = st.recursive(
    HASHABLE,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.sets(HASHABLE, max_size=3)
        | st.dictionaries(HASHABLE, inner, max_size=3)
    ),
    max_leaves=8,
)


def notebook(*sources: str, tagged: int | None = 0) -> Notebook:
    cells = [
        {"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]} if index == tagged else {}}
        for index, source in enumerate(sources)
    ]
    return read_notebook(json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": cells}).encode(), "nb.ipynb")


def overridden(book: Notebook, **values: Any) -> tuple[Notebook, dict[str, Any]]:
    return override(book, declared_parameters(book), values)


def executed(book: Notebook) -> dict[str, Any]:
    """Run the code cells, without their magics, and return what they assign."""
    namespace: dict[str, Any] = {}
    for cell in book.code_cells:
        lines = ("" if line.startswith("%") else line for line in cell.source.splitlines(keepends=True))
        exec("".join(lines), namespace)  # noqa: S102 (that is the claim under test)
    del namespace["__builtins__"]
    return namespace


def bits(value: Any) -> str:
    """Describe a value down to its types and the sign of zero; NaN is NaN."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack(">d", value).hex()
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}({', '.join(map(bits, value))})"
    if isinstance(value, set):
        return f"set({', '.join(sorted(map(bits, value)))})"
    if isinstance(value, dict):
        return f"dict({', '.join(f'{bits(key)}: {bits(item)}' for key, item in value.items())})"
    return f"{type(value).__name__}({value!r})"


def parameter(declaration: str) -> Parameter:
    """Return the parameter that a parameters cell of one line declares."""
    (found,) = declared_parameters(notebook(declaration))
    return found


@given(
    LITERALS, st.sampled_from(["x = None", "y = 'ä'; x = None; z = y", "x = (  # why\n  None)  # ok", "x: T = None#é"])
)
def test_after_an_override_the_cell_assigns_exactly_that_value(value: Any, source: str) -> None:
    given_value = copy.deepcopy(value)
    rewritten, effective = overridden(notebook(f"T = object\n{source}\nlater = x"), x=value)
    assert bits(executed(rewritten)["later"]) == bits(given_value)
    assert bits(effective["x"]) == bits(given_value)


@given(LITERALS, LITERALS)
def test_defaults_of_any_form_are_found_and_replaced_among_others(before: Any, after: Any) -> None:
    original, _ = overridden(notebook("x = None; first = [0,\n0]\nlast = -1"), x=before)
    if "x" not in {p.name for p in declared_parameters(original)}:
        return  # NaN and infinities have no literal
    values = {"x": after} if before is None else {"x": before}
    rewritten, _ = overridden(original, first=[1], last=-2, **values)
    namespace = executed(rewritten)
    assert bits(namespace.pop("x")) == bits(values["x"])
    assert namespace == {"first": [1], "last": -2}


def test_derived_values_follow_and_the_rest_of_the_notebook_stays() -> None:
    book = notebook(
        "# Größe\n%time\nlr: Float(0, 1) = 1e-3  # rate\nβ = 'é'; n = 2  # both\nsteps = n * 10\nkey = f'{β}-{lr}'",
        "total = steps + 1",
    )
    rewritten, effective = overridden(book, lr=0.5, n=-7, β="名'\"\n")
    assert rewritten.cells[0].source.splitlines() == [
        *("# Größe", "%time", "lr: Float(0, 1) = 0.5  # rate", "β = '名\\'\"\\n'; n = -7  # both"),
        *("steps = n * 10", "key = f'{β}-{lr}'"),
    ]
    assert rewritten.cells[1] == book.cells[1]
    assert effective == {"lr": 0.5, "β": "名'\"\n", "n": -7}
    assert book.cells[0].source.count("1e-3") == 1
    namespace = executed(rewritten.with_sources({0: rewritten.cells[0].source.replace(": Float(0, 1)", "")}))
    assert (namespace["total"], namespace["key"]) == (-69, "名'\"\n-0.5")


def test_parameters_of_several_cells_of_an_untagged_notebook() -> None:
    book = notebook("a = 1\nb = 2", "c = 3; d = a", "e = [1,\n2]; f = 4", tagged=None)
    rewritten, effective = overridden(book, a=10, c=30, e=[], f=40)
    assert [cell.source for cell in rewritten.cells] == ["a = 10\nb = 2", "c = 30; d = a", "e = []; f = 40"]
    assert effective == {"a": 10, "b": 2, "c": 30, "e": [], "f": 40}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_stay_as_they_are(end: str) -> None:
    book = notebook(end.join(["%time", "a = 1", "b = 'ä\x0c\u2028'; c = 3", ""]))
    assert overridden(book, a=5, c=6)[0].cells[0].source == end.join(["%time", "a = 5", "b = 'ä\x0c\u2028'; c = 6", ""])


def test_the_magic_of_a_params_cell_stays() -> None:
    book = notebook("%%reprotrain params\nx = 1", tagged=None)
    assert overridden(book, x=2)[0].cells[0].source == "%%reprotrain params\nx = 2"


def test_no_values_change_nothing() -> None:
    book = notebook("x = 1\ny: float = 2")
    assert overridden(book) == (book, {"x": 1, "y": 2.0})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("learning_rat", "Did you mean learning_rate? Declared: epochs, learning_rate."),
        ("zzz", "Declared: epochs, learning_rate."),
        *((name, "Declared: ") for name in ("", "class", "a b", "x\ny", "epochs ", "epochs=1", "__builtins__")),
        *((name, "Declared: ") for name in ("epochs; import os", "epochs\n__import__('os').abort()", "epochs: int")),
    ],
)
def test_a_name_that_is_not_declared_is_refused(name: str, hint: str) -> None:
    with pytest.raises(ParameterError) as caught:
        overridden(notebook("learning_rate = 0.1\nepochs = 3"), **{name: 1})
    assert str(caught.value) == f"nb.ipynb: no parameter is called {name!r}"
    assert hint in caught.value.hint


def test_a_key_that_is_no_text_is_refused_too() -> None:
    book = notebook("epochs = 3")
    for name in (1, None, (1,), 2.5):
        with pytest.raises(ParameterError, match="no parameter is called"):
            override(book, declared_parameters(book), {name: 1})  # type: ignore[dict-item]  # as YAML may give it
    with pytest.raises(ParameterError) as caught:
        overridden(notebook("pass"), x=1)
    assert caught.value.hint == "The notebook assigns no literal at top level."


def loop() -> list[Any]:
    """Return a list that contains itself, as YAML's ``&a [*a]`` does."""
    knot: list[Any] = []
    knot.append(knot)
    return knot


def bomb() -> list[Any]:
    """Return ten lists in ten lists ..., a billion items in a few lines of YAML."""
    items: list[Any] = [0]
    for _ in range(9):
        items = [items] * 10
    return items


def deep() -> list[Any]:
    nest: list[Any] = []
    for _ in range(10_000):
        nest = [nest]
    return nest


class Text(str):
    """Text that prints as code."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "__import__('os').abort()"


@pytest.mark.parametrize(
    "value",
    [
        *(object(), dt.date(2026, 1, 1), 1j, ..., np.float64(1), np.int64(1), np.ones(1), frozenset(), range(2)),
        *(Text("x"), [Text("x")], {Text("x"): 1}, {"a": [np.float64(1)]}, loop(), bomb(), deep(), int, {1: object()}),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("declaration", ["x = None", "x = []", "x = 'a'", "x = 1.0"])
def test_what_no_literal_can_say_is_refused(declaration: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^x") as caught:
        overridden(notebook(declaration), x=value)
    assert caught.value.hint
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        *(("x = 0.1", wrong) for wrong in ("0.1", True, None, [0.1], 10**30 + 1, 2**53 + 1, 10**400, -(10**400))),
        *(("x = 1", wrong) for wrong in (1.0, "1", True, None, math.nan)),
        *(("x = True", wrong) for wrong in (1, "False", "yes", None)),
        *(("x = 'a'", wrong) for wrong in (1, b"a", None, False)),
        *(("x = [1]", wrong) for wrong in ((1,), {1}, "[1]")),
        ("x: float = 1", "1"),
    ],
)
def test_a_value_of_another_type_is_refused(declaration: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^x = .*(the notebook declares a|does not fit a float)") as caught:
        overridden(notebook(declaration), x=value)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("declaration", "value", "taken"),
    [
        ("x = 0.1", 3, 3.0),
        ("x: float = 1", 2, 2.0),
        ("x = 0.1", 2**60, float(2**60)),
        ("x: Float(0, 1) = 0.5", 1, 1.0),
        ("x: Choice(0.5, 1) = 0.5", 1, 1),
        ("x: Choice(0.5, 1.0) = 0.5", 1, 1.0),
        ("x: Choice(16, 'auto') = 16", "auto", "auto"),
        ("x: Choice(16, None) = 16", None, None),
        ("x = None", [1], [1]),
        ("x = 10", 10**30, 10**30),
    ],
)
def test_an_integer_is_taken_for_a_float_and_any_option_of_a_choice(declaration: str, value: Any, taken: Any) -> None:
    assert bits(check_value(parameter(declaration), value)) == bits(taken)


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        *(("x: Float(0, 1) = 0.5", wrong) for wrong in (1.5, -0.1, math.nan, math.inf, 2)),
        *(("x: Int(1, 3) = 1", wrong) for wrong in (0, 4)),
        *(("x: Choice(1, 2) = 1", wrong) for wrong in (3, 0)),
        ("x: Choice('a', 'b') = 'a'", "A"),
    ],
)
def test_a_value_outside_its_space_is_refused(declaration: str, value: Any) -> None:
    with pytest.raises(ParameterError, match=r"^x = .* is not in (Float|Int|Choice)\("):
        overridden(notebook(declaration), x=value)


@pytest.mark.parametrize(
    ("declaration", "text", "value"),
    [
        *(
            ("x = 0.1", text, float(text))
            for text in ("3e-4", "1", "-0.0", "nan", "inf", "-Infinity", "5e-324", "1_0.5")
        ),
        *(("x = 1", text, int(text)) for text in ("5", "-5", "1_000", "9" * 40)),
        *(("x = True", text, False) for text in ("False", "false", "no", "OFF", "0")),
        *(("x = False", text, True) for text in ("True", "yes", "on", "1")),
        *(
            ("x = 'a'", text, text)
            for text in ("", "1", "None", "a b", "$(rm)", "-x", "%s", "{x}", "'", '"\n', "🙂", "\0")
        ),
        *(("x = [1]", text, [1, "a"]) for text in ("[1, 'a']", "  [1,'a']")),
        ("x = (1,)", "1, 2", (1, 2)),
        ("x = {'a': 1}", "{'b': [None]}", {"b": [None]}),
        ("x = {1}", "{2, 3}", {2, 3}),
        ("x = b''", r"b'\xff'", b"\xff"),
        *(("x = None", *pair) for pair in (("None", None), ("3", 3), ("adam", "adam"), ("'3'", "3"), ("a b", "a b"))),
        ("x: Choice(16, 'auto') = 16", "auto", "auto"),
        ("x: Choice(16, 32) = 16", "32", 32),
        ("x: Choice('a', None) = 'a'", "None", None),
        ("x: Choice('a', 'b') = 'a'", "'b'", "b"),
        ("x: Choice(0.5, 1.0) = 0.5", "1", 1.0),
        ("x: Choice(True, False) = True", "off", False),
        ("x: Choice([1, 2], [3]) = [3]", "[1,2]", [1, 2]),
        ("x: Float(0, 1) = 0.5", "1e-3", 1e-3),
    ],
)
def test_text_of_a_command_line_is_read_in_the_type_of_the_parameter(declaration: str, text: str, value: Any) -> None:
    assert bits(parse_value(parameter(declaration), text)) == bits(value)


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        *(
            ("x = 0.1", text)
            for text in ("", "a", "0,1", "1e400", "-1e400", " 1e400 ", "9" * 400, "1.2.3", "None", "0x1p3")
        ),
        *(("x = 1", text) for text in ("", "1.0", "1e3", "True", "9" * 5000, "0x10", "1; import os")),
        *(("x = True", text) for text in ("", "2", "maybe", "None", "Falsee")),
        *(
            ("x = [1]", text)
            for text in ("", "[1", "1", "(1,)", "[x]", "[1, 2j]", "{[]: 1}", "[" * 5000, "__import__('os')")
        ),
        *(("x = {1}", text) for text in ("{[]}", "{}")),
        *(("x: Int(1, 3) = 1", text) for text in ("0", "a")),
        *(("x: Choice(1, 2) = 1", text) for text in ("3", "auto", "[]")),
        *(("x: Choice('a') = 'a'", text) for text in ("b", "")),
        ("x = None", "1j"),
        ("x = None", "..."),
    ],
)
def test_other_text_is_refused(declaration: str, text: str) -> None:
    with pytest.raises(ParameterError, match=r"^x") as caught:
        parse_value(parameter(declaration), text)
    assert caught.value.hint


@pytest.mark.parametrize("declaration", ["x = 'a'", "x = None"])
@given(text=st.text() | st.sampled_from(["'; raise SystemExit #", '"""\n!rm -rf x', "'+__import__('os').name+'", "\\"]))
def test_text_never_becomes_code(declaration: str, text: str) -> None:
    try:
        value = parse_value(parameter(declaration), text)
    except ParameterError:
        assert declaration == "x = None"
        return
    rewritten, _ = overridden(notebook(f"{declaration}\ny = x"), x=value)
    assert bits(executed(rewritten)["y"]) == bits(value)
    assert rewritten.cells[0].source.count("\n") == 1


@pytest.mark.parametrize("action", ["error", "always"])
def test_what_the_interpreter_does_with_warnings_changes_no_value(
    action: Literal["error", "always"], capsys: pytest.CaptureFixture[str]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        assert parse_value(parameter("x = None"), r"'\d'") == r"\d"
        assert parse_space(r"choice:'\d',2") == Choice(r"\d", 2)
    assert capsys.readouterr().err == ""


def test_a_type_has_its_article() -> None:
    with pytest.raises(ParameterError, match="is not an int"):
        parse_value(parameter("x = 1"), "a")
