"""Runs that are deleted, with what only they needed: their replays, and the blobs that no other run names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reprobook.errors import InputError, IntegrityError
from reprobook.runs.files import naming
from reprobook.runs.folder import RunFolder
from reprobook.runs.liveness import is_dead
from reprobook.runs.model import RunRecord
from reprobook.runs.store import Store

_DIGEST = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ACTIVE = "status in ('pending', 'running')"


@dataclass(frozen=True)
class Doomed:
    """A run that is to go, how many bytes its folder has, and its record; None where that cannot be read."""

    run: RunFolder
    size: int
    record: RunRecord | None


def doomed(store: Store, runs: Iterable[RunFolder]) -> list[Doomed]:
    """Return runs with the replays of them, each once: what deleting them removes.

    Raises:
        InputError: If one of them is still going on.
    """
    chosen = {run.run_id: run for run in runs}
    replays = store.records("kind == 'replay'", sort="sequence")
    # A replay may be replayed itself; in the order in which they were made one look is enough.
    for replay in replays:
        if replay.parent in chosen:
            chosen.setdefault(replay.run_id, store.folder(replay.run_id))
    found = [Doomed(run, _size(run.path), _record(run)) for run in chosen.values()]
    for each in found:
        if each.record and not each.record.ended and not is_dead(each.record.owner):
            msg = f"run {each.run.run_id} is still {each.record.status}; nothing was deleted"
            raise InputError(msg, hint="Stop it first, or leave it out: --where \"status != 'running'\"")
    return found


def delete_runs(store: Store, going: Sequence[Doomed]) -> int:
    """Delete runs, then the blobs that no run needs any more; return how many bytes were freed.

    Raises:
        InputError: If one of them has been started again.
        StorageError: If the disk refuses.
    """
    freed = 0
    for each in going:
        store.delete(each.run)
        freed += each.size
    return freed + _free_blobs(store)


def _free_blobs(store: Store) -> int:
    """Remove blobs that no run of the store names; return their bytes.

    While a run is going on none is removed: it may be about to name one. The next deletion makes up for it.
    """
    with naming("delete blobs in", store.root), store.locked():
        if store.records(_ACTIVE, limit=1):
            return 0
        unneeded = set(store.blobs.digests())
        for name in store.names():
            if not unneeded:
                return 0
            unneeded -= set(_named(store.runs / name))
        paths = [store.blobs.path(digest) for digest in unneeded]
        freed = sum(path.stat().st_size for path in paths)
        for path in paths:
            path.unlink()
        return freed


def _named(folder: Path) -> Iterable[str]:
    """Yield whatever may be the name of a blob in the records of a run: trace, modules, history, data."""
    for path in folder.rglob("*.json*"):
        with suppress(OSError):
            yield from (digest.decode() for digest in _DIGEST.findall(path.read_bytes()))


def _record(run: RunFolder) -> RunRecord | None:
    """Return the record of a run; a damaged run can be deleted too."""
    try:
        return run.read_record()
    except IntegrityError:
        return None


def _size(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_symlink() or path.is_file())
