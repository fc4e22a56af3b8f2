"""Automatic edits: what they change, what they leave alone, and that they remove the hazard."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from reprobook.hazards import find_hazards, fix_notebook, with_sources
from reprobook.notebook import Notebook, read_notebook

MakeNotebook = Callable[..., Notebook]

FIXES = [
    ("import random\nxs = [1, 2]", "random.shuffle(xs)", "random.seed(seed)\nrandom.shuffle(xs)"),
    ("import numpy as np", "x = np.random.default_rng()", "x = np.random.default_rng(seed)"),
    ("import numpy as np", "x = np.random.default_rng(None)", "x = np.random.default_rng(seed)"),
    ("import numpy", "x = numpy.random.rand()", "numpy.random.seed(seed)\nx = numpy.random.rand()"),
    ("from numpy.random import rand", "x = rand()", "import numpy as np\nnp.random.seed(seed)\nx = rand()"),
    (
        "from random import random",
        "x = random()",
        "import random as _random\n_random.seed(seed)\nx = random()",
    ),
    ("import torch", "torch.seed()", "torch.manual_seed(seed)"),
    ("import torch\ng = torch.Generator()", "g.seed()", "g.manual_seed(seed)"),
    ("import torch", "w = torch.rand(2, device='cuda')", "torch.manual_seed(seed)\nw = torch.rand(2, device='cuda')"),
    (
        "from sklearn.model_selection import train_test_split\nX = [1]",
        "a, b = train_test_split(X, test_size=0.2)",
        "a, b = train_test_split(X, test_size=0.2, random_state=seed)",
    ),
    (
        "from sklearn.cluster import KMeans",
        "km = KMeans(\n    n_clusters=3,\n    random_state=None,\n)",
        "km = KMeans(\n    n_clusters=3,\n    random_state=seed,\n)",
    ),
    ("from sklearn.cluster import KMeans", "km = KMeans()", "km = KMeans(random_state=seed)"),
    ("words = open('w', encoding='utf-8').read().split()", "v = list(set(words))", "v = sorted(set(words))"),
    (
        "words = open('w', encoding='utf-8').read().split()",
        "v = {w: 'é' for w in set(words)}",
        "v = {w: 'é' for w in sorted(set(words))}",
    ),
    ("import os", "for é in os.listdir('é'):\n    x = é", "for é in sorted(os.listdir('é')):\n    x = é"),
    (
        "import optuna",
        "s = optuna.create_study()",
        "s = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))",
    ),
    (
        "import optuna",
        "s = optuna.samplers.TPESampler(n_startup_trials=3)",
        "s = optuna.samplers.TPESampler(n_startup_trials=3, seed=seed)",
    ),
]


@pytest.mark.parametrize(("above", "before", "after"), FIXES)
def test_a_fix_is_the_edit_that_removes_the_hazard(notebook: MakeNotebook, above: str, before: str, after: str) -> None:
    found = notebook(above, "seed = 3", before)
    fixed = fix_notebook(found, find_hazards(found))
    assert fixed == {2: after}
    assert [hazard for hazard in find_hazards(notebook(above, "seed = 3", after)) if hazard.certain] == []


def test_without_a_seed_one_is_made(notebook: MakeNotebook) -> None:
    found = notebook("import torch\nimport random", "w = torch.rand(1)\nx = random.random()")
    assert fix_notebook(found, find_hazards(found)) == {
        1: "seed = 0\nrandom.seed(seed)\ntorch.manual_seed(seed)\nw = torch.rand(1)\nx = random.random()"
    }


def test_a_seed_of_another_name_is_used(notebook: MakeNotebook) -> None:
    found = notebook("import torch\nSEED = 7", "w = torch.rand(1)")
    assert fix_notebook(found, find_hazards(found)) == {1: "torch.manual_seed(SEED)\nw = torch.rand(1)"}


def test_seeds_stand_beside_those_that_are_there(notebook: MakeNotebook) -> None:
    found = notebook("seed = 1", "import random, torch", "x = 1\nrandom.seed(seed)", "w = torch.rand(1)")
    assert fix_notebook(found, find_hazards(found)) == {2: "x = 1\ntorch.manual_seed(seed)\nrandom.seed(seed)"}


def test_the_parameters_cell_is_left_alone(notebook: MakeNotebook) -> None:
    found = notebook("import torch", "seed = 1", "w = torch.rand(1)", parameters=1)
    assert fix_notebook(found, find_hazards(found)) == {2: "torch.manual_seed(seed)\nw = torch.rand(1)"}


def test_a_block_goes_below_magics_and_imports(notebook: MakeNotebook) -> None:
    found = notebook("%%time\nimport torch\nw = torch.rand(1)")
    assert fix_notebook(found, find_hazards(found)) == {
        0: "%%time\nimport torch\nseed = 0\ntorch.manual_seed(seed)\nw = torch.rand(1)"
    }


@pytest.mark.parametrize(
    "code",
    [
        "import time, random\nrandom.seed(time.time())",  # a human must say which seed was meant
        "fold = hash('a') % 5",
        "import os\nlr = float(os.environ['LR'])",
        "X = 1",
        "xs = set(open('a'))\nfirst = xs.pop()",
    ],
)
def test_what_needs_a_human_is_not_touched(notebook: MakeNotebook, code: str) -> None:
    found = notebook(code)
    assert fix_notebook(found, find_hazards(found)) == {}


def test_a_generator_expression_as_only_argument_is_not_broken(notebook: MakeNotebook) -> None:
    found = notebook("seed = 1", "from sklearn.utils import shuffle\ny = shuffle(x for x in [1])")
    block = "import numpy as np\nnp.random.seed(seed)\n"
    assert fix_notebook(found, find_hazards(found)) == {
        1: f"from sklearn.utils import shuffle\n{block}y = shuffle(x for x in [1])"
    }


@pytest.mark.parametrize("indent", [1, 2, None, "\t"])
@pytest.mark.parametrize("as_list", [True, False])
def test_other_bytes_of_the_file_stay_as_they_are(indent: int | str | None, *, as_list: bool) -> None:
    source = ["import random\n", "x = random.random()  # é"] if as_list else "import random\nx = random.random()  # é"
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": '# a "source": [1]'},
        {"cell_type": "code", "metadata": {"source": ["no"]}, "source": source, "outputs": [{"text": "\\u00e9"}]},
        {"cell_type": "code", "metadata": {}, "source": [] if as_list else "", "outputs": []},
    ]
    content = {"nbformat": 4, "metadata": {"x": 1.0}, "cells": cells, "nbformat_minor": 4}
    data = json.dumps(content, indent=indent, ensure_ascii=False).encode()
    new = with_sources(data, {0: "import random\nrandom.seed(1)\nx = 'é'"})
    assert read_notebook(new, "x").code_cells[0].source == "import random\nrandom.seed(1)\nx = 'é'"
    assert with_sources(new, {0: "".join(source)}) == data
    assert isinstance(json.loads(new)["cells"][1]["source"], list) is as_list


def test_a_byte_order_mark_and_escapes_are_kept() -> None:
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": []}
    content["cells"] = [{"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": []}]
    data = b"\xef\xbb\xbf" + json.dumps(content).encode()
    new = with_sources(data, {0: "x = 'é'"})
    assert new.startswith(b"\xef\xbb\xbf")
    assert with_sources(new, {0: "x = 1"}) == data
