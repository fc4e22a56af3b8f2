"""What a promotion is asked for beyond the notebook itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["plain", "hydra", "fabric"]
Launcher = Literal["slurm", "ray", "k8s", "docker"]
STYLES: tuple[Style, ...] = ("plain", "hydra", "fabric")
LAUNCHERS: tuple[Launcher, ...] = ("slurm", "ray", "k8s", "docker")


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """How a job is to be written.

    Attributes:
        style: ``plain`` (argparse), ``hydra``, or ``fabric`` (argparse, and Lightning Fabric for many processes).
        launchers: The schedulers to write a job file for.
        keep: Cells to keep whatever the analysis says: 0-based indices among the code cells, or cell ids.
        resume: Write checkpoints in the training loops.
        seeds: The seeds to prove the script for, beside that of the run.
        force: Replace what another notebook, or a hand, left in the folder.
        trust: Execute the code of an imported run.
    """

    style: Style = "plain"
    launchers: tuple[Launcher, ...] = ()
    keep: tuple[str, ...] = ()
    resume: bool = False
    seeds: tuple[int, ...] = ()
    force: bool = False
    trust: bool = False
