"""How far two runs lie apart in one variable: in absolute terms and in units in the last place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobook.verify.model import Distance

# Bits of the integers that order floating-point numbers of a size in bytes.
_INTEGERS = {2: "int16", 4: "int32", 8: "int64"}


def distances(names: tuple[str, ...], left: Path, right: Path) -> tuple[Distance, ...]:
    """Compare the numbers that two experiments saved; names saved by one side only are left out."""
    found = (distance(name, left / f"{name}.npy", right / f"{name}.npy") for name in names)
    return tuple(each for each in found if each is not None)


def distance(name: str, left: Path, right: Path) -> Distance | None:
    """Compare the flat arrays of numbers in two files; None if one is missing."""
    import numpy as np  # noqa: PLC0415  # only a diagnosis that measured needs it

    if not (left.exists() and right.exists()):
        return None
    a, b = (np.load(path, allow_pickle=False) for path in (left, right))
    if a.shape != b.shape or a.dtype != b.dtype:
        return Distance(name=name, count=max(a.size, b.size), size=a.size)
    unlike = (a != b) & ~((a != a) & (b != b))  # noqa: PLR0124  # NaN is as good as NaN
    with np.errstate(all="ignore"):
        gaps = np.abs(a[unlike].astype("float64") - b[unlike].astype("float64"))
    finite = np.isfinite(gaps)
    return Distance(
        name=name,
        count=int(unlike.sum()),
        size=int(a.size),
        max_abs=float(gaps[finite].max()) if finite.any() else None if gaps.size else 0.0,
        max_ulp=_max_ulp(np, a[unlike], b[unlike]) if a.dtype.kind == "f" else None,
    )


def _max_ulp(np: Any, a: Any, b: Any) -> int:
    """Return the largest number of representable values between two arrays (IEEE 754 orders them as integers)."""
    kind = _INTEGERS.get(a.dtype.itemsize)
    if kind is None or not a.size:
        return 0
    lowest = np.iinfo(kind).min
    left, right = (each.view(kind) for each in (a, b))
    # Python's integers: the distance of two doubles of unlike sign does not fit into 64 bits.
    ordered = (
        (int(lowest) - int(x) if x < 0 else int(x), int(lowest) - int(y) if y < 0 else int(y))
        for x, y in zip(left, right, strict=True)
    )
    return max(abs(x - y) for x, y in ordered)
