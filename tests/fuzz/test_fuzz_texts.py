"""Texts that people type: parameters, spaces, conditions, filters, `init` lines, YAML, headers (structure-aware)."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.cli.parameters import collect_values
from reprobook.errors import InputError, ReprobookError
from reprobook.header import Code, Header, Origin, Seeds, check_header, header_bytes, header_data, open_header, seal
from reprobook.notebook import parse_init, read_notebook
from reprobook.runs import NewRun, Store
from reprobook.space import (
    declared_parameters,
    override,
    parse_expression,
    parse_space,
    parse_value,
)

TOKENS = st.sampled_from(
    [
        *("log:", "uniform:", "int:", "choice:", "1e-5", "1e400", "-0.0", "nan", "inf", ":", ",", "0x10", "1_000", "٣"),
        *("16", "'a,b'", "[1, 2]", "(", ")", "{", "}", "lr", "epochs", "and", "or", "not", "in", "is", "None", "True"),
        *("**", "//", "%", "<", "<=", "==", "!=", "if", "else", "lambda", "__import__('os')", ".x", "[0]", "f''", ":="),
        *("--seed", "--name", "--lite", "=", "'", '"', "\\", "#", "\n", "\0", "\ud800", "é", "1e", "9" * 400, "-"),
        *("!!python/object/apply:os.system", "&a", "*a", "<<:", "- ", ": ", "|", ">", "yes", "no", "2020-01-01", "~"),
    ]
)
TYPED = st.lists(TOKENS | st.text(max_size=3), max_size=8).map(" ".join) | st.lists(TOKENS, max_size=6).map("".join)
DECLARED = (
    "lr: Float(1e-5, 1e-1, log=True) = 1e-3\nbatch: Choice(16, 32) = 32\nepochs: Int(1, 50, lite=2) = 20\n"
    "flag = True\nname = 'x'\nrate = 0.5\nsize = 3\nnothing = None\nshape = [1, 2]\npair = (1, 'a')\nmap = {'a': 1}"
)


def notebook(source: str, *, tags: tuple[str, ...] = ("parameters",)) -> Any:
    cell = {"cell_type": "code", "metadata": {"tags": list(tags)}, "source": source, "outputs": []}
    return read_notebook(
        json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}).encode(), "n"
    )


PARAMETERS = declared_parameters(notebook(DECLARED))


@given(parameter=st.sampled_from(PARAMETERS), text=TYPED)
def test_a_text_is_a_value_of_its_parameter_or_refused(parameter: Any, text: str) -> None:
    try:
        value = parse_value(parameter, text)
        rewritten, effective = override(notebook(DECLARED), PARAMETERS, {parameter.name: value})
    except ReprobookError as error:
        assert error.hint  # noqa: PT017 - every refusal says what to do
        return
    again = {each.name: each.default for each in declared_parameters(rewritten)}
    # What has no literal of its own (nan, inf) is no parameter any more; all else is read back as it was given.
    if parameter.name in again:
        assert _same(again[parameter.name], value)
    assert _same(effective[parameter.name], value)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and (repr(one) == repr(other) or (one != one and other != other))  # noqa: PLR0124


@given(text=TYPED, parameter=st.none() | st.sampled_from(PARAMETERS))
def test_a_space_is_one_or_refused(text: str, parameter: Any) -> None:
    try:
        space = parse_space(text, parameter)
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
        return
    ends = [getattr(space, name) for name in ("low", "high") if hasattr(space, name)]
    assert all(math.isfinite(end) for end in ends)
    assert ends == sorted(ends)


VALUES = {"lr": 0.5, "epochs": 3, "name": "x", "nothing": None, "big": 2**70, "nan": math.nan}


@given(text=TYPED)
def test_a_condition_is_computed_or_refused(text: str) -> None:
    try:
        assert parse_expression(text, VALUES).holds(VALUES) in {True, False}
    except ReprobookError as error:
        assert error.hint  # noqa: PT017


FILTERED = st.lists(
    TOKENS
    | st.sampled_from(["status", "metrics", "loss", "parameters", "name", "seed", "succeeded", "created", "duration_s"])
    | st.text(max_size=3),
    max_size=8,
).map(" ".join)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    store = Store(tmp_path_factory.mktemp("filtered") / ".reprobook")
    for loss in (0.5, math.nan):
        store.create(NewRun(parameters={"lr": 0.1, "odd name": None}, seed=1)).seal(
            status="failed", metrics={"loss": loss, "a'b": 1.0}
        )
    return store


@given(where=FILTERED, sort=FILTERED)
def test_runs_are_filtered_and_sorted_or_it_is_refused(store: Store, where: str, sort: str) -> None:
    for ask in (lambda: store.records(where=where), lambda: store.records(sort=sort)):
        try:
            assert len(ask()) <= 2
        except ReprobookError as error:
            assert error.hint  # noqa: PT017
    assert len(store.records()) == 2


@given(text=TYPED | st.sampled_from(["~nobody-of-this-name", "x" * 5000, "../..", "/", ".", "\0", "latest", "2"]))
def test_what_names_a_run_is_found_or_refused(store: Store, text: str) -> None:
    try:
        assert store.resolve(text).run_id
    except ReprobookError as error:
        assert error.hint  # noqa: PT017


@given(text=TYPED)
def test_an_init_line_is_read_or_refused(text: str) -> None:
    try:
        parse_init(text)
    except ReprobookError as error:
        assert str(error)  # noqa: PT017


@given(source=st.lists(TOKENS | st.sampled_from(DECLARED.split("\n")) | st.text(max_size=4), max_size=8).map("\n".join))
def test_any_parameters_cell_is_read_or_refused(source: str) -> None:
    for tags in (("parameters",), ()):
        try:
            declared = declared_parameters(notebook(source.encode(errors="replace").decode(), tags=tags))
        except ReprobookError as error:
            assert error.hint  # noqa: PT017
            continue
        assert all(parameter.name.isidentifier() for parameter in declared)


@given(text=TYPED)
def test_yaml_gives_plain_data_or_is_refused(text: str) -> None:
    try:
        found = collect_values([], [], [], [text])
    except ReprobookError as error:
        assert error.hint  # noqa: PT017
        return
    assert all(_is_plain(value) for value in found.values.values())


def _is_plain(value: Any) -> bool:
    return type(value).__module__ in {"builtins", "datetime"}


@pytest.fixture
def must_end() -> Iterator[None]:
    """Fails a test that would go on for ever, and fill the memory meanwhile."""
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it did not end"))
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("must_end")
@pytest.mark.parametrize("levels", [9, 30])
def test_aliases_that_multiply_are_refused_at_once(levels: int) -> None:
    """A11: the billion laughs; the value is 10^levels items when it is written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    found = collect_values([], [], [], ["\n".join(lines)])
    with pytest.raises(InputError):
        override(notebook("lr = 1"), declared_parameters(notebook("lr = 1")), found.values)
    last = {"shape": found.values[f"a{levels - 1}"]}
    with pytest.raises(InputError):
        override(notebook(DECLARED), PARAMETERS, last)


HEADER = seal(
    Header(
        code=Code(cells=("a" * 64, "b" * 64)),
        origin=Origin(created="2026-11-21T00:00:00Z"),
        parameters={"lr": 0.1, "shape": [1, 2.0], "nan": {"$float": "nan"}},
        seeds=Seeds(seed=7),
    )
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(data=st.data())
def test_any_edit_of_a_header_by_structure_is_noticed(data: st.DataObject) -> None:
    content = header_data(HEADER)
    where: Any = content
    while True:
        keys = sorted(where) if isinstance(where, dict) else list(range(len(where)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(where[key], dict | list) or not where[key] or data.draw(st.booleans()):
            break
        where = where[key]
    before = json.dumps(content)
    how = data.draw(st.sampled_from(["drop", "replace", "add"]))
    if how == "drop":
        del where[key]
    elif how == "replace":
        where[key] = data.draw(LEAVES)
    elif isinstance(where, dict):
        where[data.draw(st.text(max_size=5))] = data.draw(LEAVES)
    changed = json.dumps(content)
    for read in (lambda: check_header(content, "h"), lambda: open_header(changed.encode(), "h")):
        try:
            header = read()
        except ReprobookError as error:
            assert "h: " in str(error)  # noqa: PT017
        else:
            assert changed == before
            assert header == HEADER
    assert open_header(header_bytes(HEADER), "h") == HEADER
