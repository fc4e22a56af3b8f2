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
            described, project = _described(metadata, _stamp(metadata))
            name = described.name
            if name and name not in found:
                found[name] = described if project is None else _with_sources(described, Path(metadata), project)
    return tuple(found[name] for name in sorted(found))


def _is_vendored(entry: str) -> bool:
    """Tell whether a folder is the inside of an installed package.

    Ray, when imported, puts its own copies of packages on the search path, and so does ``pkg_resources``. They are
    files of the package that brings them: its RECORD names them, and whether it was imported must not change this.
    """
    return not _INSTALL_FOLDERS.isdisjoint(Path(entry).parent.parts)


def _metadata_folders(folder: str) -> Iterator[str]:
    """Yield the ``.dist-info`` and ``.egg-info`` entries of a folder in order of name; none if it is no folder."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return
    yield from found


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


def _stamp(metadata: str) -> tuple[int, ...]:
    """Return what changes when a distribution is installed anew, or its RECORD is edited."""
    found: list[int] = []
    for path in (metadata, f"{metadata}/RECORD"):
        try:
            status = os.stat(path)  # noqa: PTH116  # of hundreds, in every run: pathlib would take most of the time
        except OSError:
            continue
        found += status.st_ino, status.st_mtime_ns, status.st_size
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _described(folder: str, _changed: tuple[int, ...]) -> tuple[Distribution, Path | None]:
    """Describe one distribution, and name the folder of an editable one; a process that captures twice reads it once.

    Of reprobook only name and version: work on it must not change recipes.
    """
    metadata = Path(folder)
    name, version = _identify(metadata)
    if name == _OWN_NAME:
        return Distribution(name=name, version=version), None
    url, editable = _direct_url(metadata / "direct_url.json")
    if url and editable:
        return Distribution(name=name, version=version, direct_url=str(url)), Path(url.path)
    record = _record_digest(metadata / "RECORD")
    return Distribution(name=name, version=version, record=record, direct_url=str(url) if url else None), None


def _with_sources(described: Distribution, metadata: Path, project: Path) -> Distribution:
    """Add the content of an editable install: its RECORD holds little more than a path of this machine."""
    content = digest_editable(metadata.parent, metadata / "RECORD", project)
    return described.model_copy(update={"content": content})


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
    own = tuple(f"{record.parent.name}/{file},".encode() for file in _INSTALLER_FILES)
    try:
        lines = [line for line in record.read_bytes().splitlines() if line[-2:] != b",," and line[:3] != b"../"]
    except OSError:
        return None
    kept = sorted(line for line in lines if not line.startswith(own))
    return hashlib.sha256(b"\n".join(kept)).hexdigest()
