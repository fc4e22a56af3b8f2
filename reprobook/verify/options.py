"""How a verification is done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reprobook.execute import Kernel, OnEvent, ignore
from reprobook.verify.tolerance import Tolerance


@dataclass(frozen=True, kw_only=True)
class VerifyOptions:
    """How a verification is done.

    Attributes:
        cwd: Working folder of the replay; default: that of the run.
        tolerance: Relative difference that metrics may have; None: bit by bit.
        diagnose: Prove the causes of divergences by experiments.
        kernel: Of the replay; experiments, which change what holds from the start of a process, have cold ones.
        trust: Execute the code of an imported run.
        on_event: Told of the progress.
    """

    cwd: Path | None = None
    tolerance: Tolerance | None = None
    diagnose: bool = False
    kernel: Kernel = "cold"
    trust: bool = False
    on_event: OnEvent = ignore
