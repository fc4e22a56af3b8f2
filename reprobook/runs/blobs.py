"""Bytes kept once, under their own SHA-256.

Run folders hold copies, not hard links: a linked file that is edited in place changes every run that shares it, and
the original with it. As copies, a run and its blob vouch for each other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from reprobook.errors import InputError, IntegrityError
from reprobook.runs.files import make_folder, read_bytes, write_atomic

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Blobs:
    """A folder of blobs, ``ab/cdef…``, read-only (0400)."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes | Path) -> str:
        """Keep some bytes, or the bytes of a file, and return their digest.

        Raises:
            StorageError: If the disk refuses.
        """
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not path.exists():
            make_folder(path.parent)
            write_atomic(path, data, mode=0o400)
        return digest

    def path(self, digest: str) -> Path:
        """Return where a blob is, or would be.

        Raises:
            InputError: If ``digest`` is none.
        """
        if not _DIGEST.fullmatch(digest):
            msg = f"{digest!r} is not a SHA-256 digest"
            raise InputError(msg, hint="64 lower-case hexadecimal digits.")
        return self.root / digest[:2] / digest[2:]

    def read(self, digest: str) -> bytes:
        """Return the bytes of a blob.

        Raises:
            IntegrityError: If it is missing or its bytes are not those of its name.
        """
        place = f"blobs/{digest}"
        data = read_bytes(self.path(digest), place)
        if hashlib.sha256(data).hexdigest() != digest:
            msg = f"{place}: the content was edited (its digest is another)"
            raise IntegrityError(msg, hint="Delete it and run `reprobook fsck`.")
        return data

    def place(self, digest: str, target: Path) -> None:
        """Copy a blob to ``target``, for its owner to read and write."""
        write_atomic(target, self.read(digest))

    def digests(self) -> Iterator[str]:
        """Yield the digests of all blobs."""
        for path in self.root.glob("[0-9a-f][0-9a-f]/*"):
            if _DIGEST.fullmatch(digest := path.parent.name + path.name):
                yield digest
