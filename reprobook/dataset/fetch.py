"""The adapter to fsspec: a source as a local file, from a cache whose every use is verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from reprobook.errors import InputError

_STAMPS = ("ETag", "etag", "Content-MD5", "md5Hash", "Last-Modified", "LastModified", "mtime", "updated", "created")
_TIMES = ("mtime", "LastModified", "Last-Modified", "updated", "created")


@dataclass(frozen=True)
class Fetched:
    """A local file with the content of a source."""

    path: Path
    sha256: str
    modified: str | None
    stamp: str | None
    note: str = ""


@dataclass(frozen=True)
class Known:
    """What is known of a source already: the digest of its content, and its version as the server said."""

    sha256: str | None = None
    stamp: str | None = None
    pinned: bool = False


def cache_folder() -> Path:
    """Return where files from elsewhere are kept: ``$REPROBOOK_CACHE``, else ``reprobook`` in the user's cache."""
    named = os.environ.get("REPROBOOK_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(named) if named else Path(base) / "reprobook"


def is_local(source: str) -> bool:
    """Tell a path from a URL; a drive of Windows is no scheme."""
    return len(urlsplit(source).scheme) < 2 and "::" not in source  # noqa: PLR2004  # a drive letter


def fetch(name: str, source: str, known: Known) -> Fetched:
    """Return a source as a local file.

    What is pinned and in the cache is not asked for again; of what is known, the server is asked whether its version
    is the same; where it cannot be reached, the content that was last seen counts, with a note.

    Raises:
        InputError: If there is no such file, or it cannot be reached and is not in the cache.
    """
    if is_local(source):
        return _local(name, Path(source).expanduser())
    cached = _cached(source, known.sha256)
    if cached and known.pinned:
        return Fetched(cached, str(known.sha256), None, known.stamp)
    try:
        return _remote(name, source, cached, known)
    except (OSError, RuntimeError, ValueError) as error:
        if cached:
            note = f"the source could not be reached ({type(error).__name__}); this is what was last seen of it"
            return Fetched(cached, str(known.sha256), None, known.stamp, note)
        msg = f"data {name!r} cannot be read from its source: {type(error).__name__}: {error}"
        raise InputError(msg, hint="Is the address right, and are its credentials set?") from error


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _local(name: str, path: Path) -> Fetched:
    if not path.is_file():
        msg = f"data {name!r}: there is no file {path}"
        raise InputError(msg, hint="A path is read from the working folder of the run; data.yaml can name another one.")
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    return Fetched(path, file_digest(path), modified, None)


def _remote(name: str, source: str, cached: Path | None, known: Known) -> Fetched:
    """Ask the server, and download what is not known."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415  # an optional dependency
    except ImportError as error:
        msg = f"data {name!r}: {urlsplit(source).scheme} addresses need fsspec, which is not installed"
        raise InputError(msg, hint="pip install 'reprobook[data]'") from error
    system, path = url_to_fs(source, use_listings_cache=False)
    info = system.info(path)
    stamp, modified = _stamp(info), _modified(info)
    if cached and stamp and stamp == known.stamp:
        return Fetched(cached, str(known.sha256), modified, stamp)
    root = cache_folder() / "data"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as temporary:
        file = Path(temporary) / "file"
        system.get_file(path, str(file))
        digest = file_digest(file)
        target = _place(source, digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)
    return Fetched(target, digest, modified, stamp)


def _cached(source: str, digest: str | None) -> Path | None:
    """Return the file of a source in the cache, if it is there and still what it was."""
    if digest is None or not _place(source, digest).is_file():
        return None
    path = _place(source, digest)
    return path if file_digest(path) == digest else None


def _place(source: str, digest: str) -> Path:
    """Return where a file is kept: by content, under its own name, which readers go by."""
    base = Path(urlsplit(source.partition("::")[0]).path).name or "data"
    return cache_folder() / "data" / digest / base


def _stamp(info: Mapping[str, Any]) -> str | None:
    """Return what tells a version of a source from another; None where the server says nothing that does."""
    said = {key: str(info[key]) for key in _STAMPS if info.get(key) is not None}
    return repr({**said, "size": info.get("size")}) if said else None


def _modified(info: Mapping[str, Any]) -> str | None:
    """Return when a source was last changed, where the server says so."""
    for key in _TIMES:
        if (moment := _moment(info.get(key))) is not None:
            return moment.isoformat(timespec="seconds")
    return None


def _moment(value: Any) -> datetime | None:
    """Read a time as servers give it: a moment, seconds since the epoch, ISO 8601, or the date of a header."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, TypeError):
            return read(value)
    return None
