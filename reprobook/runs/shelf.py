"""The shelf: run folders that appear and go in one step each, so that nobody ever sees half a run."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from reprobook.runs.files import sync_folder, write_together
from reprobook.runs.folder import RunFolder
from reprobook.runs.model import RunRecord, record_bytes


class Shelf:
    """The folder of the runs; its owner holds the store's lock while it calls.

    What a killed process leaves under a hidden name (``.new-``, ``.deleted-``) is no run; ``fsck`` removes it.
    """

    def __init__(self, runs: Path) -> None:
        self._runs = runs

    def place(self, record: RunRecord, files: Mapping[str, bytes] = MappingProxyType({})) -> RunFolder:
        """Make the folder of a new run, its record in it, with other files, by name."""
        hidden = self._new()
        try:
            hidden.mkdir(mode=0o700)
            return self._show(hidden, record, files)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)

    def move_in(self, path: Path, record: RunRecord) -> RunFolder:
        """Move a folder here as the run of this record; it replaces one of the same id."""
        hidden, gone = self._new(), self._old(record.run_id)
        try:
            shutil.move(path, hidden)
            return self._show(hidden, record, gone=gone)
        finally:
            for left in (hidden, gone):
                shutil.rmtree(left, ignore_errors=True)

    def remove(self, run_id: str) -> None:
        """Remove a run's folder."""
        hidden = self._old(run_id)
        (self._runs / run_id).rename(hidden)
        self._announce()
        shutil.rmtree(hidden)

    def _show(
        self,
        hidden: Path,
        record: RunRecord,
        files: Mapping[str, bytes] = MappingProxyType({}),
        gone: Path | None = None,
    ) -> RunFolder:
        """Give a complete folder its name; what has that name goes to ``gone``."""
        final = self._runs / record.run_id
        contents = {hidden / name: data for name, data in files.items()}
        write_together({**contents, hidden / "run.json": record_bytes(record)})
        if gone is not None and final.exists():
            final.rename(gone)
        hidden.rename(final)
        self._announce()
        return RunFolder(final)

    def _new(self) -> Path:
        return self._runs / f".new-{secrets.token_hex(8)}"

    def _old(self, run_id: str) -> Path:
        return self._runs / f".deleted-{run_id}-{secrets.token_hex(4)}"

    def _announce(self) -> None:
        """Make a new or removed folder durable and visible to the index.

        File systems keep time in ticks of milliseconds: two changes in one tick would look like one.
        """
        now = time.time_ns()
        os.utime(self._runs, ns=(now, now))
        sync_folder(self._runs)
