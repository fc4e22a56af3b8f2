"""Suspects of last resort: experiments worth trying where the evidence names nobody."""

from __future__ import annotations

from collections.abc import Iterator

from reprobook.verify.causes.experiments import experiment_for
from reprobook.verify.causes.scene import Scene
from reprobook.verify.suspect import Suspect

_RESORTS = (
    ("hash_randomization.set_order", 0.14, "the hash seed of Python differs in every process", "sorted(...) the set"),
    (
        "nondeterministic_kernel.torch",
        0.13,
        "it computes with torch, some of whose kernels add in any order",
        "torch.use_deterministic_algorithms(True)",
    ),
    ("wall_clock", 0.12, "a clock was read, directly or by a library", "do without the clock"),
    ("os_entropy", 0.11, "the operating system's random numbers were drawn, directly or by a library", "pass a seed"),
)


def suspects(scene: Scene) -> Iterator[Suspect]:
    """Suspect what differs in every process, if the cell went another way without any sign of why."""
    if scene.pair is None or not (scene.pair.writes or scene.pair.outputs):
        return
    for cause, weight, what, fix in _RESORTS:
        yield Suspect(
            cause=cause,
            evidence=f"nothing that cell {scene.cell} read differs; {what}",
            fix=fix,
            weight=weight,
            experiment=experiment_for(cause),
        )
