"""What holds a cell up follows from what was measured."""

from __future__ import annotations

from typing import Any

import pytest

from reprobook.profile import CellProfile, Verdict, judge
from reprobook.profile.model import Operation, TorchUse
from reprobook.profile.verdict import judged, profile_of

GIGA = 1 << 30
CPUS, MEMORY = 4, 16 * GIGA


def cell(number: int = 0, *, torch: TorchUse | None = None, **facts: Any) -> CellProfile:
    known: dict[str, Any] = {"seconds": 10.0, "cpu_s": 39.0, "peak": GIGA, "grown": 0}
    return CellProfile(cell=number, torch=torch, **{**known, **facts})


def use(**facts: Any) -> TorchUse:
    return TorchUse(seconds=10.0, **facts)


@pytest.mark.parametrize(
    ("measured", "bound", "reason", "knob"),
    [
        (cell(), "compute", "3.9 of 4 processors", "a GPU"),
        (cell(cpu_s=10.0), "compute", "1.0 of 4 processors", "threads"),
        (cell(cpu_s=0.1), "data", "waits for a disk", "fetched"),
        # Ready to compute, but other processes had the processors: nobody waits for data.
        (cell(cpu_s=1.0, queued_s=30.0), "compute", "others had the rest", "a GPU"),
        (cell(peak=15 * GIGA), "memory", "94% of the memory", "smaller batch"),
        (cell(torch=use(data_s=5.0, workers=False)), "data", "50% of the time", "num_workers > 0"),
        (cell(torch=use(data_s=5.0, workers=True)), "data", "50% of the time", "more num_workers"),
        (cell(torch=use(copy_s=4.0)), "memory", "40% of the time only moves memory", "fewer copies"),
        (cell(torch=use(copy_s=4.0, gpu_s=6.0)), "memory", "only moves memory", "pin_memory"),
        (
            cell(torch=use(calls=100_000, flops=1e9)),
            "overhead",
            "10,000 operations a second, of 10,000",
            "larger batch",
        ),
        (cell(torch=use(calls=100_000, flops=1e12)), "compute", "3.9 of 4 processors", "a GPU"),
        (cell(torch=use(calls=1_000, flops=1e9)), "compute", "3.9 of 4 processors", "a GPU"),
        (cell(torch=use(gpu_s=9.0)), "compute", "busy 90%", "bf16"),
        (cell(torch=use(gpu_s=2.0)), "compute", "waits for Python", "larger batch"),
        (cell(torch=use(gpu_peak=19, gpu_memory=20)), "memory", "95% of the GPU", "checkpointed"),
    ],
)
def test_each_bound_has_its_reason_and_its_knob(measured: CellProfile, bound: str, reason: str, knob: str) -> None:
    found = judge(measured, CPUS, MEMORY)
    assert found.bound == bound
    assert reason in found.reason
    assert knob in found.knob
    assert found.cell == 0


def test_the_longest_operation_is_named() -> None:
    operations = (Operation(name="aten::mm", calls=3, cpu_s=2.0, gpu_s=0.0),)
    assert "aten::mm" in judge(cell(torch=use(operations=operations)), CPUS, MEMORY).knob


def test_a_run_is_judged_by_the_cell_that_took_longest() -> None:
    cells = [judged(each, CPUS, MEMORY) for each in (cell(0), cell(1, seconds=60.0, cpu_s=0.0), cell(2, seconds=0.01))]
    found = profile_of(cells, CPUS, MEMORY, ())
    assert found.verdict == cells[1].verdict
    assert isinstance(found.verdict, Verdict)
    assert (found.verdict.cell, found.verdict.bound) == (1, "data")
    assert cells[2].verdict is None
    assert profile_of((), CPUS, MEMORY, ()).verdict is None
