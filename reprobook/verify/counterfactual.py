"""What a restored setting was good for: the replay again, with the setting as it was found."""

from __future__ import annotations

from collections.abc import Sequence

from reprobook.verify.causes.scene import Knowledge
from reprobook.verify.compare import Source, compare
from reprobook.verify.laboratory import Conditions, Laboratory
from reprobook.verify.model import Divergence, Pin
from reprobook.verify.pair import Pair
from reprobook.verify.restore import pins_of

# Libraries that compute on BLAS, by the beginning of the kind of their values.
_ON_BLAS = ("numpy", "pandas", "sklearn", "scipy")


def counterfactual(
    known: Knowledge, laboratory: Laboratory, source: Source, pinned: Sequence[Pin]
) -> tuple[Divergence, ...]:
    """Return, for each setting that had to be restored, the first cell that goes another way without it.

    The replay with the setting restored agreed with the recorded run: that is the other half of the proof.
    """
    found: dict[int | None, Divergence] = {}
    for pin in pinned:
        others = tuple(each for each in pinned if each is not pin)
        title = f"with {pin.setting} as it was found"
        outcomes = laboratory.replays(Conditions(pins=pins_of(others)), known, title, times=1)
        comparison = compare(known.original, outcomes[0].trace, source) if outcomes else None
        if comparison and (first := comparison.first):
            pair = None if first.cell is None else comparison.pairs.get(first.cell)
            found.setdefault(first.cell, _accused(first, pin, _cause(first, pair, pin)))
    return tuple(sorted(found.values(), key=lambda each: (each.cell is None, each.cell or 0)))


def _cause(divergence: Divergence, pair: Pair | None, pin: Pin) -> str:
    """Return the setting's label; threads count for the library whose numbers they changed first."""
    if not pin.cause.startswith("thread_count") or pair is None:
        return pin.cause
    kinds = {pair.original.writes[name].kind for name in divergence.names if name in pair.original.writes}
    if any(kind.startswith("torch") for kind in kinds):
        return "thread_count.torch"
    return "thread_count.blas" if any(kind.startswith(_ON_BLAS) for kind in kinds) else pin.cause


def _accused(divergence: Divergence, pin: Pin, cause: str) -> Divergence:
    """Return a divergence with the setting that brings it about."""
    evidence = f"{pin.setting} was {pin.recorded} when the run was recorded; with {pin.found} the results differ"
    return divergence.model_copy(
        update={
            "cause": cause,
            "confirmed": True,
            "evidence": f"{evidence} ({divergence.evidence})",
            "fix": f"Set {pin.setting} in the notebook or the environment of its kernel, or make it a parameter.",
        }
    )
