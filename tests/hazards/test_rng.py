"""Draws before a seed, seeds that vary, generators without one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards, fix_notebook, possible_causes
from reprobook.notebook import Notebook

MakeNotebook = Callable[..., Notebook]

IMPORTS = """import os, random, time, uuid, secrets
import numpy as np, pandas as pd, torch, optuna, scipy.stats
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, random_split
from sklearn.model_selection import train_test_split as tts, KFold, ShuffleSplit, RandomizedSearchCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
seed = 0
"""

UNSEEDED = [
    ("random.shuffle(idx)", "unseeded_rng.python_random"),
    ("from random import shuffle as mix\nmix(idx)", "unseeded_rng.python_random"),
    ("mix = random.shuffle\nmix(idx)", "unseeded_rng.python_random"),
    ("r = random.Random()\nr.random()", "unseeded_rng.python_random"),
    ("random.seed()\nx = random.random()", "unseeded_rng.python_random"),
    ("x = np.random.rand(3)", "unseeded_rng.numpy_legacy"),
    ("x = np.random.RandomState().rand(3)", "unseeded_rng.numpy_legacy"),
    ("np.random.seed(None)", "unseeded_rng.numpy_legacy"),
    ("x = scipy.stats.norm.rvs(size=3)", "unseeded_rng.numpy_legacy"),
    ("rng = np.random.default_rng()", "unseeded_rng.numpy_generator"),
    ("rng = np.random.Generator(np.random.PCG64())", "unseeded_rng.numpy_generator"),
    ("from numpy.random import default_rng\nrng = default_rng(None)", "unseeded_rng.numpy_generator"),
    ("w = torch.randn(3)", "unseeded_rng.torch"),
    ("m = nn.Linear(3, 2)", "unseeded_rng.torch"),
    ("w = torch.empty(3).normal_()", "unseeded_rng.torch"),
    ("w = torch.zeros(3)\nnn.init.xavier_uniform_(w)", "unseeded_rng.torch"),
    ("y = F.dropout(x)", "unseeded_rng.torch"),
    ("torch.seed()", "unseeded_rng.torch"),
    ("loader = DataLoader(d, shuffle=True)", "unseeded_rng.torch"),
    ("a, b = random_split(d, [3, 4])", "unseeded_rng.torch"),
    ("w = torch.randn(3, device='cuda')", "unseeded_rng.cuda"),
    ("g = torch.Generator()\ng.seed()\nw = torch.randn(3, generator=g)", "unseeded_rng.torch_generator"),
    ("a, b = tts(X, y)", "unseeded_rng.sklearn_random_state"),
    ("a, b = tts(X, y, random_state=None)", "unseeded_rng.sklearn_random_state"),
    ("clf = RandomForestClassifier(n_estimators=10)", "unseeded_rng.sklearn_random_state"),
    ("cv = KFold(5, shuffle=True)", "unseeded_rng.sklearn_random_state"),
    ("clf = LogisticRegression(solver='saga')", "unseeded_rng.sklearn_random_state"),
    ("s = RandomizedSearchCV(LogisticRegression(), {})", "unseeded_rng.sklearn_random_state"),
    ("df = pd.read_csv('a.csv')\npart = df.dropna().sample(frac=0.5)", "unseeded_rng.sklearn_random_state"),
    ("study = optuna.create_study()", "unseeded_rng.sampler"),
    ("sampler = optuna.samplers.TPESampler()", "unseeded_rng.sampler"),
    ("key = os.urandom(8)\nX = [b for b in key]", "os_entropy"),
    ("k = secrets.randbelow(10)\npart = X[k:]", "os_entropy"),
    ("rng = random.SystemRandom()\nidx = [rng.randrange(9) for _ in range(3)]", "os_entropy"),
    ("fold = uuid.uuid4().int % 5\npart = X[fold]", "os_entropy.uuid"),
    ("np.random.seed(int(time.time()))", "wall_clock.time_seed"),
    ("rng = np.random.default_rng(time.time_ns())", "wall_clock.time_seed"),
    ("from datetime import datetime\nrandom.seed(datetime.now().microsecond)", "wall_clock.time_seed"),
    ("torch.manual_seed(os.getpid())", "process_identity.pid"),
    ("random.seed(int.from_bytes(os.urandom(4), 'big'))", "os_entropy"),
    ("rs = hash('fold') % 100\nnp.random.seed(rs)", "hash_randomization.hash_split"),
    ("a, b = tts(X, y, random_state=int(time.time()))", "wall_clock.time_seed"),
    ("study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=int(time.time())))", "wall_clock.time_seed"),
    ("seed = None\nnp.random.seed(seed)", "unseeded_rng.numpy_legacy"),
]

SEEDED = [
    "random.seed(seed)\nrandom.shuffle(idx)",
    "random.seed('text')\nrandom.shuffle(idx)",
    "r = random.Random(seed)\nr.shuffle(idx)",
    "np.random.seed(seed)\nx = np.random.rand(3)\na, b = tts(X, y)\ndf = pd.read_csv('a.csv').sample(3)",
    "rng = np.random.default_rng(seed)\nx = rng.normal(size=3)",
    "x = np.random.RandomState(0).rand(3)",
    (
        "torch.manual_seed(seed)\nm = nn.Linear(2, 3)\n"
        "w = torch.randn(3, device='cuda')\nl = DataLoader(d, shuffle=True)"
    ),
    (
        "g = torch.Generator().manual_seed(seed)\nw = torch.randn(3, generator=g)\n"
        "l = DataLoader(d, shuffle=True, generator=g)"
    ),
    "g = torch.Generator()\nw = torch.randn(3, generator=g)",
    "a, b = tts(X, y, random_state=seed)",
    "a, b = tts(X, y, shuffle=False)",
    "cv = KFold(5)\nclf = LogisticRegression()",
    "clf = RandomForestClassifier(random_state=0)",
    "options = {'random_state': 0}\nclf = RandomForestClassifier(**options)",
    "study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))",
    (
        "def set_seed(s):\n    random.seed(s)\n    np.random.seed(s)\n    torch.manual_seed(s)\n\nset_seed(seed)\n"
        "random.random(), np.random.rand(), torch.rand(1)"
    ),
    (
        "from pytorch_lightning import seed_everything\nseed_everything(1)\n"
        "torch.rand(1)\nnp.random.rand()\nrandom.random()"
    ),
    "from random import random as shuffle_free\nm = nn.ReLU()\nrandom.getstate()\nnp.random.get_state()",
    "class Buffer:\n    def sample(self, n):\n        return n\n\nb = Buffer().sample(n=3)",
    "time.sleep(int.from_bytes(os.urandom(2), 'big') / 65535)",
    "print(uuid.uuid4(), os.getpid())",
    "def noise():\n    return np.random.RandomState(3).rand()\n\nnoise()",
]


@pytest.mark.parametrize(("code", "cause"), UNSEEDED)
def test_unseeded_draws_are_found_where_they_stand(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = [hazard for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain]
    assert cause in {hazard.cause for hazard in found}
    assert {hazard.cell for hazard in found} == {1}


@pytest.mark.parametrize(("code", "cause"), UNSEEDED)
def test_nothing_else_is_claimed_of_them(notebook: MakeNotebook, code: str, cause: str) -> None:
    found = {hazard.cause for hazard in find_hazards(notebook(IMPORTS, code)) if hazard.certain}
    assert found <= {cause, "hidden_state.deleted_cell"}  # the snippets read names that they do not make


@pytest.mark.parametrize("code", SEEDED)
def test_seeded_draws_are_no_hazard(notebook: MakeNotebook, code: str) -> None:
    made = "idx, X, y, d, x = [1], [1], [1], [1], 1"
    assert [hazard for hazard in find_hazards(notebook(IMPORTS, made, code)) if hazard.certain] == []


def test_a_seed_after_the_first_use_is_too_late(notebook: MakeNotebook) -> None:
    found = find_hazards(
        notebook("import numpy as np", "x = np.random.rand(3)", "np.random.seed(0)\ny = np.random.rand(3)")
    )
    assert [(hazard.cell, hazard.cause, hazard.names) for hazard in found] == [
        (1, "unseeded_rng.seeded_too_late", ("x",))
    ]
    assert "cell 2" in found[0].message


def test_a_loader_draws_when_it_is_iterated_and_not_when_it_is_made(notebook: MakeNotebook) -> None:
    made = "from torch.utils.data import DataLoader\nimport torch\nloader = DataLoader([1, 2], shuffle=True)"
    seed, loop = "torch.manual_seed(0)", "for batch in loader:\n    print(batch)"
    assert [h for h in find_hazards(notebook(made, seed, loop)) if h.certain] == []
    assert [h for h in find_hazards(notebook(made, seed)) if h.certain] == []
    early = [(h.cell, h.cause) for h in find_hazards(notebook(made, loop, seed)) if h.certain]
    assert early == [(0, "unseeded_rng.seeded_too_late")]
    never = [(h.cell, h.cause) for h in find_hazards(notebook(made, loop)) if h.certain]
    assert never == [(0, "unseeded_rng.torch")]


def test_a_draw_in_a_function_counts_where_it_is_called(notebook: MakeNotebook) -> None:
    cells = ("import random", "def pick(xs):\n    return random.choice(xs)", "random.seed(0)", "a = pick([1, 2])")
    assert [h for h in find_hazards(notebook(*cells)) if h.certain] == []
    early = find_hazards(notebook(cells[0], cells[1], cells[3], cells[2]))
    assert [(h.cell, h.line, h.cause, h.called_from, h.cells) for h in early] == [
        (1, 2, "unseeded_rng.seeded_too_late", (2,), (2,))
    ]


def test_a_function_that_nothing_calls_is_a_hint_at_most(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook("import random\ndef pick(xs):\n    return random.choice(xs)"))
    assert not [hazard for hazard in found if hazard.certain]


def test_one_hazard_a_cell_and_generator(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook("import torch", "a = torch.rand(1)\nb = torch.rand(1)", "c = torch.rand(1)"))
    assert [(hazard.cell, hazard.line) for hazard in found] == [(1, 1), (2, 1)]


def test_seeded_draws_serve_attribution(notebook: MakeNotebook) -> None:
    cells = ("import torch\ntorch.manual_seed(0)", "w = torch.rand(3)")
    assert find_hazards(notebook(*cells)) == ()
    possible = [(h.cell, h.cause, h.generator, h.certain, h.shown, h.names) for h in possible_causes(notebook(*cells))]
    assert (1, "unseeded_rng.torch", "torch", False, False, ("w",)) in possible


def test_the_init_line_seeds_everything(notebook: MakeNotebook) -> None:
    cells = ("%load_ext reprobook\n%reprotrain init --seed 3", "import random, torch\nrandom.random()\ntorch.rand(1)")
    assert find_hazards(notebook(*cells)) == ()
    assert find_hazards(notebook("import reprobook as rb\nrb.init(seed=1)", cells[1])) == ()
    assert len(find_hazards(notebook("import reprobook as rb\nrb.init()", cells[1]))) == 2
    without = (cells[0].replace(" --seed 3", ""), cells[1])
    assert {hazard.cause for hazard in find_hazards(notebook(*without))} == {
        "unseeded_rng.python_random",
        "unseeded_rng.torch",
    }


def test_the_seed_that_varies_is_told_where_it_is_made(notebook: MakeNotebook) -> None:
    found = find_hazards(notebook("import time, random", "s = time.time()", "random.seed(s)\nx = random.random()"))
    assert [(hazard.cell, hazard.cause, hazard.names) for hazard in found if hazard.certain] == [
        (1, "wall_clock.time_seed", ("s",))
    ]


def test_logging_that_draws_from_the_training_stream(notebook: MakeNotebook) -> None:
    train = (
        "import torch\ntorch.manual_seed(0)\nlog_every = 2\nfor step in range(9):\n    b = torch.randint(0, 9, (2,))\n"
    )
    found = find_hazards(notebook(train + "    if step % log_every == 0:\n        p = torch.randperm(9)[:2]"))
    assert [(h.cause, h.line, h.certain) for h in found] == [("rng_coupling", 7, True)]
    own = "    if step % log_every == 0:\n        p = torch.randperm(9, generator=torch.Generator().manual_seed(1))[:2]"
    assert find_hazards(notebook(train + own)) == ()


def test_timing_that_draws(notebook: MakeNotebook) -> None:
    seeded = "import numpy as np\nnp.random.seed(0)\ndef work():\n    return np.random.rand(3)"
    for magic in ("%timeit -n 10 work()", "%timeit np.random.rand(3)", "%%timeit\nwork()"):
        found = find_hazards(notebook(seeded, magic))
        assert [(h.cell, h.cause) for h in found if h.certain] == [(1, "rng_consumed_by_timing")]
    assert [h for h in find_hazards(notebook(seeded, "%timeit sum([1])")) if h.certain] == []


OPTIONAL = [
    ("def make(seed=None):\n    return np.random.default_rng(seed)", "make({})", "unseeded_rng.numpy_generator"),
    ("def make(n, seed=None):\n    random.seed(seed)", "make(3{})", "unseeded_rng.python_random"),
    (
        "class RandomSampler:\n    def __init__(self, low, *, seed=None):\n        self.rng = random.Random(seed)",
        "RandomSampler(0.1{})",
        "unseeded_rng.sampler",
    ),
    (
        "def split(X, seed=None):\n    return tts(X, random_state=seed)",
        "split([1]{})",
        "unseeded_rng.sklearn_random_state",
    ),
]


@pytest.mark.parametrize(("definition", "call", "cause"), OPTIONAL)
def test_a_seed_that_is_none_unless_given(notebook: MakeNotebook, definition: str, call: str, cause: str) -> None:
    without = notebook(IMPORTS, definition, f"made = {call.format('')}")
    found = [hazard for hazard in find_hazards(without) if hazard.certain]
    assert [(hazard.cell, hazard.cause, hazard.names) for hazard in found] == [(2, cause, ("made",))]
    given = "seed=seed" if call.endswith("({})") else ", seed=seed"
    assert fix_notebook(without, found) == {2: f"made = {call.format(given)}"}
    assert find_hazards(notebook(IMPORTS, definition, f"made = {call.format(given)}")) == ()
