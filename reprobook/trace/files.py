"""Which files a cell opens, through Python's audit events (PEP 578).

A file that a library opens in C, without Python's ``open`` (``torch.save``, Parquet, HDF5), raises no event: one that
it writes is seen by looking at the folders before and after (``folders``), one that it reads is not seen.
"""

# Paths are text here: the hook runs at every opening, and pathlib would cost more than all the rest.
# ruff: noqa: PTH100, PTH116, PTH118, PTH120, PTH206

from __future__ import annotations

import hashlib
import os
import stat
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import get_ident
from types import FrameType

from reprobook.trace.folders import FolderWatch

MISSING = "missing"

# The user may replace the builtin.
_open = open
_CHUNK_BYTES = 2**20
_CODE_SUFFIXES = (".pyc", ".pyo", ".so", ".pyd", ".dylib", ".dll", ".pyi", ".pth")
_CODE_FOLDERS = (".dist-info", ".egg-info", "__pycache__", ".ipython", ".git")
_SYSTEM = ("/proc/", "/sys/", "/dev/")
# The interpreter reads source for these: to import a module, to show a traceback.
_SOURCE_READERS = ("<frozen importlib", "linecache.py", "tokenize.py", "inspect.py")
_INSTALLED = tuple(
    {os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)

_watches: list[FileWatch] = []
_installed_hooks: list[bool] = []
_unrecorded: set[int] = set()


@contextmanager
def unrecorded() -> Iterator[None]:
    """Let what this thread opens be no doing of the cell that runs: a panel's button is clicked at any time."""
    thread = get_ident()
    _unrecorded.add(thread)
    try:
        yield
    finally:
        _unrecorded.discard(thread)


def _audit(event: str, args: tuple[object, ...]) -> None:
    """Note files as they are opened; called for every audit event of the process, so it returns at once."""
    if not _watches:
        return
    if event == "open" and get_ident() not in _unrecorded:
        for watch in _watches:
            watch.note(*args)
    elif event == "os.mkdir":
        for watch in _watches:
            watch.made(args[0])


class FileWatch:
    """Notes the files opened between ``start`` and ``stop``, and digests them at the end.

    Args:
        ignore: Files and folders that are reprobook's own.
    """

    def __init__(self, *, ignore: Iterable[str | os.PathLike[str]] = ()) -> None:
        self._ignore = tuple(os.path.abspath(each) for each in ignore)
        self._read: dict[str, str | None] = {}
        self._written: set[str] = set()
        self._known: dict[tuple[object, ...], str] = {}
        self._busy: set[int] = set()
        self._folders = FolderWatch()

    def start(self) -> None:
        """Begin to note."""
        if not _installed_hooks:
            # A hook can never be removed: one for the process, inert while nobody watches.
            _installed_hooks.append(True)
            sys.addaudithook(_audit)
        self._read, self._written = {}, set()
        self._folders.look()
        if self not in _watches:
            _watches.append(self)

    def stop(self) -> tuple[dict[str, str], dict[str, str]]:
        """End it and return the SHA-256 of the files read and of those written, by path, sorted.

        Paths below the working folder are relative. A file read that never existed is ``missing``; one that is
        gone by now, having been written, was a temporary one and is left out.
        """
        with suppress(ValueError):
            _watches.remove(self)
        self._written |= set(filter(self._counts_as_data, self._folders.changed()))
        read = {path: digest or self._digest(path) or _absence(path) for path, digest in list(self._read.items())}
        written = {path: self._digest(path) for path in list(self._written)}
        return _named(read), _named(written)

    def made(self, path: object) -> None:
        """Note that a folder is being made: what a library writes there in C is to be seen too."""
        if name := _absolute(path):
            self._folders.add(name)

    def note(self, path: object, mode: object = None, flags: object = 0) -> None:
        """Note one ``open`` event; it precedes the opening. Called in the user's stack: it must not raise."""
        thread = get_ident()
        if thread in self._busy:
            return  # the opening is our own
        self._busy.add(thread)
        try:
            name = _absolute(path)
            if name and self._counts(name):
                self._sort(name, mode, flags)
        finally:
            self._busy.discard(thread)

    def _sort(self, name: str, mode: object, flags: object) -> None:
        """File an opening under reading or writing."""
        reads, writes = _direction(mode, flags)
        if writes and name in self._read and self._read[name] is None:
            # What the cell read before is about to be overwritten.
            self._read[name] = self._digest(name)
        if reads and name not in self._written:
            self._read.setdefault(name, None)
        if writes:
            self._written.add(name)
            self._folders.add(os.path.dirname(name))

    def _counts(self, name: str) -> bool:
        """Tell whether a file is data, and not source that the interpreter reads."""
        if not self._counts_as_data(name):
            return False
        return not (name.endswith(".py") and (name.startswith(_INSTALLED) or _reads_source(sys._getframe(3))))  # noqa: SLF001

    def _counts_as_data(self, name: str) -> bool:
        """Tell whether a path may be one of the notebook's files."""
        if name.startswith(_SYSTEM) or name.endswith(_CODE_SUFFIXES):
            return False
        if any(name == each or name.startswith(each + os.sep) for each in self._ignore):
            return False
        return not any(part.endswith(_CODE_FOLDERS) for part in name.split(os.sep)[:-1])

    def _digest(self, path: str) -> str | None:
        """Return the SHA-256 of a regular file, None if there is none; a file unchanged is not read again."""
        try:
            status = os.stat(path)
            key = (path, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            if not stat.S_ISREG(status.st_mode):
                return None
            if key not in self._known:
                self._known[key] = _sha256(path)
        except (OSError, ValueError):
            return None
        return self._known[key]


def _sha256(path: str) -> str:
    """Return the SHA-256 of a file, read as a stream."""
    hasher = hashlib.sha256()
    with _open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            hasher.update(chunk)
    return hasher.hexdigest()


def _absolute(path: object) -> str | None:
    """Return the absolute path of an opening; None for a descriptor."""
    if isinstance(path, bytes):
        path = os.fsdecode(path)
    if type(path) is not str:
        return None
    try:
        return os.path.abspath(path)
    except (OSError, ValueError):
        return None  # the working folder is gone


def _direction(mode: object, flags: object) -> tuple[bool, bool]:
    """Tell whether an opening reads and whether it writes."""
    if type(mode) is str:
        update = "+" in mode
        return "r" in mode or (update and "a" in mode), update or any(each in mode for each in "wxa")
    access = flags & os.O_ACCMODE if type(flags) is int else os.O_RDONLY
    return access != os.O_WRONLY, access != os.O_RDONLY


def _reads_source(frame: FrameType | None) -> bool:
    """Tell whether the interpreter opens a file for its source text."""
    if frame is None:
        return False
    caller = frame.f_code.co_filename
    return caller.startswith(_SOURCE_READERS) or caller.endswith(_SOURCE_READERS)


def _absence(path: str) -> str | None:
    """Return the mark of a file that was read and does not exist, None for one that is no regular file."""
    gone = not os.path.lexists(path) and not path.startswith(os.path.join(tempfile.gettempdir(), "tmp"))
    return MISSING if gone else None


def _named(digests: dict[str, str | None]) -> dict[str, str]:
    """Name files by their path from the working folder, where they lie below it."""
    folder = _absolute("")
    # Without a working folder every path stays absolute.
    prefix = os.path.join(folder, "") if folder else ""
    return {path.removeprefix(prefix): digest for path, digest in sorted(digests.items()) if digest is not None}
