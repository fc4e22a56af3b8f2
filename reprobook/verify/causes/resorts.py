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

# The calls of a trace that show where it was.
_SEEN_AS = {"wall_clock": ("clock",), "os_entropy": ("entropy", "unseeded")}
_MOST_PLACES = 3


def suspects(scene: Scene) -> Iterator[Suspect]:
    """Suspect what differs in every process, if the cell went another way without any sign of why."""
    if scene.pair is None or not (scene.pair.writes or scene.pair.outputs):
        return
    for cause, weight, what, fix in _RESORTS:
        yield Suspect(
            cause=cause,
            evidence=f"nothing that cell {scene.cell} read differs; {what}{_places(scene, cause)}",
            fix=fix,
            weight=weight,
            experiment=experiment_for(cause),
        )


def _places(scene: Scene, cause: str) -> str:
    """Name the lines of the cell that were seen to ask."""
    pairs = scene.calls(*_SEEN_AS.get(cause, ("none",)))
    seen = {(call.line or 0, call.target) for pair in pairs for call in pair if call}
    return "".join(f"; line {line or 'unknown'}: `{target}`" for line, target in sorted(seen)[:_MOST_PLACES])
