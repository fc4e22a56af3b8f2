"""What identifies a row: an id, read as bytes that do not depend on the process, the library or the order."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from blake3 import blake3

from reprobook.errors import InputError

_SCHEME = b"reprobook.split/1"


def column(values: Iterable[Any]) -> list[Any]:
    """Return a column (a list, range, array, Series or Index) as plain Python values.

    Times of numpy and pandas become text, as a resolution in nanoseconds or seconds is no part of a moment.
    """
    if getattr(getattr(values, "dtype", None), "kind", "") in {"M", "m"}:
        texts = [str(value).removesuffix(".000000000") for value in _array(values).astype("datetime64[ns]")]
        return [None if text == "NaT" else text for text in texts]
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    return list(listed)


def _array(values: Any) -> Any:
    import numpy as np  # noqa: PLC0415  # takes a while to import

    return np.asarray(values)


def canonical(value: Any) -> bytes:
    """Return an id as bytes, types kept apart; whole floats count as integers, as a column with gaps has them.

    Raises:
        InputError: If the type is not one whose text is the same everywhere.
    """
    if isinstance(value, tuple | list):
        parts = [canonical(item) for item in value]
        return b"t" + b"".join(b"%d:%b" % (len(part), part) for part in parts)
    if isinstance(value, bytes):
        return b"b" + value
    if isinstance(value, str | date | UUID):  # a datetime is a date
        text = value.isoformat() if isinstance(value, date) else str(value)
        return b"s" + text.encode("utf-8", "surrogatepass")
    if value is None or isinstance(value, bool | int | float):
        return _number(value)
    if hasattr(value, "item"):  # a number of numpy among objects
        return canonical(value.item())
    msg = f"an id of type {type(value).__name__} cannot be split by: its bytes differ from process to process"
    raise InputError(msg, hint="Use numbers, text, bytes, dates or tuples of these as ids.")


def _number(value: float | None) -> bytes:
    if value is None or isinstance(value, bool):
        return repr(value).encode()
    if isinstance(value, float) and not value.is_integer():
        return b"f" + repr(value).encode()
    return b"i%d" % int(value)


def digest(value: Any) -> bytes:
    """Return 16 bytes that stand for an id."""
    return blake3(canonical(value)).digest(16)


def place(value: Any, seed: int) -> float:
    """Return where an id falls between 0 and 1, the same wherever and among whatever rows it is asked."""
    number = int.from_bytes(blake3(_SCHEME + b"%d:" % seed + canonical(value)).digest(8), "big")
    # 53 bits, which a float holds exactly: never 1.
    return (number >> 11) * 2.0**-53
