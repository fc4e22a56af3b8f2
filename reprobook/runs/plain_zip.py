"""A zip that holds plain files and nothing else: written the same for the same files, and read without trust.

What comes from elsewhere may be made to harm (zip slip, CVE-2007-4559's relatives; bombs, https://www.bamsoftware.com
/hacks/zipbomb/). Names, kinds, number and sizes are checked before a byte is written.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO

from reprobook.errors import IntegrityError

LARGEST = 16 << 30
MOST_ENTRIES = 100_000
# Each takes 46 bytes and its name.
_LARGEST_DIRECTORY = 64 << 20
_LONGEST_NAME = 1024
# Deflate comes to 1032 for nothing but zeros; small files may. What we write ourselves stays far below: only text is
# compressed.
_LARGEST_RATIO = 200
_SMALL = 16 << 20
_TEXT = (".csv", ".ipynb", ".json", ".jsonl", ".md", ".py", ".toml", ".tsv", ".txt", ".yaml")
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)
_PIECE = 1 << 20
_LOCAL_HEADER = 30
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
# zipfile answers damage, encryption and unknown methods with any of these.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, OverflowError, RuntimeError, ValueError)


def write_zip(files: Mapping[str, Path | bytes], target: IO[bytes], level: int) -> None:
    """Write files by their names in the zip: sorted, with one time and one mode: equal files, equal bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _FIXED_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith(_TEXT) else zipfile.ZIP_STORED
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            source = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
            with source, archive.open(entry, "w", force_zip64=True) as out:
                while piece := source.read(_PIECE):
                    out.write(piece)


def unzip(data: bytes | IO[bytes], into: Path, largest: int = LARGEST, *, foreign: bool = False) -> list[str]:
    """Write the files of a zip below a folder and return their names; nothing is written if one is not plain.

    Args:
        data: The zip.
        into: The folder.
        largest: Bytes that it may unpack to.
        foreign: It comes from somebody else: also refuse what no archive of ours holds, though our own data might.

    Raises:
        IntegrityError: If it is damaged, or holds a link, a device or a name that leads out of the folder, one name
            twice, more than ``MOST_ENTRIES`` files, or unpacks to more than ``largest`` bytes. A foreign one also if
            two names are one on some systems, if files share bytes, or if it unpacks to far more than it has.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    try:
        _check_directory(stream)
        with zipfile.ZipFile(stream) as archive:
            entries = [entry for entry in archive.infolist() if not _is_plain_folder(entry)]
            _check(entries, largest)
            if foreign:
                _check_foreign(entries)
            for entry in entries:
                target = into / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with archive.open(entry) as source, target.open("xb") as out:
                    while piece := source.read(_PIECE):
                        out.write(piece)
                target.chmod(0o600)
    except DAMAGED as error:
        msg = f"the archive cannot be unpacked: {error}"
        raise IntegrityError(msg, hint="Pack it again.") from error
    return [entry.filename for entry in entries]


def _is_plain_folder(entry: zipfile.ZipInfo) -> bool:
    """Tell whether an entry stands for a folder; one that says so by its mode alone is none."""
    return entry.is_dir() and stat.S_IFMT(entry.external_attr >> 16) in (0, stat.S_IFDIR) and not entry.file_size


def _check_directory(stream: IO[bytes]) -> None:
    """Look at the size of the table of contents, before it is read: ``zipfile`` makes an object of each entry."""
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(max(0, size - _END.size - 0xFFFF - _LOCATOR.size))
    tail = stream.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + _END.size:
        msg = "it is cut short, or no zip"
        raise zipfile.BadZipFile(msg)
    *_, entries, length, _, _ = _END.unpack_from(tail, end)
    if end >= _LOCATOR.size and tail[end - _LOCATOR.size : end].startswith(b"PK\x06\x07"):
        stream.seek(_LOCATOR.unpack_from(tail, end - _LOCATOR.size)[2])
        *_, entries, length, _ = _END_64.unpack(stream.read(_END_64.size))
    stream.seek(0)
    if entries > MOST_ENTRIES or length > _LARGEST_DIRECTORY:
        msg = f"the archive holds {entries} entries in {length >> 10} kB of names"
        raise IntegrityError(msg, hint=_DO_NOT)


def _check(entries: list[zipfile.ZipInfo], largest: int) -> None:
    """Refuse what is no plain file, and too much of it."""
    if len(entries) > MOST_ENTRIES:
        msg = f"the archive holds {len(entries)} entries"
        raise IntegrityError(msg, hint=_DO_NOT)
    for entry in entries:
        _check_kind(entry)
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        msg = "the archive holds a name twice"
        raise IntegrityError(msg, hint=_DO_NOT)
    size = sum(entry.file_size for entry in entries)
    if size > largest:
        msg = f"the archive unpacks to {size >> 20} MB, more than {largest >> 20}"
        raise IntegrityError(msg, hint="Leave out what is large.")


def _check_foreign(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse what may be harmless, but is in no archive that we wrote."""
    _check_names([entry.filename for entry in entries])
    size = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if size > _SMALL and size > packed * _LARGEST_RATIO:
        msg = f"the archive holds {packed >> 10} kB that unpack to {size >> 20} MB"
        raise IntegrityError(msg, hint=_DO_NOT)
    _check_overlap(entries)


def _check_kind(entry: zipfile.ZipInfo) -> None:
    """Refuse links, devices, set-uid bits, and names that are no plain path below a folder."""
    path = PurePosixPath(entry.filename)
    mode = entry.external_attr >> 16
    special = stat.S_IFMT(mode) not in (0, stat.S_IFREG) or mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX)
    # ZipInfo cuts a name at a NUL: what was there before it is compared.
    strange = not entry.filename.isprintable() or entry.orig_filename != entry.filename
    plain = not path.is_absolute() and ".." not in path.parts and "\\" not in entry.filename
    strange = strange or not plain or path.as_posix() != entry.filename or len(entry.filename) > _LONGEST_NAME
    if special or strange:
        msg = f"the archive holds {entry.filename[:100]!r}, which is no plain file below its folder"
        raise IntegrityError(msg, hint=_DO_NOT)
    if entry.flag_bits & 1 or entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        msg = "the archive holds an encrypted file, or one that is packed in a rare way"
        raise IntegrityError(msg, hint=_DO_NOT)


def _check_names(names: list[str]) -> None:
    """Refuse two names that only differ by case, and a file where another name has a folder."""
    folded: dict[str, str] = {}
    for name in names:
        parts = name.split("/")
        for end in range(1, len(parts) + 1):
            path = "/".join(parts[:end])
            if folded.setdefault(path.casefold(), path) != path:
                msg = f"the archive holds {folded[path.casefold()]!r} and {path!r}, which are one on some systems"
                raise IntegrityError(msg, hint=_DO_NOT)
    inner = set(_folders(names))
    if both := inner & set(names):
        msg = f"the archive holds {min(both)!r} as a file and as a folder"
        raise IntegrityError(msg, hint=_DO_NOT)


def _folders(names: Iterable[str]) -> Iterable[str]:
    """Yield the folders above each name."""
    for name in names:
        yield from (parent.as_posix() for parent in PurePosixPath(name).parents)


def _check_overlap(entries: list[zipfile.ZipInfo]) -> None:
    """Refuse files that share bytes: a bomb without a large ratio for any one of them."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.header_offset < end:
            msg = "the archive holds files that overlap"
            raise IntegrityError(msg, hint=_DO_NOT)
        end = entry.header_offset + _LOCAL_HEADER + entry.compress_size


_DO_NOT = "Do not unpack it; ask for another copy."
