"""Measures the cells of an IPython shell."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from reprobook.profile import meter
from reprobook.profile.model import CellProfile, Profile
from reprobook.profile.torch_profiler import TorchProfiler
from reprobook.profile.verdict import judged, profile_of


class ShellProfile:
    """Measures from ``attach_end`` and ``attach_begin`` to ``detach``.

    There are two, so that a recorder can be attached between them: it then begins before this, and ends after it, and
    what it costs is not measured.

    Args:
        shell: The ``InteractiveShell``.
        cell: Gives the code index of the cell that runs.
        on_profile: Told of everything measured so far, after each cell.
    """

    def __init__(self, shell: Any, cell: Callable[[], int | None], on_profile: Callable[[Profile], None]) -> None:
        self._shell = shell
        self._cell = cell
        self._on_profile = on_profile
        self._cells: list[CellProfile] = []
        self._notes: list[str] = []
        self._open: tuple[Any, int | None, meter.Reading, TorchProfiler | None] | None = None
        self._cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._memory = meter.memory_limit()

    def attach_end(self) -> None:
        """Look at the end of each cell."""
        self._shell.events.register("post_run_cell", self._after)

    def attach_begin(self) -> None:
        """Look at the beginning of each cell."""
        self._shell.events.register("pre_run_cell", self._before)

    def detach(self) -> None:
        """Stop measuring."""
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)

    def _before(self, info: Any) -> None:
        if info.silent or not info.store_history or self._open is not None:
            return
        follower = None
        try:
            follower = TorchProfiler.follow(info.raw_cell)
        except Exception as error:  # noqa: BLE001 - the boundary to a profiler: it must not end the cell
            self._note(f"torch.profiler could not begin: {type(error).__name__}: {error}")
        self._open = (info, self._cell(), meter.start(), follower)

    def _after(self, result: Any) -> None:
        if self._open is None or (result is not None and result.info is not self._open[0]):
            return
        (_, index, before, follower), self._open = self._open, None
        after = meter.read()
        use = None
        try:
            use = follower.end() if follower else None
        except Exception as error:  # noqa: BLE001 - the boundary to a profiler: it must not end the cell
            self._note(f"torch.profiler could not end: {type(error).__name__}: {error}")
        measured = CellProfile(
            cell=index,
            seconds=after.clock - before.clock,
            cpu_s=max(0.0, after.cpu - before.cpu),
            queued_s=max(0.0, after.queued - before.queued),
            peak=after.peak,
            grown=after.resident - before.resident,
            torch=use,
        )
        self._cells.append(judged(measured, self._cpus, self._memory))
        self._on_profile(profile_of(self._cells, self._cpus, self._memory, self._notes))

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)
