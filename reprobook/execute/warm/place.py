"""Where the sockets of warm servers lie: a folder that only its user can enter."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reprobook.execute.warm.refusal import ColdOnlyError

# Of a socket's path, with its zero byte (unix(7)).
_LONGEST_PATH = 107
_NAME_LENGTH = len("/shared-0123456789abcdef0123456789abcdef.sock")


@dataclass(frozen=True)
class Place:
    """The folder."""

    folder: Path

    @classmethod
    def open(cls) -> Place:
        """Return it, made if need be: below ``XDG_RUNTIME_DIR``, else in the folder of temporary files.

        Raises:
            ColdOnlyError: If it belongs to somebody else, or others may enter it.
        """
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        folder = Path(runtime, "reprobook-warm") if runtime and Path(runtime).is_dir() else _temporary()
        if len(str(folder)) + _NAME_LENGTH > _LONGEST_PATH:
            folder = _temporary()
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            found = folder.lstat()
        except OSError as error:
            msg = f"{folder} cannot be made ({error.strerror})"
            raise ColdOnlyError(msg) from error
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            msg = f"{folder} is not a folder of this user's own"
            raise ColdOnlyError(msg)
        return cls(folder)

    def socket(self, name: str) -> Path:
        """Return the path of a server's socket."""
        return self.folder / f"{name}.sock"

    def log(self, name: str) -> Path:
        """Return the path of what a server prints."""
        return self.folder / f"{name}.log"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from starting or removing servers; the lock is the system's and dies with its holder."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _temporary() -> Path:
    import tempfile  # noqa: PLC0415 - most users have a folder for what runs

    return Path(tempfile.gettempdir(), f"reprobook-warm-{os.getuid()}")
