"""What is known of a notebook beyond its text: what a run saw, and what its author asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from reprobook.promote.cell_flow import Observed


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What decides a plan beside the notebook.

    Attributes:
        observed: What a run saw of each cell, by code index; sharpens the analysis.
        kinds: The qualified types of the variables that each cell bound, by code index and name.
        shown: The names of the metrics that each cell showed (printed, or as its last expression), by code index, in
            a run without ``rb.log`` and ``rb.save``. None if nothing ran: then promotion guesses.
        keep: Code indices of cells to keep whatever the analysis says.
        resume: Whether the script is to write checkpoints, and to go on from them.
        opaque: The variables whose content the run could not see as a whole.
        seed: The seed that reprobook itself set in the run; None if it set none.
        seeds: Whether the script is to be proved for other seeds, too: then it takes one.
        deterministic: Whether it asked for deterministic kernels.
        installed: The distributions of the run's environment; empty if they are not known.
        fixed: Parameters that the code cannot do with another value: they stay constants.
        figures: Whether figures of what training made are to be kept.
        device: What ``rb.device()`` was to give: ``auto``, ``cpu``, ``cuda`` or ``mps``.
    """

    observed: Mapping[int, Observed] = field(default_factory=dict)
    kinds: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    shown: Mapping[int, Collection[str]] | None = None
    keep: Collection[int] = frozenset()
    resume: bool = False
    opaque: Collection[str] = frozenset()
    seed: int | None = None
    seeds: bool = False
    deterministic: bool = False
    device: str = "auto"
    installed: Collection[str] = ()
    fixed: Collection[str] = frozenset()
    figures: bool = True
