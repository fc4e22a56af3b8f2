"""What is measured of a run, as ``profile.json`` of its folder holds it. Seconds and bytes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PROFILE = "profile.json"
Bound = Literal["compute", "data", "memory", "overhead"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")


class Verdict(_Entry):
    """What holds a cell up, why that is thought, and what to turn."""

    bound: Bound
    reason: str
    knob: str
    cell: int | None = None


class Operation(_Entry):
    """One operation of torch: its own time on the CPU and on the GPU, summed over all calls."""

    name: str
    calls: int
    cpu_s: float
    gpu_s: float


class TorchUse(_Entry):
    """What ``torch.profiler`` saw.

    Attributes:
        seconds: How long it looked; of a training cell the first steps of its optimizer.
        data_s: Time that the cell waited for its loaders.
        copy_s: Time of operations that only move memory, on the GPU where it is used.
        gpu_s: Time that the GPU was busy.
        workers: Whether loaders have worker processes; None without loaders.
        gpu_peak: Largest memory of tensors on the GPU; None where none was used.
        gpu_memory: Memory of the GPU; None where none was used.
        operations: The longest.
        calls: How many calls of operations it saw.
        flops: Floating-point operations of those calls, as far as torch has a formula for them (products of matrices,
            convolutions, sums and products by element).
    """

    seconds: float
    data_s: float = 0.0
    copy_s: float = 0.0
    gpu_s: float = 0.0
    workers: bool | None = None
    gpu_peak: int | None = None
    gpu_memory: int | None = None
    operations: tuple[Operation, ...] = ()
    calls: int = 0
    flops: float = 0.0


class CellProfile(_Entry):
    """One execution of a cell.

    Attributes:
        cell: Code index; None for a cell that is not in the notebook.
        seconds: On the clock.
        cpu_s: Of all processors, of the process and of children that ended.
        queued_s: Time that its threads were ready, and other processes had the processors.
        peak: Largest resident memory while it ran.
        grown: By how much resident memory is larger after it.
        torch: What torch did; None where it was not in use when the cell began.
        verdict: What holds it up; None for a cell that is too short to tell.
    """

    cell: int | None
    seconds: float
    cpu_s: float
    queued_s: float = 0.0
    peak: int
    grown: int
    torch: TorchUse | None = None
    verdict: Verdict | None = None

    @property
    def cores(self) -> float:
        """How many processors were busy on average."""
        return self.cpu_s / self.seconds if self.seconds > 0 else 0.0

    @property
    def wanted(self) -> float:
        """How many processors would have been busy, had nobody else wanted them."""
        return (self.cpu_s + self.queued_s) / self.seconds if self.seconds > 0 else 0.0


class Profile(_Entry):
    """A run.

    Attributes:
        cpus: Processors that the process may use.
        memory: Memory that it may use.
        cells: In order of execution.
        verdict: That of the cell that took longest; None where all are short.
        notes: What a reader must know.
    """

    schema_: Literal["reprobook.profile/1"] = Field(default="reprobook.profile/1", alias="schema")
    cpus: int
    memory: int
    cells: tuple[CellProfile, ...] = ()
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()
