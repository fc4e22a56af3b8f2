"""Probe: every installed distribution, read from the metadata folders on ``sys.path``.

Metadata layout: PyPA "Recording installed projects" (PEP 376, 427, 610, 660). ``importlib.metadata`` would parse
every METADATA file; names and versions stand in the folder names already.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from email.parser import HeaderParser
from pathlib import Path

from reprobook.capture.direct_url import DirectUrl, read_direct_url
from reprobook.capture.editable import digest_editable
from reprobook.header import Distribution

# Written by the installer, not by the wheel.
_INSTALLER_FILES = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json", "RECORD")
_OWN_NAME = "reprobook"
# Debian's name beside the usual one.
_INSTALL_FOLDERS = {"site-packages", "dist-packages"}


def installed_distributions(search_path: Sequence[str]) -> tuple[Distribution, ...]:
    """Return the distributions on a search path, sorted by name; the first of a name wins, as in an import."""
    found: dict[str, Distribution] = {}
    for folder in dict.fromkeys(entry or "." for entry in search_path if not _is_vendored(entry)):
        for metadata in _metadata_folders(folder):
            name, version = _identify(metadata)
            if name and name not in found:
                found[name] = _distribution(name, version, metadata)
    return tuple(found[name] for name in sorted(found))


def _is_vendored(entry: str) -> bool:
    """Tell whether a folder is the inside of an installed package.

    Ray, when imported, puts its own copies of packages on the search path, and so does ``pkg_resources``. They are
    files of the package that brings them: its RECORD names them, and whether it was imported must not change this.
    """
    return not _INSTALL_FOLDERS.isdisjoint(Path(entry).parent.parts)


def _metadata_folders(folder: str) -> Iterator[Path]:
    """Yield the ``.dist-info`` and ``.egg-info`` entries of a folder in order of name; none if it is no folder."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return
    yield from (Path(folder, name) for name in names)


def _identify(metadata: Path) -> tuple[str, str]:
    """Return name (normalised by PEP 503) and version from the name of a metadata folder, else from its content."""
    name, _, rest = metadata.stem.partition("-")
    version = re.sub(r"-py\d.*", "", rest)
    if not version:
        name, version = _read_identity(metadata) or (name, "")
    return re.sub(r"[-_.]+", "-", name).lower(), version


def _read_identity(metadata: Path) -> tuple[str, str] | None:
    """Read name and version from METADATA or PKG-INFO; None if neither is there."""
    for file in (metadata / "METADATA", metadata / "PKG-INFO", metadata):
        if file.is_file():
            headers = HeaderParser().parsestr(file.read_text(encoding="utf-8", errors="replace"))
            return headers.get("Name", ""), headers.get("Version", "")
    return None


def _distribution(name: str, version: str, metadata: Path) -> Distribution:
    """Describe one distribution. Of reprobook only name and version: work on it must not change recipes."""
    if name == _OWN_NAME:
        return Distribution(name=name, version=version)
    url, editable = _direct_url(metadata / "direct_url.json")
    record = metadata / "RECORD"
    if url and editable:
        # Its RECORD holds little more than a path of this machine.
        content = digest_editable(metadata.parent, record, Path(url.path))
        return Distribution(name=name, version=version, content=content, direct_url=str(url))
    return Distribution(name=name, version=version, record=_record_digest(record), direct_url=str(url) if url else None)


def _direct_url(file: Path) -> tuple[DirectUrl | None, bool]:
    """Read the PEP 610 origin of a distribution, and whether it is editable; None for one from an index."""
    try:
        return read_direct_url(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None, False


def _record_digest(record: Path) -> str | None:
    """Return the SHA-256 of what the wheel put into RECORD, the same whoever installed it, and where.

    Left out are files without a digest (bytecode), files outside the folder (scripts hold the interpreter's path)
    and files that the installer adds.
    """
    try:
        stat = record.stat()
    except OSError:
        return None
    return _cached_record_digest(record, stat.st_mtime_ns, stat.st_size)


@functools.lru_cache(maxsize=4096)
def _cached_record_digest(record: Path, _mtime_ns: int, _size: int) -> str:
    """Digest one RECORD; a process that captures twice reads it once."""
    own = tuple(f"{record.parent.name}/{file},".encode() for file in _INSTALLER_FILES)
    lines = [line for line in record.read_bytes().splitlines() if line[-2:] != b",," and line[:3] != b"../"]
    kept = sorted(line for line in lines if not line.startswith(own))
    return hashlib.sha256(b"\n".join(kept)).hexdigest()
