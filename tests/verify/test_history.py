"""Live sessions in real kernels: recorded, compared with a clean run, explained, and proven by experiment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Self

import pytest
from jupyter_client.manager import KernelManager

from reprobook.errors import InputError
from reprobook.execute import ReplayOptions, replay_run
from reprobook.execute.history import HISTORY, read_history
from reprobook.execute.journal import trace_of
from reprobook.notebook import read_notebook
from reprobook.runs import Store
from reprobook.trace import Trace
from reprobook.verify import notebook_of_session, recorded_run, verify_notebook
from reprobook.verify.live.diagnosis import Live, diagnose_history, history_findings, live_session

INIT = "%load_ext reprobook\n%reprotrain init"


@dataclass(frozen=True)
class Step:
    """A cell by number, in an older text if there is one; or code that is no cell; or something done outside."""

    cell: int | None = None
    source: str = ""
    outside: str = ""


def cell(number: int, source: str = "") -> Step:
    return Step(number, source)


def scratch(source: str) -> Step:
    return Step(None, source)


@dataclass
class Kernel:
    """A kernel as a front end uses it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(cwd=str(self.folder), env={**os.environ, **self.environment})
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=not self.manager.is_alive())

    def execute(self, source: str, cell_id: str | None = None) -> None:
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell_id} if cell_id else {})
        self.client.shell_channel.send(message)
        while self.manager.is_alive():
            try:
                found = self.client.get_iopub_msg(timeout=1)
            except Empty:
                continue
            if found["parent_header"].get("msg_id") == message["header"]["msg_id"] and (
                found["content"].get("execution_state") == "idle"
            ):
                return


@dataclass(frozen=True)
class Session:
    """A session that was played, and the clean run of its notebook."""

    live: Live
    clean: Trace
    path: Path
    store: Store


Play = Callable[..., Session]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Play]:
    store = Store(tmp_path / "store")
    monkeypatch.setenv("REPROBOOK_STORE", str(store.root))

    def play(sources: Sequence[str], steps: Sequence[Step | int], *, tagged: int | None = None) -> Session:
        path = write(tmp_path / "open.ipynb", sources, tagged)
        with Kernel(tmp_path, {"JPY_SESSION_NAME": str(path)}) as kernel:
            kernel.execute(INIT, "init")
            for each in steps:
                step = cell(each) if isinstance(each, int) else each
                if step.outside:
                    subprocess.run([sys.executable, "-c", step.outside], cwd=tmp_path, check=True)
                elif step.cell is None:
                    kernel.execute(step.source, "gone")
                else:
                    kernel.execute(step.source or sources[step.cell], f"c{step.cell}")
        return played(path, store)

    return play


def write(path: Path, sources: Sequence[str], tagged: int | None = None) -> Path:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{number}",
            "metadata": {"tags": ["parameters"]} if number == tagged else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for number, source in enumerate(sources)
    ]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


def played(path: Path, store: Store) -> Session:
    run = recorded_run(path, store)
    assert run is not None
    live = live_session(run, read_notebook(path.read_bytes(), path.name))
    clean = replay_run(run, store, ReplayOptions(notebook=live.clean_notebook() or path.read_bytes()))
    return Session(live, trace_of(clean), path, store)


def said(session: Session) -> list[tuple[int, str, str]]:
    found = history_findings(session.live, session.clean)
    return [(each.cell, each.names[0] if each.names else "", each.suspects[0].cause) for each in found]


COUNTER = (
    "def make():\n    n = 0\n    def tick():\n        nonlocal n\n        n += 1\n        return n\n    return tick"
)
MODEL = "class M:\n    w = 0\n    def fit(self): self.w += 1\nm = M()"
CASES: dict[str, tuple[list[str], list[Step | int], tuple[int, str]]] = {
    "hidden_state.rng_advanced": (
        ["import random\nrandom.seed(1)", "a = random.random()", "b = a + random.random()"],
        [0, scratch("random.random()"), 1, 2],
        (1, "a"),
    ),
    "hidden_state.iterator_consumed": (["it = iter([1, 2, 3])", "x = next(it)", "y = x"], [0, 1, 1, 2], (1, "it")),
    "hidden_state.deleted_cell": (
        ["data = [3, 1]", "total = sum(data)"],
        [0, scratch("data.append(10)"), 1],
        (1, "data"),
    ),
    "hidden_state.out_of_order": (["x = 10", "x = x - 1", "s = 2\nx = x * s", "y = x"], [0, 2, 1, 3], (1, "x")),
    "hidden_state.edited_after_run": (["x = 10", "y = x * 2", "z = y"], [0, cell(1, "y = x * 3"), 2], (1, "y")),
    "hidden_state.skipped_cell": (["x = 10", "x = x * 2", "z = x + 1"], [0, 2], (1, "x")),
    "hidden_state.ipython_history": (["x = 2", "x + 1", "y = _ * 10"], [0, 1, scratch("100"), 2], (2, "y")),
    "hidden_state.function_state": ([f"{COUNTER}\ntick = make()", "t = tick()", "u = t"], [0, 1, 1, 2], (1, "t")),
    "hidden_state.warm_start": ([MODEL, "m.fit()\nw = m.w", "u = w"], [0, 1, 1, 2], (1, "m")),
    "stale_cache.lru_cache": (
        ["from functools import lru_cache\nk = 2", "@lru_cache\ndef g(v): return v * k", "r = g(3)"],
        [cell(0, "from functools import lru_cache\nk = 5"), 1, 2, 0, 2],
        (2, "r"),
    ),
    "monkeypatch": (
        ["import math\nx = 4", "y = math.sqrt(x)"],
        [0, scratch("import math\nmath.sqrt = lambda v: 0.0"), 1],
        (1, "y"),
    ),
    "import_order.name_shadowing": (
        ["from math import sqrt", "from cmath import sqrt", "z = sqrt(4)"],
        [1, 0, 2],
        (2, "z"),
    ),
}


@pytest.mark.parametrize("cause", CASES)
def test_what_the_history_did_is_named(play: Play, cause: str) -> None:
    sources, steps, (index, name) = CASES[cause]
    assert said(play(sources, steps)) == [(index, name, cause)]


def test_an_experiment_proves_the_cause_and_what_follows_from_it_is_not_reported(play: Play) -> None:
    session = play(["x = 3", "x = x * 2", "y = x + 1"], [0, 1, 1, 2])
    (finding,) = history_findings(session.live, session.clean)
    assert "cell [1] ran 2 times (In [3], In [4]) and changes x, which it also reads" in finding.suspects[0].evidence
    found = diagnose_history(session.live, session.clean)
    assert [(each.cell, each.names, each.confirmed) for each in found.findings] == [(1, ("x",), True)]
    assert (found.faithful, found.refuted) == (True, frozenset())


def test_two_causes_are_told_apart(play: Play) -> None:
    session = play(["x = 3\nk = 1", "x = x * 2", "y = k + 5", "z = x + y"], [0, 1, 1, scratch("k = 7"), 2, 3])
    found = diagnose_history(session.live, session.clean)
    assert [(each.cell, each.suspects[0].cause, each.confirmed) for each in found.findings] == [
        (1, "hidden_state.reexecuted_cell", True),
        (2, "hidden_state.deleted_cell", True),
    ]


def test_a_module_edited_since_its_import(play: Play, tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def f(x): return x * 3\n")
    edit = Step(outside="open('helper.py', 'w').write('def f(x): return x * 5000')")
    session = play(["from helper import f", "y = f(2)"], [0, edit, 1])
    assert said(session) == [(1, "y", "module_edited")]
    (finding,) = diagnose_history(session.live, session.clean).findings
    assert finding.confirmed


def test_a_file_that_changed_meanwhile_is_not_blamed_on_the_history(play: Play, tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("1")
    edit = Step(outside="open('d.txt', 'w').write('2')")
    session = play(["x = 1", "x = int(open('d.txt').read())", "y = x"], [0, 1, scratch("x = x + 0"), edit, 2])
    found = diagnose_history(session.live, session.clean)
    assert found.findings == ()
    assert found.faithful is False


def test_a_derived_parameter_stays_behind_and_a_plain_one_does_not(play: Play) -> None:
    session = play(["lr = 0.25\nm = 1 - lr", "y = lr * m"], [cell(0, "lr = 0.5\nm = 1 - lr"), 1], tagged=0)
    assert said(session) == [(0, "m", "derived_parameter_stale")]
    (finding,) = diagnose_history(session.live, session.clean).findings
    assert finding.confirmed


@pytest.mark.parametrize(
    ("sources", "steps"),
    [
        (["lr = 0.25", "m = 1 - lr"], [cell(0, "lr = 0.5"), 1]),
        (["d = [1, 2]", "x = [2 * v for v in d]", "y = sum(x)"], [0, 1, 1, 2, scratch("print(y)"), 1, 2]),
        (
            ["import random", "random.seed(1)\na = random.random()", "b = a"],
            [0, 1, 1, scratch("random.random()"), 1, 2],
        ),
    ],
)
def test_a_session_that_a_clean_run_repeats_is_not_blamed(
    play: Play, sources: list[str], steps: list[Step | int]
) -> None:
    assert said(play(sources, steps, tagged=0)) == []


def test_what_ran_before_init_and_what_failed_counts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "store")
    monkeypatch.setenv("REPROBOOK_STORE", str(store.root))
    sources = ["x = [3]", "x.append(1)\nif len(x) > 2: raise ValueError", "y = len(x)"]
    path = write(tmp_path / "nb.ipynb", sources)
    with Kernel(tmp_path, {"JPY_SESSION_NAME": str(path)}) as kernel:
        for source in sources[:2]:
            kernel.execute(source)
        kernel.execute(INIT)
        for source in sources[1:]:
            kernel.execute(source)
    session = played(path, store)
    assert [event.recorded for event in session.live.events] == [False, False, False, True, True]
    assert [event.index for event in session.live.events] == [0, 1, None, 1, 2]
    assert said(session) == [(1, "x", "hidden_state.reexecuted_cell")]
    (finding,) = diagnose_history(session.live, session.clean).findings
    assert finding.confirmed


def test_a_session_without_a_file_is_found_while_it_goes_on_and_after_it_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    monkeypatch.setenv("REPROBOOK_STORE", str(store.root))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    sources = ["a = [1, 2, 3]", "b = sum(a)", "c = b * 2"]
    path = write(tmp_path / "mine.ipynb", sources)
    write(tmp_path / "another.ipynb", ["import json", "json.dumps(1)"])
    with Kernel(tmp_path) as kernel:
        for source in (INIT, *sources):
            kernel.execute(source)
        found = recorded_run(path, store)
        assert found is not None
        assert found.read_record().status == "running"
        assert notebook_of_session(found, tmp_path) == path
        kernel.execute("import os\nos._exit(1)")
    assert recorded_run(tmp_path / "another.ipynb", store) is None
    after = recorded_run(path, store)
    assert after is not None
    assert after.read_record().status == "interrupted"
    history = read_history(after)
    assert history is not None
    assert [each.source for each in history.executions][-2:] == ["c = b * 2", "import os\nos._exit(1)"]
    assert said(played(path, store)) == []


def test_a_cause_is_proven_alone_where_another_took_away_what_its_cell_needs(play: Play) -> None:
    sources = ["import random\nrandom.seed(1)", "alpha = 0.1", "d = random.random()", "m = alpha * d"]
    session = play(sources, [0, cell(1, "alpha = 1.0"), 2, 3, 1, 2])
    found = diagnose_history(session.live, session.clean).findings
    assert [(each.cell, each.suspects[0].cause, each.confirmed) for each in found] == [
        (2, "hidden_state.rng_advanced", True),
        (3, "hidden_state.edited_after_run", True),
    ]


def test_a_run_that_a_freeze_has_just_begun_is_not_the_one_to_verify(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "store")
    monkeypatch.setenv("REPROBOOK_STORE", str(store.root))
    sources = [INIT, "a = [1, 2, 3]", "b = sum(a)"]
    path = write(tmp_path / "mine.ipynb", sources)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    with Kernel(tmp_path) as kernel:
        kernel.execute(INIT)
        with pytest.raises(InputError, match="recorded none of the cells"):
            verify_notebook(path, store)
        assert not store.records(where="kind == 'replay'"), "that is said before anything runs"
        for source in sources[1:]:
            kernel.execute(source)
        whole = store.resolve("latest").run_id
        kernel.execute("%reprotrain freeze")
        assert store.resolve("latest").run_id != whole
        found = verify_notebook(path, store)
    assert (found.run_id, found.verdict) == (whole, "reproduced")


def test_the_history_is_sealed_and_cheap(play: Play) -> None:
    session = play(["x = 'a long text that is kept once'\nx", "y = 1"], [0, 0, 0, 1])
    run = session.live.run
    assert HISTORY in run.read_record().files
    lines = (run.path / HISTORY).read_text().splitlines()
    assert sum("kept once" in line for line in lines) == 1
    history = read_history(run)
    assert history is not None
    assert [each.cell_id for each in history.executions] == [None, "c0", "c0", "c0", "c1"]


def test_a_history_that_was_edited_is_found(play: Play) -> None:
    run = play(["x = 1"], [0]).live.run
    run.check_integrity()
    (run.path / HISTORY).write_text("")
    problem: Any = None
    try:
        run.check_integrity()
    except Exception as error:  # noqa: BLE001 - whatever it is, it must name the file
        problem = error
    assert HISTORY in str(problem)
