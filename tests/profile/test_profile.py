"""Profiled runs are the runs that they would be without, and the figures are those of the cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.profile import Profile
from reprobook.runs import RunFolder, Store
from reprobook.verify.subject import read_profile

# In this process already, so that no run is the one that imports it.
pytest.importorskip("torch")

CELLS = (
    "import time\nimport torch\nimport reprobook as rb",
    """
x = torch.randn(512, 16)
y = x.sum(1, keepdim=True)
model = torch.nn.Linear(16, 1)
optimizer = torch.optim.Adam(model.parameters())
""",
    """
class Slow(torch.utils.data.Dataset):
    def __len__(self):
        return 64

    def __getitem__(self, i):
        time.sleep(0.02)
        return x[i], y[i]

for a, b in torch.utils.data.DataLoader(Slow(), batch_size=16, shuffle=True):
    optimizer.zero_grad()
    loss = ((model(a) - b) ** 2).mean()
    loss.backward()
    optimizer.step()
rb.log(loss=loss)
""",
    """
for epoch in range(70):
    optimizer.zero_grad()
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
rb.log(loss=loss)
print(loss.item())
""",
    "block = torch.ones(64 << 18)\ntotal = float(block.sum())\ndel block",
    "rb.save('model', model)\ntorch.rand(3)",
)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., RunFolder]:
    """Run these cells in a kernel of the kind that is asked for."""

    def make(*cells: str, profile: bool, kernel: str = "inline") -> RunFolder:
        written = [
            {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
            for n, s in enumerate(cells)
        ]
        path = tmp_path / "nb.ipynb"
        path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": written}))
        options = RunOptions(seed=1, profile=profile, kernel=kernel)  # type: ignore[arg-type]
        return run_notebook(path, Store(tmp_path / "store"), options)

    return make


def measured(run: RunFolder) -> Profile:
    found = read_profile(run)
    assert found is not None
    return found


def test_the_results_are_the_same_bits(run: Callable[..., RunFolder]) -> None:
    plain, profiled = run(*CELLS, profile=False), run(*CELLS, profile=True)
    assert (plain.read_record().error, profiled.read_record().error) == (None, None)
    assert read_profile(plain) is None
    before, after = read_trace(plain), read_trace(profiled)
    assert before.result_digest == after.result_digest
    assert plain.read_record().recipe_digest == profiled.read_record().recipe_digest
    for one, other in zip(before.cells, after.cells, strict=True):
        for what in ("writes", "reads", "outputs", "rng_after", "settings_after", "files_read", "calls"):
            assert getattr(one, what) == getattr(other, what), (one.index, what)
    _are_the_figures_of_these_cells(measured(profiled))
    profiled.check_integrity()


def _are_the_figures_of_these_cells(found: Profile) -> None:
    cells = {each.cell: each for each in found.cells}
    assert list(cells) == [0, 1, 2, 3, 4, 5]
    assert found.notes == ()
    loading = cells[2].torch
    assert loading is not None
    assert loading.workers is False
    assert loading.data_s >= 64 * 0.02
    assert cells[2].verdict is not None
    assert cells[2].verdict.bound == "data"
    training = cells[3].torch
    assert training is not None
    # Fifty of the seventy steps are looked at; which operations take longest, and are listed, differs.
    calls = {each.calls for each in training.operations}
    assert (50 in calls, 70 in calls) == (True, False)
    assert training.seconds <= cells[3].seconds
    assert training.data_s == 0.0
    assert cells[4].peak >= (64 << 20)
    assert cells[4].grown < (64 << 20)


def test_a_cell_that_fails_is_measured_and_the_next_run_too(run: Callable[..., RunFolder]) -> None:
    made = run("import torch", "x = torch.ones(3)\n1 / 0", profile=True)
    assert made.read_record().status == "failed"
    assert [each.cell for each in measured(made).cells] == [0, 1]
    again = run("import torch", "x = torch.ones(3).sum()", profile=True)
    assert measured(again).cells[1].torch is not None


def test_a_cell_that_profiles_itself_is_left_alone(run: Callable[..., RunFolder]) -> None:
    own = "with torch.profiler.profile() as p:\n    x = torch.ones(3).sum()\nn = len(p.key_averages())"
    made = run("import torch", own, profile=True)
    assert made.read_record().error is None
    assert measured(made).cells[1].torch is None


def test_a_kernel_of_its_own_is_measured_as_well(run: Callable[..., RunFolder]) -> None:
    made = run("import time", "time.sleep(0.5)", "import os\nos._exit(1)", profile=True, kernel="cold")
    found = measured(made)
    assert [each.cell for each in found.cells] == [0, 1]
    assert found.cells[1].seconds >= 0.5
    assert found.cells[1].verdict is not None
    assert found.cells[1].verdict.bound == "data"


def test_small_operations_are_seen_as_overhead_and_the_profiler_logs_nothing(
    run: Callable[..., RunFolder], capfd: pytest.CaptureFixture[str]
) -> None:
    profile = measured(run(*CELLS, profile=True, kernel="cold"))
    use = next(each.torch for each in profile.cells if each.cell == 3)
    assert use is not None
    assert use.calls > 50 * 10  # 50 steps of some ten operations
    assert use.flops > 50 * 2 * 512 * 16
    assert "profiler_start" not in "".join(capfd.readouterr())
