"""Files that survive a crash: atomic writes, append-only journals, digests, containment.

After any failure a file holds its old or its new content, never a mix (as in SQLite's and jupyter_server's writers:
temporary file in the same folder, fsync, rename, fsync of the folder).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from json import dumps, loads  # by name: a cell may replace json.dumps, and this module works beside the cells
from pathlib import Path
from typing import Any

from reprobook.errors import IntegrityError, ReprobookError

TEMPORARY_SUFFIX = ".rbtmp"
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class StorageError(ReprobookError):
    """The disk refused: full, read-only, not permitted or failing."""


@contextmanager
def naming(action: str, path: Path) -> Iterator[None]:
    """Turn an OSError, which often names no file, into a StorageError that does."""
    try:
        yield
    except OSError as error:
        msg = f"cannot {action} {path}: {error.strerror or error}"
        raise StorageError(msg, hint="Check the free space and the permissions of the folder.") from error


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a file; it is the system's, and dies with its holder.

    Raises:
        StorageError: If it cannot be had within these seconds.
    """
    from filelock import FileLock  # noqa: PLC0415 - whoever only reads locks nothing

    lock = FileLock(path, timeout=seconds, mode=0o600, poll_interval=0.005)
    with naming("lock", path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def make_folder(path: Path) -> None:
    """Make a folder, and those above it that are missing, readable by the owner only (0700)."""
    with naming("make the folder", path):
        for folder in [*reversed(path.parents), path]:
            if not folder.exists():
                # Another process may make it between the question and the answer.
                folder.mkdir(mode=0o700, exist_ok=True)


def write_atomic(path: Path, data: bytes, *, mode: int = 0o600, durable: bool = True, entry: bool = True) -> None:
    """Replace the content of ``path`` in one step; with ``durable`` it also survives a power loss.

    Without ``entry`` that holds for the content only: that it has this name is for a later write in the same folder to
    make durable, as the seal of a run does for all its files. Until then the file may be missing, never half written.

    Raises:
        StorageError: If the disk refuses; ``path`` then still holds what it held.
    """
    write_together({path: data}, mode=mode, durable=durable, entry=entry)


def write_together(
    contents: Mapping[Path, bytes], *, mode: int = 0o600, durable: bool = True, entry: bool = True
) -> None:
    """Replace several files of one folder as ``write_atomic`` does one, in this order.

    The first is replaced when all are on the disk: a file system that keeps a journal writes them out at once, which
    takes hardly longer than for one of them.

    Raises:
        StorageError: If the disk refuses; those that were not replaced yet hold what they held.
    """
    temporaries = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY_SUFFIX}") for path in contents}
    with naming("write", next(iter(contents))):  # a disk that refuses one later is named by that one
        try:
            _write_new({temporaries[path]: (path, data) for path, data in contents.items()}, mode, durable=durable)
            for path, temporary in temporaries.items():
                with naming("write", path):
                    temporary.replace(path)
        finally:
            for temporary in temporaries.values():
                temporary.unlink(missing_ok=True)
        if durable and entry:
            sync_folder(next(iter(contents)).parent)


def _write_new(contents: Mapping[Path, tuple[Path, bytes]], mode: int, *, durable: bool) -> None:
    """Write new files, each with the name by which messages know it; first all, then wait for the disk."""
    opened: dict[Path, int] = {}
    try:
        for new, (path, data) in contents.items():
            with naming("write", path):
                opened[new] = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, mode)
                _write_all(opened[new], data)
        for new, (path, _) in contents.items():
            with naming("write", path):
                if durable:
                    os.fsync(opened[new])
                os.close(opened.pop(new))
    finally:
        for descriptor in opened.values():
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    """Write every byte: one call may write fewer than asked, for instance on a nearly full disk."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Make renames inside ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bytes(path: Path, place: str) -> bytes:
    """Read a file of the store, refusing links and devices (a FIFO would block for ever).

    Raises:
        IntegrityError: If it is missing or no regular file; names ``place``.
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            msg = f"{place}: not a regular file"
            raise IntegrityError(msg, hint=RESTORE)
        return path.read_bytes()
    except OSError as error:
        msg = f"{place}: cannot be read ({error.strerror or error})"
        raise IntegrityError(msg, hint=RESTORE) from error


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry_digest(path: Path) -> str:
    """Return the digest that seals one folder entry: of a file its bytes, of a link where it points.

    A link is never followed: what it points to is not part of the run.
    """
    mode = path.lstat().st_mode
    if stat.S_ISREG(mode):
        return sha256_file(path)
    described = f"link:{path.readlink()}" if stat.S_ISLNK(mode) else f"special:{stat.S_IFMT(mode)}"
    return hashlib.sha256(described.encode()).hexdigest()


def is_inside(path: Path, root: Path) -> bool:
    """Say whether ``path``, links resolved, lies inside ``root`` (component by component, not by text prefix)."""
    resolved = path.resolve()
    return resolved != root.resolve() and resolved.is_relative_to(root.resolve())


@dataclass(frozen=True)
class Lines:
    """What a journal holds: its whole records, and, where it stops early, the reason and the byte offset."""

    records: tuple[dict[str, Any], ...]
    torn: str | None = None


class JsonLines:
    """An append-only journal of JSON objects, one a line, each written by one system call.

    With ``durable`` a line is on the disk when ``append`` returns. Without, the operating system has it: it
    survives the death of the process, not a power loss.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        self._descriptor: int | None = None

    def append(self, record: dict[str, Any]) -> None:
        """Append one record.

        Raises:
            StorageError: If the disk refuses; the journal then ends with its last whole record.
        """
        line = dumps(record, allow_nan=False, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"
        with naming("append to", self._path):
            if self._descriptor is None:
                self._descriptor = self._open()
            before = os.fstat(self._descriptor).st_size
            try:
                _write_all(self._descriptor, line)
            except OSError:
                os.ftruncate(self._descriptor, before)
                raise
            if self._durable:
                os.fsync(self._descriptor)

    def sync(self) -> None:
        """Let what was appended so far survive a power loss too."""
        if self._descriptor is not None:
            with naming("write", self._path):
                os.fsync(self._descriptor)

    def _open(self) -> int:
        """Open for appending; a line torn by a crash is cut off, or the next one would be glued to it."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _NO_FOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        content = self._path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.ftruncate(descriptor, content.rfind(b"\n") + 1)
        return descriptor

    def close(self, *, durable: bool = True) -> None:
        """Make everything durable, unless the file is soon to be replaced, and let go of it."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with naming("write", self._path):
                try:
                    if durable:
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def read(self) -> Lines:
        """Return the records up to the first line that is not a whole JSON object; an absent file is empty."""
        records: list[dict[str, Any]] = []
        offset = 0
        if not self._path.exists():
            return Lines(())
        for line in read_bytes(self._path, self._path.name).splitlines(keepends=True):
            record = _parse(line)
            if record is None:
                return Lines(tuple(records), f"{self._path.name}: torn at byte {offset}")
            records.append(record)
            offset += len(line)
        return Lines(tuple(records))


def _parse(line: bytes) -> dict[str, Any] | None:
    """Return the JSON object of one line, or None if it is not a whole one."""
    try:
        record = loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


RESTORE = "Restore the file from a backup, or run the notebook again; `reprobook fsck` lists all damage."
