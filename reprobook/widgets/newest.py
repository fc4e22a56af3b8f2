"""The sweep that a panel takes up when it opens."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

from reprobook.errors import ReprobookError
from reprobook.runs import Store
from reprobook.sweep.handle import SweepHandle, sweeps

_LOOKED_AT = 100


def newest_sweep(store: Store, notebook: Path) -> SweepHandle | None:
    """Return the newest sweep of a notebook that is driven now, else the newest one; None if there is none."""
    own: list[SweepHandle] = []
    for handle in islice(sweeps(store), _LOOKED_AT):
        with suppress(ReprobookError):  # a damaged plan is none that can be taken up
            if handle.record().notebook == str(notebook.resolve()):
                own.append(handle)
    return next((handle for handle in own if handle.alive), own[0] if own else None)
