"""Live sessions without a kernel: traces and histories as a session leaves them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reprobook.execute.history import Execution, History
from reprobook.header import sha256_hex
from reprobook.notebook import Notebook, read_notebook
from reprobook.trace import CellTrace, Trace, ValueDigest
from reprobook.verify.live import source as live_source
from reprobook.verify.live.belonging import likeness
from reprobook.verify.live.edit import Edit, Step, steps_of
from reprobook.verify.live.events import Event, live_events, placed_executions
from reprobook.verify.live.parameters import live_parameters, with_parameters
from reprobook.verify.live.past import Past, places
from reprobook.verify.live.rules import clues


def notebook(*sources: str, ids: bool = True, parameters: int | None = None) -> Notebook:
    cells = [
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]} if number == parameters else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        | ({"id": f"c{number}"} if ids else {})
        for number, source in enumerate(sources)
    ]
    content = {"nbformat": 4, "nbformat_minor": 5 if ids else 4, "metadata": {}, "cells": cells}
    return read_notebook(json.dumps(content).encode(), "nb.ipynb")


def value(content: object, kind: str = "int") -> ValueDigest:
    return ValueDigest(digest=f"{content!s:0>64}", kind=kind)


def trace(source: str, count: int, index: int | None = None, **fields: Any) -> CellTrace:
    for name in ("reads", "writes"):
        fields[name] = {key: value(item) for key, item in fields.get(name, {}).items()}
    digest = sha256_hex(source.encode())
    return CellTrace(index=index, source_digest=digest, order=count, execution_count=count, **fields)


def executions(*entries: tuple[str, str | None]) -> list[Execution]:
    return [Execution(source, number, cell_id) for number, (source, cell_id) in enumerate(entries, start=1)]


def test_cells_are_placed_by_id_then_by_source_then_by_likeness() -> None:
    now = notebook("a = 1", "b = a + 20", "c = 3")
    with_ids = executions(("a = 1", "c0"), ("b = a + 10", "c1"), ("b = a + 20", "gone"), ("b = a + 21", "gone"))
    assert placed_executions(with_ids, now) == [0, 1, 1, None]
    bare = executions(("c = 3", None), ("b = a + 10", None), ("print('hello')", None))
    assert placed_executions(bare, notebook("a = 1", "b = a + 20", "c = 3", ids=False)) == [2, 1, None]


def test_ids_that_the_file_does_not_keep_are_no_evidence() -> None:
    now = notebook("threshold = 5", "b = 2", ids=False)
    assert placed_executions(executions(("threshold = 4", "x1"), ("b = 2", "x2")), now) == [0, 1]


def test_traces_join_the_history_by_their_count() -> None:
    history = History(
        (
            Execution("x = 0", 1, recorded=False),
            Execution("%reprotrain init", 2, recorded=False),
            Execution("x = 1", 3, "c0"),
            Execution("exit_now()", 4, None),
            Execution("x = 1", 5, "c0"),
        )
    )
    events = live_events(history, Trace(cells=(trace("x = 1", 3), trace("x = 1", 5))), notebook("x = 1"))
    assert [event.trace is not None for event in events] == [False, False, True, False, True]
    assert [event.index for event in events] == [0, None, 0, None, 0]
    assert [event.is_own for event in events] == [False, True, False, False, False]


def test_parameters_of_the_session_are_its_last_literals() -> None:
    now = notebook("lr = 0.1\nn = 3\nm = 1 - lr", "y = m", parameters=0)
    ran = [Event(0, "lr = 0.02\nn = 3\nm = 1 - lr", 1, 0, trace("", 1, 0))]
    live = live_parameters(ran, now)
    assert (live.cell, dict(live.values), live.derived) == (0, {"lr": 0.02}, ("m",))
    given = read_notebook(with_parameters(now, live), "given").code_cells[0].source
    assert given.startswith("lr = 0.1\nn = 3\nm = 1 - lr\n")
    assert given.endswith("lr = 0.02")
    in_place = read_notebook(with_parameters(now, live, in_place=True), "given").code_cells[0].source
    assert in_place == "lr = 0.02\nn = 3\nm = 1 - lr"


@pytest.mark.parametrize("executed", ["lr = 0.1", "lr = 0.02\nprint(lr)", "lr = f()", "rate = 0.02"])
def test_other_edits_of_the_parameters_cell_are_edits(executed: str) -> None:
    ran = [Event(0, executed, 1, 0, trace("", 1, 0))]
    assert not live_parameters(ran, notebook("lr = 0.1", parameters=0)).values


def test_a_literal_outside_of_a_parameters_cell_is_no_parameter() -> None:
    assert not live_parameters([Event(0, "lr = 0.02", 1, 0, trace("", 1, 0))], notebook("lr = 0.1")).values


def test_steps_keep_the_numbers_of_the_history() -> None:
    events = [
        Event(0, "%load_ext reprobook\n%reprotrain init --seed 1", 1, None),
        Event(1, "%reprotrain status", 2, None),
        Event(2, "b = a", 3, 1),
        Event(3, "a = 1", 4, 0),
        Event(4, "b = a", 5, 1),
    ]
    kept = [step.source for step in steps_of(events)]
    assert kept == [events[0].source, "pass", "b = a", "a = 1", "b = a"]
    edit = Edit(drop=frozenset({2}), sources={3: "a = 2"}, insert={4: (Step("print(a)"),)})
    assert [step.source for step in steps_of(events, edit)][2:] == ["a = 2", "print(a)", "b = a"]
    assert [step.event for step in steps_of(events, Edit(ordered=True))] == [0, 1, 3, 2, 4]
    assert len(steps_of(events, until=2)) == 3


def past(events: list[Event], *sources: str, **clean: Any) -> Past:
    cells = tuple(trace(source, n, n, **clean.get(f"c{n}", {})) for n, source in enumerate(sources))
    return Past(events=events, clean=Trace(cells=cells).by_cell(), sources=sources)


def best(known: Past) -> list[tuple[int, str]]:
    return [(place.cell, found[0].suspect.cause) for place in places(known) if (found := clues(known, place))]


def test_a_cell_that_ran_twice_on_its_own_result() -> None:
    events = [
        Event(0, "x = 3", 1, 0, trace("x = 3", 1, 0, writes={"x": 3})),
        Event(1, "x = x * 2", 2, 1, trace("x = x * 2", 2, 1, reads={"x": 3}, writes={"x": 6})),
        Event(2, "x = x * 2", 3, 1, trace("x = x * 2", 3, 1, reads={"x": 6}, writes={"x": 12})),
        Event(3, "y = x", 4, 2, trace("y = x", 4, 2, reads={"x": 12}, writes={"y": 12})),
    ]
    clean = {
        "c0": {"writes": {"x": 3}},
        "c1": {"reads": {"x": 3}, "writes": {"x": 6}},
        "c2": {"reads": {"x": 6}, "writes": {"y": 6}},
    }
    assert best(past(events, "x = 3", "x = x * 2", "y = x", **clean)) == [(1, "hidden_state.reexecuted_cell")]


def test_a_cell_that_ran_twice_to_the_same_end_is_no_difference() -> None:
    events = [
        Event(0, "x = abs(x)", 1, 0, trace("x = abs(x)", 1, 0, reads={"x": -3}, writes={"x": 3})),
        Event(1, "x = abs(x)", 2, 0, trace("x = abs(x)", 2, 0, reads={"x": 3})),
    ]
    assert best(past(events, "x = abs(x)", c0={"reads": {"x": -3}, "writes": {"x": 3}})) == []


def test_a_comment_is_no_edit() -> None:
    assert live_source.same_code("x = 1  # one\n", "x=1")
    assert not live_source.same_code("x = 1", "x = 2")
    assert not live_source.same_code("%time x = 1", "%timeit x = 1")


def test_what_a_source_keeps_from_run_to_run() -> None:
    assert live_source.cached_functions("@functools.lru_cache(None)\ndef f(): ...\ng = cache(f)") == {"f", "g"}
    counter = "def make():\n    n = 0\n    def tick():\n        nonlocal n\n        n += 1\n    return tick\nt = make()"
    kept = live_source.stateful_functions(f"def f(x, seen=[]): ...\n{counter}")
    assert kept == {"f": "a mutable default argument", "make": "the closure variable n"}
    assert live_source.made_by(counter, kept) == {"t": "the closure variable n"}
    assert live_source.output_history("y = _ + Out[3] + _12\nfor __ in y: __") == ("Out", "_", "_12")
    assert live_source.numbered_outputs("Out[3] + _12") == {3, 12}
    source = "np.clip = mine\ntorch.backends.cudnn.benchmark = True\nsetattr(np, 'mean', f)"
    assert list(live_source.patches(source)) == ["np.clip", "np.mean"]


def test_a_session_is_recognised_by_what_it_executed() -> None:
    now = notebook("import numpy", "a = load()", "b = fit(a)", "report(b)")
    assert likeness(executions(("%reprotrain init", None), ("a = load()", None), ("b = fit(a)", None)), now) == 1.0
    assert likeness(executions(("import numpy", None), ("x = 1", None), ("y = 2", None)), now) < 0.5
    # The ids of two copies of a notebook are the same: their sources must be alike too.
    assert likeness(executions(("import pandas as pd\npd.read_csv('x')", "c1"), ("other()", "c2")), now) == 0.0
