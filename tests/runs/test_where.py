from __future__ import annotations

import operator
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import InputError
from reprobook.runs import NewRun, Store
from reprobook.runs.where import parse_where, to_sql

Facts = dict[str, Any]

KEYS = ("a", "b.c", "d")
names = st.sampled_from(KEYS)
constants = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, -1.5, "", "x", "it's", '"', "1"])
orders = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
lists = st.lists(constants, max_size=3)

comparisons = (
    st.tuples(names, orders, constants)
    | st.tuples(constants, orders, names).map(lambda parts: ("flipped", *parts))
    | st.tuples(names, st.sampled_from(["in", "not in"]), lists)
)
conditions = st.recursive(
    comparisons,
    lambda inner: (
        st.tuples(st.just("not"), inner)
        | st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=5,
)


def written(condition: Any) -> str:
    match condition:
        case ("not", inner):
            return f"not ({written(inner)})"
        case (("and" | "or") as word, list(parts)):
            return f" {word} ".join(f"({written(part)})" for part in parts)
        case ("flipped", constant, sign, name):
            return f"{constant!r} {sign} {name}"
        case (name, sign, value):
            return f"{name} {sign} {value!r}"
    raise AssertionError(condition)


def holds(condition: Any, facts: Facts) -> bool:
    """Say what Python would: the meaning that the compiled SQL is held against."""
    match condition:
        case ("not", inner):
            return not holds(inner, facts)
        case ("and", list(parts)):
            return all(holds(part, facts) for part in parts)
        case ("or", list(parts)):
            return any(holds(part, facts) for part in parts)
        case ("flipped", constant, sign, name):
            return name in facts and compare(constant, sign, facts[name])
        case (name, sign, value):
            return name in facts and compare(facts[name], sign, value)
    raise AssertionError(condition)


def compare(left: Any, sign: str, right: Any) -> bool:
    signs = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt}
    if sign in {"in", "not in"}:
        return (left in right) is (sign == "in")
    try:
        return bool(signs.get(sign, operator.ge)(left, right))
    except TypeError:
        return False


@given(conditions, st.dictionaries(names, constants))
def test_sql_means_what_python_means(condition: Any, facts: Facts) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE facts (run INTEGER, key TEXT, value)")
    connection.executemany("INSERT INTO facts VALUES (1, ?, ?)", facts.items())
    sql, bound = to_sql(parse_where(written(condition), str), "1")
    assert bool(connection.execute(f"SELECT {sql}", bound).fetchone()[0]) is holds(condition, facts)
    connection.close()


def test_chains_subscripts_and_signs() -> None:
    sql, bound = to_sql(parse_where('-1 < metrics["val/loss"] <= 2', str), "r.run")
    assert bound == ["metrics.val/loss", -1, "metrics.val/loss", 2]
    assert "val/loss" not in sql


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a >",
        "a = 1",
        "1 == 1",
        "a == b",
        "a is 1",
        "a + 1 > 2",
        "f(a) == 1",
        "__import__('os').system('true') == 0",
        "a == [1]",
        "a in 'abc'",
        "a in (b,)",
        "(a := 1) == 1",
        "lambda: 1",
        "a == 1; b == 2",
        "a == 1 -- comment",
        "a[0] == 1",
        "a == 1j",
        "a == b'x'",
        "a == f'{b}'",
        "[a for a in b]",
        "a == 1\0",
        "(" * 900,
        "not " * 400 + "a == 1",
        "1+" * 900 + "1",
        "a == 1 or " * 300 + "a == 1",
    ],
)
def test_anything_else_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InputError, match="--where") as caught:
        parse_where(text, str)
    assert caught.value.hint


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        sql, bound = to_sql(parse_where(text, str), "1")
    except InputError:
        return
    assert sql.count("?") == len(bound)


def test_numbers_beyond_sqlite_are_compared_as_floats() -> None:
    _, bound = to_sql(parse_where(f"a < {10**30} and a > -{10**400}", str), "1")
    assert bound == ["a", 1e30, "a", float("-inf")]


@pytest.mark.parametrize("name", ["\ud800", "a\udcff", "a\0b"])
def test_a_name_that_no_index_can_hold_is_unknown(tmp_path: Path, name: str) -> None:
    """Arguments that are no UTF-8 come as such texts; it was a traceback."""
    store = Store(tmp_path / ".reprobook")
    store.create(NewRun(parameters={"lr": 1})).seal(status="failed", metrics={"loss": 1.0})
    with pytest.raises(InputError, match="no run has"):
        store.records(sort=name)
