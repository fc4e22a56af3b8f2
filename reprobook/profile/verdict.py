"""What holds a cell up: compute, data, memory or overhead, and the knob to turn. Pure.

The thresholds are those of a reader of profiles, not of a theory: a third of the time spent waiting is worth a change,
nine tenths of the memory is the end of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobook.profile.model import Bound, CellProfile, Profile, TorchUse, Verdict

_SHORTEST = 0.2  # seconds
_NEARLY_FULL = 0.9
_WORTH_IT = 0.3
_BUSY = 0.6
_IDLE_CORES = 0.5
_OTHERS = 0.2
# An operation costs Python and torch some 10 microseconds whatever it computes, in which a core does 100,000 additions.
_MANY_CALLS = 1000  # a second
_FEW_FLOPS = 1e9  # a second


def judged(cell: CellProfile, cpus: int, memory: int) -> CellProfile:
    """Return a cell with its verdict; one that is too short gets none."""
    if cell.seconds < _SHORTEST:
        return cell
    return cell.model_copy(update={"verdict": judge(cell, cpus, memory)})


def judge(cell: CellProfile, cpus: int, memory: int) -> Verdict:
    """Say what holds a cell up; ``memory`` is what the process may use, in bytes."""
    for rule in (_full_memory, _waits_for_data, _moves_memory, _overhead, _gpu):
        for bound, reason, knob in rule(cell, memory):
            return Verdict(bound=bound, reason=reason, knob=knob, cell=cell.cell)
    bound, reason, knob = _processors(cell, cpus)
    return Verdict(bound=bound, reason=reason, knob=knob, cell=cell.cell)


def profile_of(cells: Sequence[CellProfile], cpus: int, memory: int, notes: Sequence[str]) -> Profile:
    """Return the profile of a run; its verdict is that of the cell that took longest."""
    longest = max(cells, key=lambda each: each.seconds, default=None)
    verdict = longest.verdict if longest else None
    return Profile(cpus=cpus, memory=memory, cells=tuple(cells), verdict=verdict, notes=tuple(notes))


Finding = tuple[Bound, str, str]


def _full_memory(cell: CellProfile, memory: int) -> Iterator[Finding]:
    use = cell.torch
    if use and use.gpu_peak and use.gpu_memory and use.gpu_peak > _NEARLY_FULL * use.gpu_memory:
        share = f"{use.gpu_peak / use.gpu_memory:.0%} of the GPU's memory was in use"
        yield "memory", share, "a smaller batch, bf16 instead of float32, or checkpointed activations"
    if cell.peak > _NEARLY_FULL * memory:
        share = f"{cell.peak / memory:.0%} of the memory was in use"
        yield "memory", share, "a smaller batch, a smaller dtype, or data that is read piece by piece"


def _waits_for_data(cell: CellProfile, _: int) -> Iterator[Finding]:
    use = cell.torch
    if use is None or use.seconds <= 0 or use.data_s < _WORTH_IT * use.seconds:
        return
    share = f"{use.data_s / use.seconds:.0%} of the time went by waiting for the DataLoader"
    if use.workers:
        yield "data", share, "more num_workers, persistent_workers=True, or data that is decoded once and kept"
    else:
        yield (
            "data",
            share,
            "num_workers > 0 (give workers a seed: worker_init_fn), or tensors made once before the loop",
        )


def _moves_memory(cell: CellProfile, _: int) -> Iterator[Finding]:
    use = cell.torch
    if use is None or use.seconds <= 0 or use.copy_s < _WORTH_IT * use.seconds:
        return
    share = f"{use.copy_s / use.seconds:.0%} of the time only moves memory (copy, clone, cat)"
    knob = "keep data on the GPU, pin_memory=True with non_blocking=True" if use.gpu_s else "fewer copies, in-place ops"
    yield "memory", share, f"{knob}, or a smaller dtype"


def _overhead(cell: CellProfile, _: int) -> Iterator[Finding]:
    """See many calls that compute next to nothing: faster processors or a GPU would not help."""
    use = cell.torch
    if use is None or use.seconds <= 0 or use.gpu_s > 0 or use.calls < _MANY_CALLS * use.seconds:
        return
    if 0 < use.flops < _FEW_FLOPS * use.seconds:
        said = f"{use.calls / use.seconds:,.0f} operations a second, of {use.flops / use.calls:,.0f} flops each"
        knob = "a larger batch; else fewer, larger operations or torch.compile; a GPU would be slower"
        yield "overhead", f"{said}: Python and the start of each take the time", knob


def _gpu(cell: CellProfile, _: int) -> Iterator[Finding]:
    use = cell.torch
    if use is None or use.gpu_s <= 0 or use.seconds <= 0:
        return
    busy = use.gpu_s / use.seconds
    if busy >= _BUSY:
        yield "compute", f"the GPU was busy {busy:.0%} of the time", "precision: bf16 by autocast, TF32; torch.compile"
    else:
        said = f"the GPU was busy {busy:.0%} of the time: it waits for Python to start its work"
        yield "compute", said, "a larger batch, torch.compile, or fewer small operations"


def _processors(cell: CellProfile, cpus: int) -> Finding:
    """Judge by the processors, where no GPU works."""
    busy = f"{cell.cores:.1f} of {cpus} processors were busy"
    if cell.wanted - cell.cores > _OTHERS:
        busy += ", others had the rest"
    if cell.wanted < _IDLE_CORES:
        return "data", f"{busy}: it waits for a disk, a network or a sleep", "keep what is fetched, or fetch it before"
    if cell.wanted >= _BUSY * cpus:
        return "compute", busy, f"device: a GPU; else precision, or fewer operations{_main_operation(cell.torch)}"
    return (
        "compute",
        busy,
        f"threads: operations over whole arrays, a larger batch, n_jobs{_main_operation(cell.torch)}",
    )


def _main_operation(use: TorchUse | None) -> str:
    """Name the operation of torch that took longest."""
    return f" (most time: {use.operations[0].name})" if use and use.operations else ""
