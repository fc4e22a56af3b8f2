"""Which cell of the notebook is it that runs now?"""

from __future__ import annotations

from collections.abc import Sequence


class CellMap:
    """Maps executed cells to code indices: by the id that front ends send, else by source.

    Of several cells with the same source, the next one after the last that ran is meant.
    """

    def __init__(self, sources: Sequence[str], cell_ids: Sequence[str | None] = ()) -> None:
        self._by_id = {cell_id: index for index, cell_id in enumerate(cell_ids) if cell_id}
        self._by_source: dict[str, list[int]] = {}
        for index, source in enumerate(sources):
            self._by_source.setdefault(source, []).append(index)
        self._last = -1

    def resolve(self, source: str, cell_id: str | None) -> int | None:
        """Return the code index of a cell; None for code that is no cell of the notebook."""
        if cell_id in self._by_id:
            return self._by_id[cell_id]
        candidates = self._by_source.get(source, [])
        return next((index for index in candidates if index > self._last), candidates[0] if candidates else None)

    def passed(self, index: int | None) -> None:
        """Note that a cell has ended."""
        if index is not None:
            self._last = index
