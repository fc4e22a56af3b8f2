"""A training with torch gives the same bits wherever its trials run."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest
from comparing import results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reprobook.runs import Store
    from reprobook.sweep.model import SweepRecord

    Sweep = Callable[..., SweepRecord]
    Write = Callable[..., Path]

PARAMETERS = """\
from reprobook import Choice, Float
lr: Float(1e-3, 1.0, log=True) = 0.1
hidden: Choice(16, 300) = 16
seed = 0"""
TRAINING = """\
import numpy as np, torch, reprobook as rb
from torch import nn
rng = np.random.default_rng(seed)
x = torch.tensor(rng.normal(size=(600, 300)), dtype=torch.float32)
y = (x[:, :3].sum(1) > 0).long()
model = nn.Sequential(nn.Linear(300, hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
for step in range(12):
    batch = torch.randperm(600)[:300]
    loss = nn.functional.cross_entropy(model(x[batch]), y[batch])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    rb.log(loss=loss.item(), step=step)"""


@pytest.mark.slow
@pytest.mark.parametrize("threads", [None, 2])
def test_a_training_gives_the_same_bits_everywhere(
    sweep: Sweep, write: Write, store: Store, threads: int | None
) -> None:
    pytest.importorskip("torch")
    notebook = write(PARAMETERS, TRAINING)
    options = {"trials": 6, "threads": threads, "cache": False}
    expected = sweep(notebook, executor="local", kernel="cold", jobs=2, **options)
    assert {trial.state for trial in expected.trials} == {"complete"}
    digests = {
        (run.trial, run.seed): run.result_digest
        for run in store.records(f"sweep == '{expected.sweep_id}' and status == 'succeeded'")
    }
    elsewhere: list[dict[str, Any]] = [
        {"executor": "local", "kernel": "warm", "jobs": 1},
        {"executor": "local", "kernel": "warm", "jobs": 2},
        {"executor": "inline"},
    ]
    if find_spec("ray"):
        elsewhere.append({"executor": "ray", "jobs": 2})
    for changes in elsewhere:
        found = sweep(notebook, **options, **changes)
        assert results(found) == results(expected), changes
        for run in store.records(f"sweep == '{found.sweep_id}' and status == 'succeeded'"):
            assert run.result_digest == digests.get((run.trial, run.seed), run.result_digest)
