from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import InputError
from reprobook.trace import SinkChain, as_number

Entries = list[tuple[str, float, int | None]]


def chain(*entries: tuple[str, Any, int | None], explicit: bool = True) -> SinkChain:
    found = SinkChain()
    for number, (name, value, step) in enumerate(entries):
        found.metric(name, value, step=step, cell=number, explicit=explicit)
    return found


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), st.floats(), st.none() | st.integers(0, 9)))
)
def test_equal_chains_have_equal_digests(entries: Entries) -> None:
    assert chain(*entries).result_digest() == chain(*entries).result_digest()
    assert chain(*entries, ("x", 1, None)).result_digest() != chain(*entries).result_digest()


@pytest.mark.parametrize(
    "other",
    [
        [("a", 1.5, None), ("b", 2, None)],
        [("b", 2, None), ("a", 1, None)],
        [("a", 1, 0), ("b", 2, None)],
        [("a", 1.0, None), ("b", 2, None)],
        [("a", True, None), ("b", 2, None)],
        [("c", 1, None), ("b", 2, None)],
        [("a", 1, None)],
    ],
)
def test_name_value_step_and_order_count(other: Entries) -> None:
    assert chain(("a", 1, None), ("b", 2, None)).result_digest() != chain(*other).result_digest()


def test_the_cell_does_not_count() -> None:
    one, other = SinkChain(), SinkChain()
    one.metric("a", 1, cell=3)
    other.metric("a", 1)
    assert one.result_digest() == other.result_digest()
    assert (one.sinks[0].cell, other.sinks[0].cell) == (3, None)


def test_shown_sinks_count_only_where_nothing_was_logged() -> None:
    shown = chain(("a", 1, None), explicit=False)
    assert shown.result_digest() == chain(("a", 1, None)).result_digest()
    shown.metric("b", 2)
    assert shown.result_digest() == chain(("b", 2, None)).result_digest()
    assert len(shown.sinks) == 2


def test_artifacts_count_by_their_bytes() -> None:
    one, other = SinkChain(), SinkChain()
    assert one.artifact("model", "ab").kind == "artifact"
    other.artifact("model", "cd")
    assert one.result_digest() != other.result_digest()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, True),
        (1, 1),
        (0.5, 0.5),
        (10**30, 10**30),
        (np.float32(0.5), 0.5),
        (np.int8(3), 3),
        (np.bool_(1), True),
        (np.array([2.5]), 2.5),
        (torch.tensor(0.5, dtype=torch.bfloat16), 0.5),
        (torch.tensor([[2]]), 2),
        (torch.nn.Parameter(torch.ones(())), 1.0),
    ],
)
def test_numbers_become_pythons_own(value: object, expected: float) -> None:
    number = as_number(value, "m")
    assert number == expected
    assert type(number) is type(expected)


def test_every_nan_is_equal() -> None:
    one, other = SinkChain(), SinkChain()
    assert one.metric("a", math.nan) == other.metric("a", -torch.tensor(math.nan))


@pytest.mark.parametrize("value", [None, "1", [1], 1j, np.ones(2), torch.ones(2), object(), torch.tensor(1j)])
def test_anything_else_is_refused_with_the_name(value: object) -> None:
    with pytest.raises(InputError, match="'val/loss'") as caught:
        SinkChain().metric("val/loss", value)
    assert caught.value.hint
