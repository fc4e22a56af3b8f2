"""Memory, kernels and settings; names, caches and functions that remember."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards, possible_causes
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]

IMPORTS = """import os, functools, itertools
import numpy as np, pandas as pd, torch
from functools import lru_cache
X = np.arange(10.0)
losses = []
df = pd.DataFrame({'a': [1.0]})
"""

CERTAIN = [
    ("b = torch.empty(3)\nX = b + 1", "uninitialised_memory"),
    ("b = np.empty(3)\nb[:2] = 0\ny = b + 1", "uninitialised_memory"),
    ("y = np.empty((2, 2)).sum()", "uninitialised_memory"),
    (
        "h = torch.zeros(3)\nh.index_put_((torch.tensor([0, 0]),), torch.ones(2), accumulate=True)",
        "nondeterministic_kernel.torch",
    ),
    ("torch.backends.cudnn.benchmark = True", "cudnn_autotune"),
    ("torch.set_num_threads(os.cpu_count())", "thread_count.torch"),
    ("def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n\ny = f(1)", "hidden_state.function_state"),
    ("y = _ * 2", "hidden_state.ipython_history"),
    ("y = Out[3]", "hidden_state.ipython_history"),
    ("y = missing + 1", "hidden_state.deleted_cell"),
]

FINE = [
    "b = torch.empty(3).normal_(generator=torch.Generator().manual_seed(0))",
    "b = np.empty(3)\nb[:] = 0",
    "b = np.empty(3)\nfor i in range(3):\n    b[i] = i",
    "b = np.empty(3)\nb.fill(0)",
    "b = np.empty((0, 3))",
    "b = np.empty(3, dtype=object)\nb[0] = 1",
    "b = np.empty(4)\nb[:2] = 0\nb[2:] = 1",
    "y = np.sum(X, out=np.empty(()))",
    "torch.backends.cudnn.benchmark = False",
    "torch.set_num_threads(2)",
    "def f(x, seen=None):\n    seen = seen or []\n    seen.append(x)\n    return seen\n\ny = f(1)",
    "def f(x, options={}):\n    return options.get(x)\n\ny = f(1)",
    "for _ in range(3):\n    pass\ny = _",
    "y, _ = 1, 2\nz = _",
    "try:\n    y = missing\nexcept NameError:\n    y = 1",
    "def later():\n    return defined_below\n",
    "y = [z for z in X]\nw = (lambda q: q)(1)",
    "class A:\n    size = 3\n    items = [size]\n",
    "y = get_ipython()\nprint(y)" if False else "display(df)",
    "@lru_cache\ndef square(x):\n    return x * x\n\ny = square(2)",
    "files = !ls\nprint(files)",
    "with open('a.txt') as f:\n    y = f.read()",
    "import numpy.linalg\ny = numpy.linalg.norm(X)",
    "match 3:\n    case n:\n        y = n",
    "if (k := 3) > 2:\n    y = k",
    "del X\nX = 1",
    "global_names = [name for name in dir() if name]",
]


@pytest.mark.parametrize(("code", "cause"), CERTAIN)
def test_hazards(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain]
    assert {(hazard.cell, hazard.cause) for hazard in found} == {(1, cause)}


@pytest.mark.parametrize("code", FINE)
def test_what_is_fine(notebook: MakeNotebook, code: str) -> None:
    assert [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain] == []


def test_a_name_bound_only_below_is_out_of_order(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook("y = x + 1", "x = 1"))
    assert [(hazard.cell, hazard.cause, hazard.certain) for hazard in found] == [(0, "hidden_state.out_of_order", True)]


def test_nothing_is_claimed_of_names_that_may_come_from_elsewhere(notebook: MakeNotebook) -> None:
    for source in ("from numpy import *", "%run setup.py", "%pylab inline", "exec('y = 1')"):
        assert [h for h in find_hazards(notebook(source, "z = y + 1")) if h.certain] == []


HINTS = [
    ("X = X / 16", "hidden_state.reexecuted_cell"),
    ("X += 1", "hidden_state.reexecuted_cell"),
    ("losses.append(1)", "hidden_state.reexecuted_cell"),
    ("df['a'] = df['a'] / 2", "hidden_state.reexecuted_cell"),
    (
        "from sklearn.linear_model import SGDClassifier\nclf = SGDClassifier(random_state=0, warm_start=True)",
        "hidden_state.warm_start",
    ),
    ("torch.set_float32_matmul_precision('high')", "precision_mode"),
    ("torch.use_deterministic_algorithms(True)\nw = torch.zeros(2, device='cuda')", "cublas_workspace"),
]


@pytest.mark.parametrize(("code", "cause"), HINTS)
def test_hints(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = find_hazards(notebook(IMPORTS, code))
    assert [(hazard.cell, hazard.cause, hazard.certain) for hazard in found] == [(1, cause, False)]


def test_cells_that_can_be_run_twice_give_no_hint(notebook: MakeNotebook) -> None:
    for code in (
        "Y = X / 16",
        "Z = X\nZ = Z / 2",
        "found = []\nfound.append(1)",
        "df['b'] = df['a'] / 2",
        "k = 0\nk += 1",
    ):
        assert find_hazards(notebook(IMPORTS, code)) == ()


def test_two_cells_that_change_one_name(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook(IMPORTS, "X = X - X.mean()", "X = X / 2"))
    assert [h.cell for h in found if h.cause == "hidden_state.out_of_order"] == [1, 2]


def test_an_iterator_of_another_cell(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook("rows = iter([1, 2])\npairs = [(1, 2)]", "a = next(rows)", "b = list(pairs)"))
    assert [(h.cell, h.cause) for h in found] == [(1, "hidden_state.iterator_consumed")]
    made = "def batches():\n    yield 1\n\ngen = batches()"
    assert [h.cause for h in find_hazards(notebook(made, "for b in gen:\n    x = b"))] == [
        "hidden_state.iterator_consumed"
    ]


def test_a_cache_over_a_setting(notebook: MakeNotebook) -> None:
    settings = "limit = 3"
    cached = "import functools\n@functools.cache\ndef pick(x):\n    return x > limit"
    found = find_hazards(notebook(settings, cached, "y = pick(2)"))
    assert [(h.cell, h.cause, h.certain) for h in found] == [(1, "stale_cache.lru_cache", True)]
    assert "`limit`" in found[0].message
    assert any(h.cell == 2 for h in possible_causes(notebook(settings, cached, "y = pick(2)")) if "lru" in h.cause)


def test_derived_parameters(notebook: MakeNotebook) -> None:
    cells = ("lr = 0.1\nmomentum = 1 - lr", "x = momentum")
    assert find_hazards(notebook(*cells)) == ()
    found = find_hazards(notebook(*cells, parameters=0))
    assert [(h.cell, h.line, h.cause, h.names) for h in found] == [(0, 2, "derived_parameter_stale", ("momentum",))]


def test_sums_of_floats_serve_attribution_only(notebook: MakeNotebook) -> None:
    cells = (IMPORTS, "total = torch.tensor(X).sum()\ngram = X @ X")
    assert find_hazards(notebook(*cells)) == ()
    possible = {(h.cell, h.cause) for h in possible_causes(notebook(*cells)) if "total" in h.names or "gram" in h.names}
    assert {(1, "thread_count.torch"), (1, "cpu_dispatch.aten"), (1, "thread_count.blas")} <= possible
