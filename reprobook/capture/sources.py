"""Digests of Python source trees, by content: where they lie and when they were written does not count."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from reprobook.header import digest_json, sha256_hex

# A bare ".so" is any shared library; the tagged suffixes are importable modules.
_SUFFIXES = (".py", *(suffix for suffix in EXTENSION_SUFFIXES if suffix.count(".") > 1))


def source_files(root: Path) -> Iterator[Path]:
    """Yield the importable files under a folder: not in hidden folders, caches or virtual environments."""
    for folder, subfolders, files in os.walk(root):
        if "pyvenv.cfg" in files:
            subfolders.clear()
            continue
        subfolders[:] = [name for name in subfolders if name.isidentifier() and name != "__pycache__"]
        yield from (Path(folder, name) for name in files if name.endswith(_SUFFIXES))


def digest_sources(files: dict[str, Path]) -> str:
    """Return one SHA-256 over the content of files, each under its name.

    Raises:
        OSError: If a file cannot be read.
    """
    return digest_json({name: sha256_hex(path.read_bytes()) for name, path in files.items()})


def digest_tree(root: Path) -> str:
    """Return the digest of a module file, or of all importable files of a folder under their relative names."""
    if root.is_file():
        return digest_sources({root.name: root})
    return digest_sources({path.relative_to(root).as_posix(): path for path in source_files(root)})
