"""Whether a divergence is one of rounding, so that a tolerance may pass over it.

Metrics may agree by luck: of two random splits, both may score alike. A tolerance is for the same computation, rounded
otherwise; so each cell that differs by itself must differ in its numbers only, and by little.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from reprobook.verify.causes.scene import Knowledge
from reprobook.verify.laboratory import Conditions, Laboratory
from reprobook.verify.model import UNKNOWN, Divergence

# Causes that do nothing but round otherwise.
_ROUNDING = (
    "nondeterministic_kernel",
    "thread_reduction",
    "thread_count",
    "cpu_dispatch",
    "blas_vendor",
    "precision_mode",
    "fp_environment",
    "compiled_kernel",
    "cudnn_autotune",
    "device_changed",
    "env_drift",
)
# Causes that bring in other data or code: two replays agree, and tell nothing.
_CONTENT = ("data_drift", "leftover_file", "checkpoint", "module_edited", "hidden_state", "stale_", "derived_parameter")


def by_luck(
    found: Iterable[Divergence], metrics: Collection[str], is_close: Callable[[Divergence], bool]
) -> Divergence | None:
    """Return the first divergence that is no matter of rounding, although the metrics agree; None if all are.

    Args:
        found: The independent divergences, with their causes.
        metrics: Names of the metrics, which were compared by themselves.
        is_close: Tells, by experiment, whether the variables of a divergence differ by little.
    """
    for each in found:
        if each.cause.startswith(_ROUNDING) or (each.names and set(each.names) <= set(metrics)):
            continue
        if each.cause.startswith(_CONTENT) or not is_close(each):
            return each
    return None


def is_close(
    divergence: Divergence, known: Knowledge, laboratory: Laboratory, conditions: Conditions, relative: float
) -> bool:
    """Tell by two replays whether the variables of a divergence are numbers that differ by little, if at all.

    Where the replays agree with each other, chance is not at work: then only another machine or environment may have
    rounded otherwise.
    """
    if divergence.cell is None or not divergence.values:
        return False
    where = divergence.cell, divergence.names
    title = "do the numbers differ by little?"
    outcomes = laboratory.replays(conditions, known, title, times=2, measured=where)
    if outcomes is None:
        return False
    left, right = (each.values for each in outcomes)
    gaps = [_gap(left / f"{name}.npy", right / f"{name}.npy") for name in divergence.names]
    if all(gap == 0.0 for gap in gaps):
        elsewhere = any(each.section in {"environment", "hardware"} for each in known.headers)
        return elsewhere or divergence.cause == UNKNOWN
    return all(gap is not None and gap <= relative for gap in gaps)


def luck_note(divergence: Divergence) -> str:
    """Say why a verdict is not within the tolerance although the metrics are."""
    where = "the results differ" if divergence.cell is None else f"cell {divergence.cell} differs"
    names = f" in {', '.join(divergence.names)}" if divergence.names else ""
    what = f"{where}{names} by more than rounding ({divergence.cause})"
    return f"the metrics are within the tolerance by luck: {what}"


def _gap(left: Path, right: Path) -> float | None:
    """Return the largest difference of two saved arrays in relation to their largest number; None: no such numbers."""
    import numpy as np  # noqa: PLC0415  # only a tolerance that was asked for needs it

    if not (left.exists() and right.exists()):
        return None
    a, b = (np.load(path, allow_pickle=False) for path in (left, right))
    if a.shape != b.shape or a.dtype != b.dtype:
        return None
    if np.array_equal(a, b, equal_nan=True):
        return 0.0
    return _relative(np, a, b) if a.dtype.kind == "f" else None


def _relative(np: Any, a: Any, b: Any) -> float | None:
    """Return the largest difference of two arrays of floats in relation to the largest of them."""
    finite = np.isfinite(a) & np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return None
    if not finite.any():
        return 0.0
    left, right = a[finite].astype("float64"), b[finite].astype("float64")
    return float(np.abs(left - right).max() / max(np.abs(left).max(), np.abs(right).max()))
