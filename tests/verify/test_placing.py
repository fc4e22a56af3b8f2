from __future__ import annotations

import json

from reprobook.header import sha256_hex
from reprobook.notebook import Notebook, read_notebook
from reprobook.trace import CellTrace, Trace
from reprobook.verify.placing import placed


def notebook(*sources: str) -> Notebook:
    cells = [
        {"cell_type": "code", "id": f"id-{source[0]}", "metadata": {}, "source": source, "outputs": []}
        for source in sources
    ]
    return read_notebook(
        json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode(), "nb.ipynb"
    )


def cell(source: str, index: int | None = None, cell_id: str | None = None) -> CellTrace:
    return CellTrace(index=index, cell_id=cell_id, source_digest=sha256_hex(source.encode()), order=0)


def indices(original: list[CellTrace], now: Notebook, replay: list[CellTrace] | None = None) -> list[int | None]:
    found = placed(Trace(cells=tuple(original)), Trace(cells=tuple(replay or ())), now)
    return [each.index for each in found.cells]


def test_a_session_that_knew_no_file_is_placed_by_source() -> None:
    assert indices([cell("b"), cell("a"), cell("gone")], notebook("a", "b")) == [1, 0, None]


def test_the_id_is_worth_more_than_source_and_place() -> None:
    assert indices([cell("b", 1, "id-a")], notebook("a", "b")) == [0]


def test_equal_sources_are_taken_from_top_to_bottom() -> None:
    assert indices([cell("a"), cell("a"), cell("a")], notebook("a", "b", "a")) == [0, 2, 0]


def test_an_inserted_cell_shifts_no_pair() -> None:
    assert indices([cell("a", 0), cell("b", 1)], notebook("n", "a", "b")) == [1, 2]


def test_an_edited_cell_stays_where_it_was_unless_another_is_there() -> None:
    assert indices([cell("a", 0), cell("b", 1)], notebook("a", "c")) == [0, 1]
    assert indices([cell("x", 0), cell("a", 1)], notebook("a", "b")) == [None, 0]
    assert indices([cell("x", 5)], notebook("a", "b")) == [None]


def test_parameters_put_in_place_are_recognised_by_what_ran() -> None:
    assert indices([cell("lr = 2")], notebook("lr = 1", "b"), [cell("lr = 2", 0)]) == [0]
