"""A warm run leaves what a cold one leaves: recipe, results, evidence and outputs, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from feature_notebooks import NOTEBOOKS
from watching import Servers

from reprobook.execute import RunEvent, RunOptions, read_trace, run_notebook
from reprobook.runs import RunFolder, Store
from reprobook.verify import VerifyOptions, verify_run

Write = Callable[..., Path]
SEED = 11
OF_THE_PROCESS = {"pid"}
SHELL = (
    """import os, sys
before = sorted({'numpy', 'pandas', 'torch'} & sys.modules.keys())""",
    """import random
import numpy as np
import pandas as pd
after = sorted({'numpy', 'pandas', 'torch'} & sys.modules.keys())""",
    "names = list({'b', 'a', 'c', 'd'})\nvalues = [random.random(), np.random.rand(), hash('text')]",
    """where = os.getcwd()
variable = os.environ.get('A_VARIABLE')
open('written.txt', 'w').write(repr(values))""",
    "frame = pd.DataFrame({f'column_{n}': [n / 3, n] for n in range(30)})\nprint(frame)\nframe",
    "import matplotlib.pyplot as plt\nplt.plot(values[:2])\nprint(plt.get_backend())\nplt.show()",
    """matrix = np.random.rand(300, 300)
product = float((matrix @ matrix).sum())
import reprobook as rb
rb.log(product=product)""",
)
TORCH = (
    """import random
random.seed(3)
import numpy as np
import torch
from torch import nn
from sklearn.datasets import load_digits
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingClassifier""",
    "drawn = random.random()\nx, y = load_digits(return_X_y=True)\nx = x.astype(np.float32) / 16",
    """model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(0.2), nn.Linear(256, 10))
optimizer = torch.optim.AdamW(model.parameters())
data = torch.utils.data.TensorDataset(torch.from_numpy(x), torch.from_numpy(y))
loader = torch.utils.data.DataLoader(data, batch_size=256, shuffle=True)""",
    """import reprobook as rb
for epoch in range(3):
    for a, b in loader:
        loss = nn.functional.cross_entropy(model(a), b)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    rb.log(loss=loss.item(), step=epoch)""",
    "means = KMeans(5, n_init=2, random_state=None).fit(x)\nrb.log(inertia=means.inertia_)",
    "trees = HistGradientBoostingClassifier(max_iter=5, random_state=0).fit(x, y)\nrb.log(score=trees.score(x, y))",
    """threads = torch.get_num_threads()
big = torch.rand(2000, 2000)
rb.log(sum=big.sum().item(), product=(big @ big).sum().item())""",
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, servers: Servers) -> Path:
    """A working folder with modules of its own."""
    del servers
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel leaves the file descriptors alone where it is set
    bump = "def bump():\n    state.append(1)\n    return len(state)\n"
    (tmp_path / "helper.py").write_text(f"VALUE = 1\nstate = []\n{bump}")
    (tmp_path / "script.py").write_text("print('a script', __name__)\nscripted = 1\n")
    return tmp_path


def both(path: Path, store: Store, options: RunOptions) -> tuple[RunFolder, RunFolder]:
    """Run a notebook cold and warm, both from the same folder as it was."""
    events: list[RunEvent] = []
    files = {each for each in path.parent.iterdir() if each != store.root}
    cold = run_notebook(path, store, options)
    for made in {each for each in path.parent.iterdir() if each != store.root} - files:
        made.unlink()
    warm = run_notebook(path, store, replace(options, kernel="warm"), events.append)
    assert not [event.text for event in events if "no warm kernel" in event.text]
    return cold, warm


def assert_same(cold: RunFolder, warm: RunFolder) -> None:
    ours, theirs = warm.read_record(), cold.read_record()
    assert (ours.status, ours.error, ours.metrics) == (theirs.status, theirs.error, theirs.metrics)
    assert ours.recipe_digest == theirs.recipe_digest
    assert ours.result_digest == theirs.result_digest
    assert evidence(warm) == evidence(cold)
    assert header(warm) == header(cold)


def evidence(run: RunFolder) -> list[dict[str, Any]]:
    cells = [cell.model_dump(mode="json", exclude={"duration_s"}) for cell in read_trace(run).cells]
    for call in (call for cell in cells for call in cell["calls"] if call["kind"] in OF_THE_PROCESS):
        call["digest"] = ""
    return cells


def header(run: RunFolder) -> dict[str, Any]:
    found: dict[str, Any] = run.read_header().model_dump(mode="json", exclude={"origin", "header_digest"})
    # Without a seed they begin anywhere.
    return found if found["seeds"]["seed"] is not None else found | {"seeds": None}


def outputs(run: RunFolder) -> list[Any]:
    return [cell["outputs"] for cell in json.loads(run.executed.read_bytes())["cells"]]


def test_numpy_pandas_and_figures(place: Path, write: Write, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    del place
    monkeypatch.setenv("A_VARIABLE", "b")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    cold, warm = both(write(*SHELL), store, RunOptions(seed=SEED))
    assert_same(cold, warm)
    assert outputs(cold) == outputs(warm)
    names = read_trace(warm).cells[0].writes | read_trace(warm).cells[1].writes
    assert names["before"] != names["after"]  # what was imported beforehand is not there before it is imported
    monkeypatch.delenv("A_VARIABLE")
    found = verify_run(cold, store, VerifyOptions(kernel="warm"))
    assert (found.verdict, found.differing) == ("reproduced", ())
    replay = store.folder(str(found.replay_id)).read_record()
    assert replay.kind == "replay"
    assert verify_run(warm, store, VerifyOptions()).verdict == "reproduced"


@pytest.mark.slow
def test_training(place: Path, write: Write, store: Store) -> None:
    del place
    path = write(*TORCH)
    for options in (RunOptions(seed=SEED), RunOptions(seed=SEED, trace="off")):
        assert_same(*both(path, store, options))


@pytest.mark.slow
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_feature_of_a_notebook(name: str, place: Path, write: Write, store: Store) -> None:
    del place
    events: list[RunEvent] = []
    path = write(*NOTEBOOKS[name])
    cold = run_notebook(path, store, RunOptions(seed=SEED))
    warm = run_notebook(path, store, RunOptions(seed=SEED, kernel="warm"), events.append)
    ours, theirs = warm.read_record(), cold.read_record()
    assert (ours.status, ours.error, ours.metrics) == (theirs.status, theirs.error, theirs.metrics)
    assert (ours.recipe_digest, ours.result_digest) == (theirs.recipe_digest, theirs.result_digest)
    for here, there in zip(read_trace(warm).cells, read_trace(cold).cells, strict=True):
        same = {name for name in here.writes if here.writes[name] == there.writes.get(name)}
        assert here.writes.keys() == there.writes.keys()
        assert {name for name in here.writes if not here.writes[name].opaque} - same <= CHANCE, name


# Names that hold what differs in every process.
CHANCE = {"pid", "now", "started", "begun"}
