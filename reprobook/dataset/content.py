"""What rows hold: numbers or texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blake3 import blake3

from reprobook.errors import InputError


@dataclass(frozen=True)
class Content:
    """Rows of numbers (an array of shape ``(rows, columns)``), or texts."""

    numbers: Any = None
    texts: tuple[str, ...] = ()

    def digests(self) -> list[bytes]:
        """Return what tells equal rows from others."""
        if self.numbers is None:
            return [blake3(text.encode("utf-8", "surrogatepass")).digest(16) for text in self.texts]
        # Zero added: -0.0 is 0.0.
        return [blake3((row + 0.0).tobytes()).digest(16) for row in self.numbers]


@dataclass(frozen=True)
class Near:
    """Pairs of rows that are nearly equal, and how they were found or why they were not looked for."""

    pairs: tuple[tuple[int, int], ...]
    how: str
    looked: bool = True


def read_content(content: Any, count: int) -> Content:
    """Read rows of any kind: arrays and tensors by number, frames by column, anything else as text.

    Raises:
        InputError: If there are more or fewer rows than ids.
    """
    import numpy as np  # noqa: PLC0415  # takes a while to import

    if len(content) != count:
        msg = f"rows= has {len(content)} rows for {count} ids"
        raise InputError(msg, hint="Give what the rows hold, in the order of the ids.")
    if hasattr(content, "select_dtypes"):  # a frame
        if content.select_dtypes("number").shape[1] == content.shape[1]:
            return Content(numbers=content.to_numpy(dtype=float))
        return Content(texts=tuple("\x1f".join(map(str, row)) for row in content.itertuples(index=False)))
    if all(isinstance(item, str) for item in content):
        return Content(texts=tuple(content))
    array = np.asarray(content)
    if array.dtype.kind not in "biuf":
        return Content(texts=tuple(map(repr, content)))
    return Content(numbers=np.ascontiguousarray(array.reshape(count, -1), dtype=float))
