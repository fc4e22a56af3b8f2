"""Parameters as notebooks declare them."""

import json
import math
from typing import Any

import pytest

from reprobook.errors import ParameterError
from reprobook.notebook import Notebook, read_notebook
from reprobook.space import (
    Choice,
    Float,
    Int,
    Parameter,
    Position,
    declared_parameters,
    is_parameter_name,
    lite_values,
    override,
    parameters_cell,
)


def notebook(*sources: str, tagged: int | None = 0) -> Notebook:
    """Build a notebook of code cells, one of them tagged ``parameters``."""
    cells = [
        {"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]} if index == tagged else {}}
        for index, source in enumerate(sources)
    ]
    return read_notebook(json.dumps({"nbformat": 4, "nbformat_minor": 4, "cells": cells}).encode(), "nb.ipynb")


def declared(*sources: str, tagged: int | None = 0) -> dict[str, Parameter]:
    return {p.name: p for p in declared_parameters(notebook(*sources, tagged=tagged))}


def only(source: str) -> Parameter:
    """Return the one parameter of a parameters cell."""
    (parameter,) = declared(source).values()
    return parameter


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        *(("128", int, 128), ("-5", int, -5), ("1_000", int, 1000), ("0x10", int, 16), ("True", bool, True)),
        *(("1e-3", float, 1e-3), ("-0.0", float, -0.0), ("1e400", float, math.inf), ("None", type(None), None)),
        *(("'adam'", str, "adam"), ("'a' 'b'", str, "ab"), ('"""a\nb"""', str, "a\nb"), ("r'\\d'", str, "\\d")),
        *(("b'x'", bytes, b"x"), ("[1, 2]", list, [1, 2]), ("1, 'a'", tuple, (1, "a")), ("()", tuple, ())),
        *(
            ("{'a': [1]}", dict, {"a": [1]}),
            ("{1, 2}", set, {1, 2}),
            ("(\n  7\n)", int, 7),
        ),
    ],
)
def test_a_plain_assignment_declares_the_type_of_its_value(text: str, kind: type, value: Any) -> None:
    parameter = only(f"x = {text}")
    assert (parameter.type, repr(parameter.default), parameter.space) == (kind, repr(value), None)


@pytest.mark.parametrize(
    ("declaration", "kind", "default", "space"),
    [
        ("lr: Float(1e-5, 1e-1, log=True) = 1e-3", float, 1e-3, Float(1e-5, 1e-1, log=True)),
        ("lr: rb.Float(0, 1) = 1", float, 1.0, Float(0, 1)),
        ("lr: Float(low=-1, high=1, lite=0.5) = -0.5", float, -0.5, Float(-1, 1, lite=0.5)),
        ("n: Int(1, 50, lite=2) = 20", int, 20, Int(1, 50, lite=2)),
        ("n: reprobook.Int(-3, 3) = -3", int, -3, Int(-3, 3)),
        ("n: Choice(16, 32) = 32", int, 32, Choice(16, 32)),
        ("n: Choice('a', None, lite='a') = None", type(None), None, Choice("a", None, lite="a")),
        ("n: Choice((1, 2), [3]) = (1, 2)", tuple, (1, 2), Choice((1, 2), [3])),
        ("lr: float = 1", float, 1.0, None),
        ("lr: float = True", bool, True, None),
        ("n: int = 0.5", float, 0.5, None),
        ("n: str | None = None", type(None), None, None),
        ("n: 'Float(0, 1)' = 2", int, 2, None),
        ("n: list[int] = [1]", list, [1], None),
        ("n: Uniform(0, 1) = 7", int, 7, None),
    ],
)
def test_an_annotation_may_declare_a_space_or_a_type(declaration: str, kind: type, default: Any, space: Any) -> None:
    parameter = only(declaration)
    assert (parameter.type, parameter.default, parameter.space) == (kind, default, space)
    assert type(parameter.default) is kind


@pytest.mark.parametrize(
    "statement",
    [
        *("x = y", "x = 2 ** 5", "x = f(1)", "x = f'a'", "x = [y]", "x = 1 + 1", "x = lambda: 1", "x = not True"),
        *("a = b = 1", "a, b = 1, 2", "x[0] = 1", "o.x = 1", "x += 1", "x: int", "_x = 1", "__x__ = 1", "(x := 1)"),
        *("x = ...", "x = 1j", "x = [1, 2 + 3j]", "if True:\n    x = 1", "def f():\n    x = 1", "import x", "x = !ls"),
        *("x = {[]: 1}", "x = {[]}", "for x in [1]: pass", "class A:\n    x = 1", "*x, = [1]"),
    ],
)
def test_everything_else_is_no_parameter(statement: str) -> None:
    assert declared(statement) == {}
    assert declared(statement, tagged=None) == {}


def test_position_cell_and_comment_are_those_of_the_source() -> None:
    found = declared(
        "z = 1",
        "# größe\nlr = 1e-3  #  learning rate \nβ = 'é'; 名前 = [1,\n  2]  # näher\nq = '#no'",
        tagged=1,
    )
    assert {name: (p.cell, p.position, p.comment) for name, p in found.items()} == {
        "lr": (1, Position(2, 5, 2, 9), "learning rate"),
        "β": (1, Position(3, 5, 3, 9), ""),
        "名前": (1, Position(3, 20, 4, 4), "näher"),
        "q": (1, Position(5, 4, 5, 9), ""),
    }
    assert list(found) == ["lr", "β", "名前", "q"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_end_will_do(end: str) -> None:
    found = declared(end.join(["%matplotlib inline", "a = 1  # one", "\x0cb = 'x\x0c\u2028y'  # two"]))
    assert [(p.default, p.comment, p.position.line) for p in found.values()] == [
        (1, "one", 2),
        ("x\x0c\u2028y", "two", 3),
    ]


def test_the_last_assignment_of_a_name_counts() -> None:
    assert only("x = 1\nx = 2").default == 2
    assert list(declared("x = 1\ny = 0\nx = 2")) == ["y", "x"]


def test_an_identifier_in_another_unicode_form_is_the_name_python_gives_it() -> None:
    assert only("\ufb01t = 1").name == "fit"


def test_magics_in_the_cell_do_not_hide_its_parameters() -> None:
    source = "%matplotlib inline\nlr = 0.1\n!pip list\nfiles = !ls\nhelp?\ntext = '''\n%kept\n'''\n%time"
    assert {name: p.default for name, p in declared(source).items()} == {"lr": 0.1, "text": "\n%kept\n"}


@pytest.mark.parametrize("first", ["%%reprotrain params", "%%reprotrain  params --lite", "\n%%reprotrain params"])
def test_a_params_cell_counts_as_tagged(first: str) -> None:
    book = notebook("y = 1", f"{first}\nx = 2", tagged=None)
    assert (cell := parameters_cell(book)) is not None
    assert cell.code_index == 1
    assert [(p.name, p.cell) for p in declared_parameters(book)] == [("x", 1)]


def test_other_magic_cells_do_not_count_as_tagged() -> None:
    for first in ("%%reprotrain", "%reprotrain params", "%%reprotrain paramsx", "# %%reprotrain params"):
        assert parameters_cell(notebook(f"{first}\nx = 1", tagged=None)) is None


def test_a_tagged_cell_may_be_timed_but_not_be_bash() -> None:
    assert only("%%time\nx = 1").default == 1
    assert declared("%%bash\nx=1") == {}


@pytest.mark.parametrize("source", ["x = 1\n%%reprotrain params", "", "x = "])
def test_a_tagged_cell_without_parameters_declares_none_even_if_others_assign(source: str) -> None:
    assert "y" not in declared(source, "y = 1")


def test_two_parameters_cells_are_refused_by_number() -> None:
    with pytest.raises(ParameterError, match=r"^nb\.ipynb: more than one parameters cell: \[0\], \[2\]$") as caught:
        declared("x = 1", "", "%%reprotrain params\ny = 1")
    assert caught.value.hint


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_the_tag_on_a_cell_without_code_is_refused(kind: str) -> None:
    cells = [{"cell_type": "code", "source": ""}, {"cell_type": kind, "metadata": {"tags": ["parameters"]}}]
    book = read_notebook(json.dumps({"nbformat": 4, "cells": cells}).encode(), "nb.ipynb")
    with pytest.raises(
        ParameterError, match=r"^nb\.ipynb: the tag 'parameters' stands on cell 1, which is no code cell$"
    ):
        declared_parameters(book)


def test_an_untagged_notebook_offers_what_it_assigns_once() -> None:
    found = declared(
        "lr = 0.1\nlosses = []\nseen = {}\nnames = set()\nnothing = ()\ntwice = 1\ncount = 0\ni = 5",
        "epochs = 3\ntwice = 2\n%matplotlib inline",
        "for i in range(epochs):\n    count += 1",
        "broken = ",
        "%%bash\nshell=1",
        "name: Choice('a', 'b') = 'a'",
        "zero = 0\nno = False\nempty = ''\nstop = {'a', 'the'}",
        tagged=None,
    )
    assert set(found) == {"lr", "epochs", "name", "zero", "no", "empty"}
    assert found["name"].cell == 5
    assert found["name"].space == Choice("a", "b")


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        ("x: Float(1, 0) = 1", "low end is above the high end"),
        ("x: Float(0, 1, log=True) = 1", "logarithmic scale starts above 0"),
        ("x: Int(-1, 8, log=True) = 1", "logarithmic scale starts above 0"),
        ("x: Float('a', 1) = 1", "ends must be finite numbers"),
        ("x: Float(0, 1e999) = 1", "ends must be finite numbers"),
        ("x: Float(True, 2) = 1", "ends must be finite numbers"),
        ("x: Int(0.5, 2) = 1", "ends must be finite integers"),
        ("x: Float(low, 1) = 1", "Float(low, 1) is not a space"),
        ("x: Float(1) = 1", "Float(1) is not a space"),
        ("x: Float(0, 1, step=2) = 1", "Float(0, 1, step=2) is not a space"),
        ("x: Choice() = 1", "Choice() has no options"),
        ("x: Float(0, 1) = 2", "x = 2.0 is not in Float("),
        ("x: Float(0, 1) = True", "x = True is not in Float("),
        ("x: Float(0, 1) = 'a'", "x = 'a' is not in Float("),
        ("x: Int(0, 5) = 1.0", "x = 1.0 is not in Int("),
        ("x: Int(0, 5) = True", "x = True is not in Int("),
        ("x: Choice(1, 2) = True", "x = True is not in Choice(1, 2)"),
        ("x: Choice(1, 2) = 1.0", "x = 1.0 is not in Choice(1, 2)"),
        ("x: Choice('a') = 'b'", "x = 'b' is not in Choice('a')"),
    ],
)
def test_a_wrong_space_is_refused_with_cell_and_line(declaration: str, message: str) -> None:
    with pytest.raises(ParameterError, match=r"^nb\.ipynb, code cell \[1\], line 2: ") as caught:
        declared("", f"\n{declaration}", tagged=1)
    assert message in str(caught.value)
    assert caught.value.hint


def test_ends_beyond_any_float_are_compared_not_converted() -> None:
    big = "9" * 400
    assert only(f"x: Int(1, {big}) = 5").default == 5
    assert int(big) not in Float(0, 1)


def test_both_ends_of_a_range_are_inside_and_nan_is_outside() -> None:
    assert all(end in Float(0.5, 1.5) for end in (0.5, 1.5, 1))
    assert all(end in Int(1, 3) for end in (1, 3))
    assert not any(value in Float(0, 1) for value in (math.nan, math.inf, "0", None, True, -1e-300))
    assert not any(value in Int(0, 1) for value in (0.0, True, 2, "0"))


def test_the_laptop_mode_takes_the_lite_values() -> None:
    source = (
        "n: Int(1, 9, lite=2) = 5\nm: Choice('a', 'b', lite='b') = 'a'\nlr: Float(0, 1, lite=0) = 1\nk: Int(1, 2) = 1"
    )
    assert lite_values(declared(source).values()) == {"n": 2, "m": "b", "lr": 0}


@pytest.mark.parametrize(
    "name",
    [
        *("class", "None", "True", "1x", "a-b", "a b", "x: int", "x\n", "", "__builtins__", "_x", "x;import os", "x=1"),
        *("\ufb01t", "a.b", "x[0]", "x\u200b", "x\0"),
    ],
)
def test_no_such_name_can_be_a_parameter(name: str) -> None:
    assert not is_parameter_name(name)


@pytest.mark.parametrize("name", ["lr", "x1", "β", "名前", "match", "X_"])
def test_plain_names_can(name: str) -> None:
    assert is_parameter_name(name)


def test_without_a_parameters_cell_data_are_no_parameters() -> None:
    table = "table = {'a': [1, 2, 3, 4, 5, 6, 7], 'b': [1, 2, 3, 4, 5, 6, 7]}"
    text = "text = '''one\ntwo'''"
    sources = (table, text, "sizes = [64, 64]", "options = {'lr': 0.1, 'net': {'hidden': 3}}")
    assert list(declared(*sources, tagged=None)) == ["sizes", "options"]
    assert list(declared(table)) == ["table"]


@pytest.mark.parametrize(
    ("text", "default", "space"),
    [
        ("widgets.FloatSlider(value=0.2, min=0.1, max=0.5)", 0.2, Float(0.1, 0.5)),
        ("FloatLogSlider(0.01, base=10, min=-4, max=-1)", 0.01, Float(1e-4, 1e-1, log=True)),
        ("ipywidgets.IntSlider(value=3, max=9, description='epochs:')", 3, Int(0, 9)),
        ("widgets.Dropdown(options=['sgd', 'adam'], value='adam')", "adam", Choice("sgd", "adam")),
        ("widgets.RadioButtons(options=[('one', 1), ('two', 2)], value=2)", 2, Choice(1, 2)),
        ("widgets.Checkbox(value=True)", True, None),
        ("widgets.IntSlider(value=30, max=9)", 30, None),
    ],
)
def test_a_control_declares_its_value_and_range(text: str, default: Any, space: Any) -> None:
    parameter = only(f"x = {text}")
    assert (parameter.default, parameter.space) == (default, space)
    book, _ = override(notebook(f"x = {text}"), [parameter], {"x": default})
    assert declared_parameters(book)[0].default == default


@pytest.mark.parametrize(
    "text",
    ["widgets.IntSlider(value=n)", "widgets.Button(value=1)", "Text('a')", "widgets.IntSlider(min=low, value=1)"],
)
def test_what_is_no_control_with_a_literal_value_is_no_parameter(text: str) -> None:
    assert not declared(f"x = {text}")


def test_one_name_that_is_always_given_one_value_is_one_parameter() -> None:
    cells = ("size = 3\nx = size", "size = 3  # again\ny = size", "rate = 1\nrate = 1.0", "n = 2", "n = 2\nn += 1")
    found = declared(*cells, tagged=None)
    assert list(found) == ["size"]
    assert [(cell, at.line) for cell, at in found["size"].places] == [(0, 1), (1, 1)]
    changed, _ = override(notebook(*cells, tagged=None), tuple(found.values()), {"size": 12})
    assert [cell.source for cell in changed.code_cells[:2]] == ["size = 12\nx = size", "size = 12  # again\ny = size"]


def test_a_list_that_may_change_between_two_assignments_is_no_parameter() -> None:
    assert declared("a = [1]", "a.append(2)", "a = [1]", tagged=None) == {}


def test_rows_of_a_table_are_no_parameter() -> None:
    assert list(declared("rows = [{'a': 1}, {'a': 2}]\noptions = {'a': 1}", tagged=None)) == ["options"]
