"""The store: a folder of runs. Files are the truth; ``index.sqlite`` is a cache of them."""

from __future__ import annotations

import difflib
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from reprobook.errors import InputError, IntegrityError
from reprobook.runs import layout, seal
from reprobook.runs.blobs import Blobs
from reprobook.runs.files import StorageError, is_inside, locked, naming, write_atomic
from reprobook.runs.folder import RunFolder, relocated
from reprobook.runs.foreign import as_foreign
from reprobook.runs.ids import check_id, is_id, new_id
from reprobook.runs.index import Corrupt, Index
from reprobook.runs.liveness import current_owner, is_dead
from reprobook.runs.model import NewRun, RunError, RunRecord
from reprobook.runs.query import Query
from reprobook.runs.shelf import Shelf

# Folders into which runs are unpacked.
INCOMING = ".incoming-"


class Store:
    """All runs below one folder; nothing is created before the first run is."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.runs = self.root / "runs"
        self.blobs = Blobs(self.root / "blobs")
        self.index = Index(self.root / "index.sqlite", self.runs)
        self._shelf = Shelf(self.runs)
        layout.check_schema(self.root)

    @classmethod
    def open(cls, explicit: Path | None, start: Path) -> Store:
        """Open ``explicit``, else ``$REPROBOOK_STORE``, else the store of the project around ``start``.

        Raises:
            InputError: If a newer release wrote the store, or its path begins with the home of nobody.
            IntegrityError: If ``store.json`` is damaged.
        """
        return cls(layout.store_root(explicit, start))

    def __repr__(self) -> str:
        return f"Store({str(self.root)!r})"

    def prepare(self) -> None:
        """Make the folders of the store, if they are not there yet."""
        layout.prepare(self.root, self.runs, self.blobs.root)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from adding or removing runs."""
        with locked(self.root / "store.lock", 60):
            yield

    def create(
        self,
        new: NewRun | None = None,
        files: Mapping[str, bytes] = MappingProxyType({}),
        *,
        status: Literal["pending", "running"] = "pending",
    ) -> RunFolder:
        """Create the folder of a new run, its record in place from the first moment; this process owns it.

        Args:
            new: What is known of it.
            files: What is in the folder from the first moment on, by name.
            status: Whether it goes on already.

        Raises:
            StorageError: If the disk refuses.
        """
        with naming("create a run in", self.root):
            self.prepare()
            with self.locked():
                run_id = self._unused_id()
                record = RunRecord(
                    **dict(new or NewRun()),
                    run_id=run_id,
                    status=status,
                    run_dir=str(self.runs / run_id),
                    created=datetime.now(UTC).isoformat(timespec="milliseconds"),
                    sequence=self._next_sequence(),
                    owner=current_owner(),
                )
                return self._shelf.place(record, files)

    def reserve(self, record: RunRecord) -> RunFolder:
        """Make a folder for a run that goes on in another store, under its own id, until it is adopted from there.

        This process answers for it: if that dies, the run counts as interrupted.

        Raises:
            InputError: If there is such a run already.
        """
        with naming("create a run in", self.root):
            self.prepare()
            with self.locked():
                final = self.runs / check_id(record.run_id)
                if final.exists():
                    msg = f"there is a run {record.run_id} in {self.root} already"
                    raise InputError(msg, hint="`reprobook show` tells what it is.")
                changes = {"run_dir": str(final), "sequence": self._next_sequence(), "owner": current_owner()}
                return self._shelf.place(relocated(record, final).model_copy(update={**changes, "status": "running"}))

    def adopt(self, run: RunFolder, foreign: str | None = None) -> RunFolder:
        """Take over a sealed run of another store, under its own id, with its blobs; it is moved, not copied.

        ``foreign`` says where it came from, if that is no machine of ours: it then belongs to no sweep or run of this
        store, names no path of it, and is not executed without being trusted. It replaces the folder that was reserved
        for it. One that is here already, the same to the last file, stays.

        Raises:
            IntegrityError: If it is not as it was sealed, or has not ended.
            InputError: If another run has its id.
        """
        record = run.check_integrity()
        if not record.ended:
            msg = f"run {run.run_id} has not ended"
            raise IntegrityError(msg, hint="Adopt it when it has.")
        with naming("adopt a run into", self.root):
            self.prepare()
            for digest in run.blobs.digests():
                self.blobs.put(run.blobs.read(digest))
            with self.locked():
                return self._take(run, record if foreign is None else as_foreign(record, foreign))

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """Give an empty folder to unpack a run into; whatever is left in it goes when the block ends.

        If this process is killed, `fsck --repair` removes the folder: its lock is held only as long as it lives.
        """
        self.prepare()
        with ExitStack() as stack:
            with naming("make a folder in", self.root), self.locked():
                place = self.root / f"{INCOMING}{secrets.token_hex(8)}"
                place.mkdir(mode=0o700)
                stack.callback(shutil.rmtree, place, ignore_errors=True)
                stack.enter_context(locked(place / seal.LOCK, 1))
                (place / "store").mkdir(mode=0o700)
            yield place / "store"

    def _take(self, run: RunFolder, record: RunRecord) -> RunFolder:
        """Move a run into its place; only called under the lock."""
        final = self.runs / run.run_id
        reserved = RunFolder(final).read_record() if final.exists() else None
        if reserved is not None and reserved.ended:
            if reserved.files == record.files:
                return RunFolder(final)
            msg = f"there is another run {run.run_id} in {self.root}"
            raise InputError(msg, hint="`reprobook diff` tells how they differ.")
        sequence = reserved.sequence if reserved else self._next_sequence()
        moved = relocated(record, final).model_copy(update={"sequence": sequence})
        return self._shelf.move_in(run.path, moved)

    def _unused_id(self) -> str:
        """Return an id that no run has; only called under the lock."""
        while (self.runs / (run_id := new_id())).exists():
            pass
        return run_id

    def _next_sequence(self) -> int:
        """Count the runs of this store; only called under the lock. A lost counter goes on after the newest run."""
        file = self.root / "sequence"
        try:
            last = int(file.read_text())
        except (OSError, ValueError):
            newest = self.index.records(Query(limit=1))
            last = newest[0].sequence if newest else 0
        # Not durable, to save two fsyncs a run: after a power loss two runs may share a number, nothing is lost.
        write_atomic(file, str(last + 1).encode(), durable=False)
        return last + 1

    def records(self, where: str | None = None, sort: str | None = None, limit: int | None = None) -> list[RunRecord]:
        """List runs, newest first unless ``sort`` (a field, parameter or metric; ``-`` before it for descending).

        Runs whose process has died are marked as interrupted first.

        Raises:
            InputError: If ``where`` or ``sort`` cannot be understood.
        """
        dead = self.mark_dead()
        return _without_dead(self.index.records(Query(where, sort or "-sequence", limit)), dead)

    def page(self, query: Query, offset: int = 0) -> tuple[int, list[RunRecord]]:
        """Return the number of runs that match and one page of them, of ``query.limit`` runs from ``offset`` on.

        Raises:
            InputError: If ``where`` or ``sort`` cannot be understood.
        """
        dead = self.mark_dead()
        total, found = self.index.page(query, offset)
        return total, _without_dead(found, dead)

    def corrupt(self) -> list[Corrupt]:
        """List the runs whose record cannot be read."""
        return self.index.corrupt()

    def whence(self, digest: str) -> list[tuple[str, str]]:
        """Return run id and path of each file with this SHA-256 that a run was sealed with, oldest run first."""
        return self.index.sealed(digest)

    def dead(self) -> list[str]:
        """Return the ids of runs that have not ended although their process has provably died."""
        active = self.index.records(Query("status in ('pending', 'running')"))
        return [record.run_id for record in active if is_dead(record.owner)]

    def mark_dead(self) -> list[str]:
        """Rewrite runs whose process has provably died as interrupted; return their ids."""
        dead = self.dead()
        for run_id in dead:
            # A store we may only read cannot be corrected by us; damage is reported by `corrupt`.
            with suppress(StorageError, OSError, IntegrityError):
                _interrupt(RunFolder(self.runs / run_id))
        return dead

    def folder(self, run_id: str) -> RunFolder:
        """Return the folder of the run with exactly this id.

        Raises:
            InputError: If there is none.
        """
        if not is_id(run_id) or not (self.runs / run_id).is_dir():
            raise self._unknown(run_id)
        return self._checked(self.runs / run_id)

    def resolve(self, text: str) -> RunFolder:
        """Find a run by ``latest`` (replays do not count), id, unique beginning of one, or folder.

        Raises:
            InputError: If there is none, or more than one.
            IntegrityError: If the folder is a link.
        """
        if text == "latest":
            newest = self.records(where="kind != 'replay'", limit=1)
            if not newest:
                msg = f"there is no run in {self.root} yet"
                raise InputError(msg, hint="Make one: reprobook run NOTEBOOK")
            return self.folder(newest[0].run_id)
        if is_id(text) and (self.runs / text).is_dir():
            return self.folder(text)
        matches = sorted(name for name in self.names() if text and name.startswith(text))
        if len(matches) > 1:
            msg = f"{text!r} is the beginning of {len(matches)} runs: {', '.join(matches[:5])}"
            raise InputError(msg + (" …" if len(matches) > 5 else ""), hint="Type more of the id.")  # noqa: PLR2004
        if matches:
            return self.folder(matches[0])
        return self._by_path(text)

    def _by_path(self, text: str) -> RunFolder:
        """Take a run's folder named by its path."""
        try:
            path = Path(text).expanduser()
            found = (path / "run.json").is_file()
        except (ValueError, OSError, RuntimeError):
            found = False
        if not found:
            raise self._unknown(text)
        return self._checked(path.absolute())

    def _checked(self, path: Path) -> RunFolder:
        """Refuse a run folder that is a link: it would lead out of the store."""
        if path.is_symlink():
            msg = f"{path.name}: the run folder is a link"
            raise IntegrityError(msg, hint="Replace the link by the folder it points to.")
        return RunFolder(path)

    def _unknown(self, text: str) -> InputError:
        """Return the error for a run that is not there, with the closest id."""
        close = difflib.get_close_matches(text, list(self.names()), n=1, cutoff=0.6)
        hint = f"Did you mean {close[0]}?" if close else "`reprobook runs` lists the runs of this store."
        return InputError(f"no run {text!r} in {self.root}", hint=hint)

    def names(self) -> list[str]:
        """Return the ids of all run folders, readable or not."""
        return [path.name for path in self.runs.iterdir() if is_id(path.name)] if self.runs.is_dir() else []

    def delete(self, run: RunFolder) -> None:
        """Remove a run with all its files.

        Raises:
            InputError: If the folder is not in this store, or the run is still going on.
        """
        if run.path.is_symlink() or run.path.parent != self.runs or not is_inside(run.path, self.runs):
            msg = f"{run.path} is not a run of {self.root}"
            raise InputError(msg, hint="Name a run of this store; `reprobook runs` lists them.")
        with suppress(IntegrityError):
            record = run.read_record()
            if not record.ended and not is_dead(record.owner):
                msg = f"run {run.run_id} is still {record.status}"
                raise InputError(msg, hint="Stop it first.")
        with naming("delete", run.path), self.locked():
            self._shelf.remove(run.run_id)
            run.verification.unlink(missing_ok=True)


def _without_dead(records: list[RunRecord], dead: list[str]) -> list[RunRecord]:
    """Show dead runs as interrupted: where the store cannot be written, the truth is at least shown."""
    return [
        record.model_copy(update={"status": "interrupted"}) if record.run_id in dead and not record.ended else record
        for record in records
    ]


def _interrupt(run: RunFolder) -> None:
    """End a run in the name of its dead owner, unless the owner did at the last moment."""
    record = run.read_record()
    if record.ended or record.owner is None:
        return
    error = RunError(
        ename="Interrupted",
        evalue=f"process {record.owner.pid} ended without finishing the run",
        hint="It was killed, or the machine restarted; the cells that had ended are kept. Run it again.",
    )
    with suppress(InputError):
        run.seal(status="interrupted", error=error)
