"""Check a whole store, and repair what can be repaired without touching anyone's data."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from reprobook.errors import IntegrityError
from reprobook.runs import seal
from reprobook.runs.aside import Aside, asides, is_held
from reprobook.runs.files import TEMPORARY_SUFFIX, StorageError, naming
from reprobook.runs.folder import RunFolder
from reprobook.runs.ids import is_id
from reprobook.runs.store import INCOMING, Store


@dataclass(frozen=True)
class Problem:
    """One finding; ``run_id`` is empty for the store itself, ``place`` is relative to the store's runs."""

    run_id: str
    place: str
    problem: str
    repaired: bool


@dataclass(frozen=True)
class Report:
    """The number of runs looked at, and everything that was found."""

    checked: int
    problems: tuple[Problem, ...]

    @property
    def damaged(self) -> bool:
        """Whether something is left that repairing cannot mend."""
        return any(not problem.repaired for problem in self.problems)


def fsck(store: Store, *, repair: bool = False) -> Report:
    """Check every run, blob and the index; with ``repair`` mark dead runs, remove leftovers, rebuild the index.

    Sealed files are never changed or deleted: damage to them is reported, mending it takes a backup.

    Raises:
        StorageError: If the disk refuses a repair.
    """
    if not store.runs.is_dir():
        return Report(0, ())
    names = sorted(store.names())
    # Before anything that would heal the index in passing.
    found = [*_index(store, repair=repair), *_dead(store, repair=repair)]
    for name in names:
        found += [Problem(name, _place(error), str(error), repaired=False) for error in _damage(store.runs / name)]
    found += _leftovers(store, repair=repair)
    found += _kept_files(store, repair=repair)
    found += _blobs(store)
    return Report(len(names), tuple(found))


def _index(store: Store, *, repair: bool) -> Iterator[Problem]:
    """Compare the index with the files."""
    problem = store.index.problem()
    if problem and repair:
        with naming("rebuild", store.root / "index.sqlite"):
            store.index.rebuild()
    if problem:
        yield Problem("", "index.sqlite", f"index.sqlite: {problem}", repaired=repair)


def _dead(store: Store, *, repair: bool) -> Iterator[Problem]:
    """Find runs whose process died."""
    for name in store.dead():
        if repair:
            store.mark_dead()
        what = f"{name}/{seal.RECORD}: the process of the run died before the run ended"
        yield Problem(name, f"{name}/{seal.RECORD}", what, repaired=repair)


def _damage(folder: Path) -> Iterator[IntegrityError]:
    """Yield what is wrong with one run."""
    if folder.is_symlink():
        yield IntegrityError(f"{folder.name}: the run folder is a link")
        return
    run = RunFolder(folder)
    try:
        record = run.read_record()
    except IntegrityError as error:
        yield error
        return
    if record.run_id != folder.name:
        yield IntegrityError(f"{run.place(run.run)}: the record of another run, {record.run_id!r}")
    yield from seal.problems(folder, record)


def _leftovers(store: Store, *, repair: bool) -> Iterator[Problem]:
    """Find what a killed process left half made: under the lock, when no living one can be making it.

    Where the store may only be read there is no lock to be had, and nothing is said of leftovers.
    """
    with suppress(StorageError) if not repair else nullcontext(), store.locked():
        for path in _half_made(store):
            if repair:
                with naming("delete", path):
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            place = path.relative_to(store.root).as_posix()
            yield Problem("", place, f"{place}: left half made by a process that was killed", repaired=repair)


def _kept_files(store: Store, *, repair: bool) -> Iterator[Problem]:
    """Find the copies of the user's files that a replay kept and, being killed, did not put back."""
    # Under the lock nobody can be between making the folder and holding it.
    with suppress(StorageError) if not repair else nullcontext(), store.locked():
        yield from [_put_back(aside, store, repair=repair) for aside in asides(store, living=False)]


def _put_back(aside: Aside, store: Store, *, repair: bool) -> Problem:
    """Tell of the copies that one killed process left, and put them back.

    What is there by now may be the user's own, from after the replay: it is kept in the store, too.
    """
    place = aside.folder.name
    names = ", ".join(aside.paths) or "no file"
    what = f"{place}: a verification was killed that had kept copies of files it might overwrite: {names}"
    failed: tuple[str, ...] = ()
    if repair:
        replaced = store.root / f"replaced-{place.rpartition('-')[2]}"
        failed = aside.put_back(replaced)
        if replaced.exists():
            what += f"; put back, what was there lies in {replaced}"
        if not failed:
            shutil.rmtree(aside.folder, ignore_errors=True)
    return Problem("", place, what, repaired=repair and not failed)


def _half_made(store: Store) -> list[Path]:
    """Return hidden folders of creations and deletions, and temporary files, but none of runs still going on."""
    found = [path for path in store.runs.iterdir() if path.name.startswith((".new-", ".deleted-"))]
    found += [path for path in store.root.glob(f"{INCOMING}*") if not is_held(path / seal.LOCK)]
    folders = [store.root, *store.blobs.root.glob("*/")]
    folders += [store.runs / name for name in store.names() if not _is_active(store.runs / name)]
    return found + [path for folder in folders for path in folder.glob(f".*{TEMPORARY_SUFFIX}")]


def _is_active(folder: Path) -> bool:
    """Say whether a run may still be writing; one that cannot be read counts as active, to be left alone."""
    try:
        return not is_id(folder.name) or not RunFolder(folder).read_record().ended
    except IntegrityError:
        return True


def _blobs(store: Store) -> Iterator[Problem]:
    """Check that each blob holds what its name says."""
    for digest in store.blobs.digests():
        try:
            store.blobs.read(digest)
        except IntegrityError as error:
            yield Problem("", f"blobs/{digest}", str(error), repaired=False)


def _place(error: IntegrityError) -> str:
    """Return the file an error names: messages begin with it."""
    return str(error).partition(":")[0]
