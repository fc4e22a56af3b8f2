"""Every name whose content a cell changes is among its writes, also those that the cell never mentions."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from reprobook.trace.names import NotebookNames
from reprobook.trace.static import names_of


class Cells:
    """Runs cells in a namespace, and notes the names that each one wrote and deleted."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.names = NotebookNames(self.namespace, {}, 2**30)
        self.reads: set[str] = set()
        self.deletes: tuple[str, ...] = ()

    def run(self, source: str) -> set[str]:
        source = textwrap.dedent(source)
        self.reads = set(self.names.begin(names_of(source)))
        exec(compile(source, "<cell>", "exec"), self.namespace)  # noqa: S102
        writes, self.deletes = self.names.end(finished=True)
        return set(writes)


SGD = "import torch\nmodel = torch.nn.Linear(2, 1)\nopt = torch.optim.SGD(model.parameters(), lr=0.1)\n"

ALIASES = [
    ("a = [1]; b = a", "a.append(2)", "a b"),
    ("a = [1]; box = {'k': [a]}; other = [3]", "a.append(2)", "a box"),
    ("rows = [{'v': i} for i in range(9000)]; r = rows[4000]", "r['v'] = -1", "rows r"),
    ("d = {}; keys = d.keys()", "d[1] = 2", "d keys"),
    ("b = bytearray(4); m = memoryview(b)", "m[0] = 1", "b m"),
    ("import numpy as np; a = np.zeros(10); b = a[2:5]; c = a[5:].copy()", "b[0] = 1", "a b"),
    ("import numpy as np; a = np.zeros((9, 9)); b = a.T[3:, ::-2]; c = np.zeros(9)", "b += 1", "a b"),
    ("import numpy as np; b = bytearray(16); v = np.frombuffer(b, 'u1')", "v[3] = 1", "b v"),
    ("import numpy as np, pandas as pd; a = np.zeros((3, 2)); d = pd.DataFrame(a, copy=False)", "a[0] = 5", "a d"),
    ("import torch; t = torch.zeros(4); n = t.numpy(); m = torch.from_numpy(n)[1:]", "m.add_(1)", "t n m"),
    ("import numpy as np, torch; a = np.zeros(9); m = torch.from_numpy(a[2:])", "a[5] = 1", "a m"),
    (f"{SGD}model(torch.ones(3, 2)).sum().backward()", "opt.step()", "model"),
    (f"{SGD}loss = model(torch.ones(3, 2)).sum()", "loss.backward()", "model"),
    (f"{SGD}s = torch.optim.lr_scheduler.StepLR(opt, 1); opt.step()", "s.step()", "opt s"),
    ("import torch; one, two = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)", "one.weight.data.add_(1)", "one"),
    ("class A: pass\na = A(); a.items = []; b = a.items", "a.items.append(2)", "a b"),
    ("import weakref\nclass A: pass\na = A(); r = weakref.ref(a)", "r().v = 2", "a"),
]

LOGGING = """
import logging
log = []
class H(logging.Handler):
    def emit(self, _): log.append(1)
logging.getLogger("reach").addHandler(H())
"""
GENERATOR = """
log = []
def g(to):
    for i in range(3):
        to.append(i)
        yield i
it = g(log)
"""
HOOK = f"{SGD}log = []\nh = model.register_forward_hook(lambda *_: log.append(1)); x = torch.ones(1, 2)"

CODE = [
    ("log = []\ndef make(to):\n    def f(): to.append(1)\n    return f\ng = make(log)", "g()", "log g"),
    ("log = []\nclass T: pass\nt = T(); t.calls = [lambda: log.append(1)]", "t.calls[0]()", "log"),
    ("log = []\ndef _f(): log.append(1)", "_f()", "log"),
    ("log = []\nf = log.append", "f(1)", "log f"),
    ("def f(a, kept=[]): kept.append(a)", "f(1)", "f"),
    (GENERATOR, "next(it)", "log it"),
    ("class C:\n    seen = []\n    def add(self): self.seen.append(1)\nc = C(); seen = C.seen", "c.add()", "C seen"),
    ("import threading\nlog = []\nt = threading.Thread(target=log.append, args=(1,))", "t.start(); t.join()", "log"),
    ("import functools\nlog = []\n@functools.cache\ndef f(a): log.append(a)", "f(1)", "log f"),
    ("import torch\nlog = []\n@torch.no_grad()\ndef f(a): log.append(a)", "f(1)", "log"),
    (HOOK, "y = model(x)", "log y"),
    (LOGGING, "logging.getLogger('reach').warning('x')", "log"),
    ("log = []\nother = 1", "exec('log.append(2)')", "log"),
    ("log = []\nother = 1", "globals()['log'].append(2)", "log"),
]


@pytest.mark.parametrize(("before", "cell", "expected"), [*ALIASES, *CODE])
def test_writes_are_every_name_that_changed(before: str, cell: str, expected: str) -> None:
    cells = Cells()
    cells.run(before)
    assert cells.run(cell) == set(expected.split())
    assert cells.run("pass") == set()


def test_reads_follow_code_wherever_it_is_kept() -> None:
    cells = Cells()
    cells.run("scale = 2; unused = 3\nclass T:\n    def __init__(self): self.f = lambda x: x * scale\ntrainer = T()")
    cells.run("y = trainer.f(3)")
    assert cells.reads == {"trainer", "scale", "T"}


def test_deletions() -> None:
    cells = Cells()
    cells.run("x = 1; y = []; z = 2; _w = 3")
    assert cells.run("del x, _w\ndef f():\n    global y\n    del y\nf()") == {"f"}
    assert cells.deletes == ("_w", "x", "y")
    cells.run("x = 1; del x")
    assert cells.deletes == ()


PATCHES = [
    ("import random; old = random.shuffle", "random.shuffle = fake", "random.shuffle = old", "random"),
    ("import random; old = random.choice", "setattr(random, 'choice', fake)", "random.choice = old", "random"),
    ("import numpy as np, numpy; old = np.mean", "np.mean = fake", "np.mean = old", "np numpy"),
    (
        "import collections as c; from collections import Counter; old = Counter.total",
        "c.Counter.total = fake",
        "Counter.total = old",
        "c Counter",
    ),
    (
        "import string\nold = string.capwords\ndef patch(by): string.capwords = by",
        "import functools; patch(functools.wraps(old)(lambda s: fake(s)))",
        "patch(old)",
        "string",
    ),
]


@pytest.mark.parametrize(("before", "patch", "undo", "expected"), PATCHES)
def test_what_the_notebook_patched_counts_until_it_is_undone(before: str, patch: str, undo: str, expected: str) -> None:
    cells = Cells()
    cells.run(before)
    cells.run("def fake(*_, **__): log.append(1)\nlog = []")
    try:
        assert cells.run(patch) - {"functools"} == set(expected.split())
        assert cells.run("pass") == set()
    finally:
        assert cells.run(undo) == set(expected.split())
    assert cells.run("pass") == set()


def test_code_that_was_patched_in_may_run_in_any_cell() -> None:
    cells = Cells()
    cells.run("import random\nold = random.shuffle\nlog = [0] * 100_000\ndef fake(x): log.append(x)")
    cells.run("random.shuffle = fake")
    try:
        assert cells.run("__import__('random').shuffle([1])") == {"log"}
    finally:
        cells.run("random.shuffle = old")


def test_a_thread_may_change_what_it_has_in_any_cell() -> None:
    cells = Cells()
    cells.run("""
        import threading
        def work(into, go, done):
            go.wait(); into[0] = 1; done.set()
        go, done, log = threading.Event(), threading.Event(), [0] * 100_000
        threading.Thread(target=work, args=(log, go, done)).start()
    """)
    assert "log" in cells.run("go.set(); assert done.wait(60)")


def test_a_module_beside_the_notebook_is_its_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path = tmp_path / "beside_the_notebook.py"
    path.write_text("import math\nRATE = [1]\ndef f(x):\n    RATE.append(x)\nclass C:\n    k = 1\n")
    cells = Cells()
    cells.run("import beside_the_notebook as b, importlib; from beside_the_notebook import C, RATE as rate")
    assert cells.run("b.math") == set()
    assert cells.run("b.f(1)") == {"b", "rate"}
    path.write_text(path.read_text().replace("k = 1", "k = 22"))
    assert cells.run("b = importlib.reload(b)") == {"b"}
    assert cells.run("from beside_the_notebook import C") == {"C"}
    sys.modules.pop("beside_the_notebook", None)


def test_names_that_are_not_looked_at_are_not_digested(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = Cells()
    cells.run("x = 1; big = list(range(100_000)); boxes = [[i] for i in range(1000)]; other = [1]")
    seen: list[str] = []
    look = NotebookNames._look  # noqa: SLF001  # its calls are what is counted

    def noted(self: NotebookNames, moment: Any, name: str) -> Any:
        seen.append(name)
        return look(self, moment, name)

    monkeypatch.setattr(NotebookNames, "_look", noted)
    cells.run("x = x + 1")
    assert {"big", "boxes"}.isdisjoint(seen)
