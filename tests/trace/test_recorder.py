from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import reprobook
from reprobook.header import sha256_hex
from reprobook.trace import CellOutput, CellTrace, Recorder, digest_value


class Notebook:
    """A namespace and a recorder, without a shell."""

    def __init__(self, **options: Any) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.cells: list[CellTrace] = []
        self.sources: list[str] = []
        self.recorder = Recorder(
            self.namespace, on_cell=self.cells.append, resolve=lambda *_: len(self.sources) - 1, **options
        )

    def run(self, source: str) -> CellTrace:
        self.sources.append(source)
        self.recorder.begin(source, "id", len(self.sources))
        error: BaseException | None = None
        try:
            exec(compile(source, "<cell>", "exec"), self.namespace)  # noqa: S102
        except Exception as raised:  # noqa: BLE001
            error = raised
        found = self.recorder.end(error, CellOutput())
        assert found is self.cells[-1]
        return found


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    monkeypatch.chdir(tmp_path)
    return Notebook()


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["x = 1"], {"x"}),
        (["x = [1]", "x.append(2)"], {"x"}),
        (["x = [1]", "len(x)"], set()),
        (["x = {'a': [1]}", "y = x['a']", "y.append(1); x"], {"x", "y"}),
        (["x = [1]", "for i in range(2): x[0] += i"], {"x", "i"}),
        (["import numpy as np; x = np.zeros(3)", "x += 1"], {"x"}),
        (["x = 1", "globals()['x'] = 2"], {"x"}),
        (["exec('y = 1')"], {"y"}),
        (["from math import *\nname = pi", "name"], set()),
        (["log = []\ndef f(): log.append(1)", "f()"], {"log"}),
        (["log = []\ndef f(): log.append(1)\ndef g(): f()", "g()"], {"log"}),
        (["n = 0\ndef f():\n    global n\n    n += 1", "f()"], {"n"}),
        (["log = []\nclass C:\n    def m(self): log.append(1)", "C().m()"], {"log"}),
        (["log = []\nclass C:\n    def __call__(self): log.append(1)\nc = C()", "c()"], {"log"}),
        (["log = []\ndef f(): log.append(1)\nlog.append(0); f()"], {"log", "f"}),
        (["log = []", "def f(): log.append(1)\nf()"], {"log", "f"}),
        (["log = []\ndef f(): pass", "def f(): log.append(1)"], {"f"}),
        (["import functools\nlog = []\nf = functools.partial(lambda x: log.append(x), 1)", "f()"], {"log"}),
        (["_x = 1; x = 2; _ = _i1 = __doc__ = 3"], {"_x", "x"}),
        (["In = Out = 1; get_ipython = None"], set()),
        (["if False: x = 1"], set()),
        (["x = 1", "del x"], set()),
    ],
)
def test_writes(notebook: Notebook, sources: list[str], expected: set[str]) -> None:
    for source in sources[:-1]:
        notebook.run(source)
    assert set(notebook.run(sources[-1]).writes) == expected


def test_reads_are_the_values_before(notebook: Notebook) -> None:
    notebook.run("x = [1]; y = 5; z = 0")
    cell = notebook.run("z = 1; x.append(y); z")
    assert cell.reads == {"x": digest_value([1]), "y": digest_value(5)}
    assert cell.writes == {"x": digest_value([1, 5]), "z": digest_value(1)}


def test_reads_follow_the_functions_that_are_called(notebook: Notebook) -> None:
    notebook.run("scale = 2\ndef f(x): return x * scale")
    assert set(notebook.run("y = f(3)").reads) == {"f", "scale"}


def test_a_failed_cell_writes_what_it_came_to(notebook: Notebook) -> None:
    notebook.run("x = [1]; y = 1")
    cell = notebook.run("x.append(2)\n1 / 0\ny = 1")
    assert (cell.status, cell.error.ename if cell.error else "") == ("error", "ZeroDivisionError")
    assert set(cell.writes) == {"x"}


def test_a_message_with_an_address_or_a_hostile_text_is_harmless(notebook: Notebook) -> None:
    error = notebook.run("raise ValueError(object())").error
    assert error is not None
    assert error.evalue == "<object object at 0x…>"
    cell = notebook.run("class E(Exception):\n    def __str__(self): raise self\nraise E")
    assert cell.error is not None
    assert (cell.error.ename, cell.error.evalue) == ("E", "")


def test_facts_of_a_cell(notebook: Notebook) -> None:
    notebook.run("x = 1")
    cell = notebook.run("y = x")
    assert (cell.index, cell.order, cell.execution_count, cell.cell_id, cell.status) == (1, 1, 2, "id", "ok")
    assert 0 <= cell.duration_s < 1
    assert cell.source_digest == sha256_hex(b"y = x")


def test_generators_and_files(notebook: Notebook) -> None:
    Path("data.csv").write_text("1")
    drawing = notebook.run("import random; random.random()")
    reading = notebook.run("text = open('data.csv').read(); open('out', 'w').close()")
    assert drawing.rng_before["python"] != drawing.rng_after["python"] == reading.rng_before["python"]
    assert reading.rng_before == reading.rng_after
    assert (list(reading.files_read), list(reading.files_written)) == (["data.csv"], ["out"])


def test_recording_changes_no_result() -> None:
    source = """
import random, numpy as np
random.seed(0); np.random.seed(0)
it = iter(range(5)); gen = (x for x in range(5))
data = {"a": np.zeros(3), "s": {1, 2}}
"""
    cells = [
        source,
        "next(it); next(gen); data['a'][0] = random.random()",
        "out = [next(it), next(gen), np.random.rand()]",
    ]
    plain: dict[str, Any] = {}
    for cell in cells:
        exec(cell, plain)  # noqa: S102
    notebook = Notebook()
    for cell in cells:
        notebook.run(cell)
    assert notebook.namespace["out"] == plain["out"]
    assert np.array_equal(notebook.namespace["data"]["a"], plain["data"]["a"])
    assert set(notebook.namespace) - set(plain) == {"__name__"}


def test_no_value_is_kept_alive(notebook: Notebook) -> None:
    notebook.run("import weakref\nclass Big: pass\nx = Big(); ref = weakref.ref(x)")
    notebook.run("x = None\nalive = ref() is not None")
    assert notebook.namespace["alive"] is False


def test_what_the_shell_and_reprobook_put_there_does_not_count() -> None:
    notebook = Notebook(hidden={"open": open, "shown": 1})
    notebook.namespace |= {"open": open, "shown": 1, "rb": reprobook, "log": digest_value, "r": Recorder}
    cell = notebook.run("open, shown, rb, log, r\nx = rb")
    assert (cell.reads, cell.writes) == ({}, {})
    assert set(notebook.run("shown = 2").writes) == {"shown"}


def test_names_that_are_no_text_are_no_names(notebook: Notebook) -> None:
    assert notebook.run("globals()[1] = 2").writes == {}


def test_end_and_cancel_without_a_beginning() -> None:
    notebook = Notebook()
    assert notebook.recorder.end() is None
    notebook.recorder.begin("x = 1")
    notebook.recorder.cancel()
    assert notebook.recorder.end() is None
    assert notebook.cells == []


def test_a_light_trace_samples(notebook: Notebook) -> None:
    light = Notebook(budget=10_000)
    source = f"x = list(range({random.randint(10_000, 20_000)}))"  # noqa: S311
    assert light.run(source).writes["x"].kind == "sampled:list"
    assert notebook.run(source).writes["x"].kind == "list"


def test_hostile_objects_are_recorded_and_left_alone(notebook: Notebook) -> None:
    notebook.run("""
def fail(*_): raise BaseException
class Meta(type):
    __hash__ = __eq__ = __getattribute__ = __instancecheck__ = __subclasscheck__ = fail
names = "__eq__ __hash__ __len__ __repr__ __getattr__ __getattribute__ __iter__ __bool__ __reduce_ex__".split()
H = Meta("H", (dict,), dict.fromkeys(names, fail))
""")
    cell = notebook.run("h = dict.__new__(H); box = [h]")
    assert set(cell.writes) == {"h", "box"}
    assert set(notebook.run("dict.__setitem__(h, 'a', 1)").writes) == {"h", "box"}
