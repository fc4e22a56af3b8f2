"""Copies of a user's files, kept in the store while something runs that may overwrite them.

They are put back when it ends, whatever its end. If this process is killed they stay, and `fsck --repair` puts them
back: whoever reads the store knows by a lock, which dies with its holder, that nobody needs them any more.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from reprobook.errors import ReprobookError
from reprobook.runs import seal
from reprobook.runs.files import StorageError, locked, naming, read_bytes, write_atomic
from reprobook.runs.store import Store

_ASIDE = ".aside-"
_LIST = "files.json"
_VARIABLE = "REPROBOOK_KEEP_WRITTEN"
_DEFAULT_MEGABYTES = 8192
# Copies leave this share of the free space to the replay.
_FREE_SHARE = 0.5
# Linux: share the blocks of a file until one side is written to (ioctl_ficlone(2)).
_FICLONE = 0x40049409


class KeptFile(BaseModel):
    """One file: its path, the name of the copy, and what shows that nobody has touched it; the time in nanoseconds."""

    model_config = ConfigDict(frozen=True, defer_build=True, extra="forbid")

    path: str
    copy_name: str
    size: int
    mtime_ns: int


_FILES = TypeAdapter(list[KeptFile])


class Aside:
    """The copies of one process, in a folder of the store."""

    def __init__(self, folder: Path, files: Iterable[KeptFile] = ()) -> None:
        self.folder = folder
        self._files = {each.path: each for each in files}
        self._left = _allowance()

    @property
    def paths(self) -> tuple[str, ...]:
        """Absolute paths of the files that are kept."""
        return tuple(self._files)

    def keep(self, paths: Iterable[Path], others: Iterable[Aside] = ()) -> tuple[Path, ...]:
        """Copy files, and return those of which no copy could be made: they are too large, or cannot be read.

        Of a file that another process keeps, too, its copy is taken: the file itself may be overwritten by now.
        """
        known = {path: each for each in others for path in each.paths}
        real = map(Path, dict.fromkeys(map(os.path.realpath, paths)))
        refused = tuple(path for path in real if not self._keep(path, known))
        data = _FILES.dump_json(list(self._files.values()), indent=1)
        write_atomic(self.folder / _LIST, data, durable=False)
        return refused

    def _keep(self, path: Path, known: dict[str, Aside]) -> bool:
        """Copy one file; False if the disk or the allowance refuses."""
        if str(path) in self._files or not path.is_file():
            return True
        source = known[str(path)].copy_of(str(path)) if str(path) in known else path
        copy = self.folder / str(len(self._files))
        try:
            status = source.stat()
            if not _cloned(source, copy):
                free = shutil.disk_usage(self.folder).free * _FREE_SHARE
                if status.st_size > min(self._left, free):
                    return False
                shutil.copyfile(source, copy)
                self._left -= status.st_size
            shutil.copystat(source, copy)
        except OSError:
            # The other process has put it back in this moment.
            return source != path and self._keep(path, {})
        self._files[str(path)] = KeptFile(
            path=str(path), copy_name=copy.name, size=status.st_size, mtime_ns=status.st_mtime_ns
        )
        return True

    def copy_of(self, path: str) -> Path:
        """Return the copy of a file that is kept."""
        return self.folder / self._files[path].copy_name

    def take(self, path: Path) -> Path:
        """Move a file that nobody asked for to a place in the store that stays, and return that.

        Raises:
            OSError: If the disk refuses.
        """
        folder = self.folder.parent / f"made-{self.folder.name.removeprefix(_ASIDE)}"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / path.name
        if target.exists():
            target = target.with_name(f"{len(list(folder.iterdir()))}-{path.name}")
        shutil.move(path, target)
        return target

    def put_back(self, replaced: Path | None = None) -> tuple[str, ...]:
        """Give every file that was touched its content and time again, and return those that could not be written.

        What is there by now is moved into the folder ``replaced``, if there is one, and else overwritten.
        """
        return tuple(each.path for each in self._files.values() if not self._put_back(each, replaced))

    def _put_back(self, kept: KeptFile, replaced: Path | None) -> bool:
        path = Path(kept.path)
        try:
            with suppress(FileNotFoundError):
                status = path.stat()
                if (status.st_size, status.st_mtime_ns) == (kept.size, kept.mtime_ns):
                    return True
                if replaced is not None:
                    replaced.mkdir(mode=0o700, exist_ok=True)
                    shutil.move(path, replaced / f"{kept.copy_name}-{path.name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            # Into the file itself, where there is one: other links to it, and its owner, stay.
            shutil.copy2(self.folder / kept.copy_name, path)
        except OSError:
            return False
        return True


@contextmanager
def set_aside(store: Store) -> Iterator[Aside]:
    """Give a place for copies; when the block ends the files are put back, and the copies of those that are, removed.

    Raises:
        StorageError: If the disk refuses, also to take a file back: its copy is then kept, and named.
    """
    store.prepare()
    with ExitStack() as stack:
        with naming("make a folder in", store.root), store.locked():
            folder = store.root / f"{_ASIDE}{secrets.token_hex(8)}"
            folder.mkdir(mode=0o700)
            stack.enter_context(locked(folder / seal.LOCK, 1))
        aside = Aside(folder)
        try:
            yield aside
        finally:
            failed = aside.put_back()
            if not failed:
                shutil.rmtree(folder, ignore_errors=True)
        if failed:
            msg = f"cannot put back {', '.join(failed)} as it was before the replay; the copies are in {folder}"
            raise StorageError(msg, hint="Make room or give the right to write, then: reprobook fsck --repair")


def asides(store: Store, *, living: bool) -> Iterator[Aside]:
    """Yield what living processes keep, or what was left behind by those that were killed."""
    for folder in sorted(store.root.glob(f"{_ASIDE}*")):
        if is_held(folder / seal.LOCK) is living:
            try:
                files = _FILES.validate_json(read_bytes(folder / _LIST, folder.name))
            except (ReprobookError, ValidationError):
                files = []  # it was killed before it had kept anything, and so before anything was overwritten
            yield Aside(folder, files)


def is_held(lock: Path) -> bool:
    """Say whether a living process holds a lock."""
    try:
        with locked(lock, 0):
            return False
    except StorageError:
        return lock.exists()


def _cloned(source: Path, copy: Path) -> bool:
    """Copy a file by sharing its blocks; False where the file system cannot."""
    if sys.platform != "linux":
        return False
    import fcntl  # noqa: PLC0415 - not there on every platform

    with source.open("rb") as left, copy.open("wb") as right:
        try:
            fcntl.ioctl(right.fileno(), _FICLONE, left.fileno())
        except OSError:
            return False
    return True


def _allowance() -> int:
    """Return how many bytes may be copied."""
    text = os.environ.get(_VARIABLE, "")
    return int(float(text) * 2**20) if text.replace(".", "", 1).isdigit() else _DEFAULT_MEGABYTES * 2**20
