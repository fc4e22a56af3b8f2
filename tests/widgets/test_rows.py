"""Rows of the panels, their controls moved as a page would."""

# ruff: noqa: SLF001  # a page reaches the controls through the widget manager

from __future__ import annotations

import json

import pytest

from reprobook.notebook import read_notebook
from reprobook.space import Float
from reprobook.widgets.field import Field
from reprobook.widgets.field_row import FieldRow
from reprobook.widgets.form import form_of
from reprobook.widgets.value_row import ValueRow, fixed_field

SOURCE = "from reprobook import Float, Int\nlr: Float(1e-5, 1e-1, log=True) = 1e-3\nlayers: Int(1, 8) = 2\nhidden = 128"


@pytest.fixture
def fields() -> dict[str, Field]:
    cell = {"cell_type": "code", "id": "a", "metadata": {"tags": ["parameters"]}, "source": SOURCE, "outputs": []}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{**cell, "execution_count": None}]}
    return {field.name: field for field in form_of(read_notebook(json.dumps(content).encode(), "t.ipynb")).fields}


def test_a_slider_moves_its_own_end_and_leaves_the_other_as_it_was_typed(fields: dict[str, Field]) -> None:
    told: list[Field] = []
    row = FieldRow(fields["lr"], told.append)
    row._low.value = "0.000123456"
    slider = row._slider
    assert slider.value == pytest.approx((-3.90849, -1.0), abs=1e-5)
    # A page rounds to the steps of the slider and reports that: nothing was moved by a hand.
    slider.value = (-3.9, -1.0)
    assert told[-1].low == "0.000123456"
    slider.value = (-3.9, -2.0)
    assert (told[-1].low, told[-1].high) == ("0.000123456", "0.01")
    assert told[-1].space() == Float(0.000123456, 0.01, log=True)


def test_a_row_follows_kind_and_scale(fields: dict[str, Field]) -> None:
    told: list[Field] = []
    row = FieldRow(fields["hidden"], told.append)
    assert (row._value.layout.display, row._range.layout.display) == (None, "none")
    row._kind.value = "range"
    assert (row._value.layout.display, row._range.layout.display) == ("none", None)
    assert (row._slider.min, row._slider.max) == (12, 1280)
    row._log.value = True
    assert row._slider.max == pytest.approx(3.10721, abs=1e-5)
    assert told[-1].text() == "log:12:1280"


def test_a_value_that_is_typed_moves_the_slider_and_the_other_way_round(fields: dict[str, Field]) -> None:
    told: list[Field] = []
    row = ValueRow(fixed_field(fields["lr"].parameter), told.append)
    row._entry.value = "3e-3"
    assert row._slider.value == pytest.approx(3e-3)
    assert told[-1].value == "3e-3"
    row._slider.value = 0.0312345
    assert told[-1].value == "0.0312"
    row._entry.value = "7"
    assert "is not in" in told[-1].problem()
