"""Columns of Arrow and Polars, where these are installed: equal whatever their layout, different in any value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from reprobook.trace import digest_value

COLUMNS: dict[str, tuple[list[Any], Any]] = {
    "int": ([1, 2, None], 3),
    "float": ([1.5, None, float("nan")], 2.5),
    "bool": ([True, False, None], False),
    "text": (["a", None, "c"], "d"),
    "bytes": ([b"a", None, b"c"], b"d"),
    "date": ([dt.date(2026, 1, 1), None, dt.date(2026, 1, 2)], dt.date(2026, 1, 3)),
    "time": ([dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None, None], dt.datetime(2026, 1, 3, tzinfo=dt.UTC)),
    "list": ([[1], [2, 3], None], [4]),
    "struct": ([{"x": 1}, None, {"x": 2}], {"x": 3}),
}


def of(value: object) -> str:
    found = digest_value(value)
    assert not found.opaque
    return found.digest


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_arrow(values: tuple[list[Any], Any]) -> None:
    arrow = pytest.importorskip("pyarrow")
    items, other = values
    whole = arrow.table({"a": items, "b": items})
    parts = arrow.concat_tables([whole[:1], whole[1:]])
    assert of(whole) == of(parts) == of(parts.combine_chunks())
    assert of(arrow.table({"a": items, "b": [other, *items[1:]]})) != of(whole)
    assert of(whole.rename_columns(["a", "c"])) != of(whole)
    assert of(whole["a"].chunk(0)) != of(whole["a"].chunk(0)[:2])
    assert of(arrow.scalar(other)) != of(arrow.scalar(items[0]))


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_polars(values: tuple[list[Any], Any]) -> None:
    polars = pytest.importorskip("polars")
    items, other = values
    whole = polars.DataFrame({"a": items, "b": items})
    assert of(whole) == of(polars.concat([whole[:1], whole[1:]], rechunk=False))
    assert of(polars.DataFrame({"a": items, "b": [other, *items[1:]]})) != of(whole)
    assert of(whole.rename({"b": "c"})) != of(whole)
    assert of(whole["a"]) != of(whole["a"][:2])
    assert digest_value(whole.lazy()).opaque
