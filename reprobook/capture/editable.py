"""The source files of an editable install, which RECORD does not cover."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from reprobook.capture.sources import digest_sources, source_files

# Beside the package in a flat layout; importable by accident only.
_NOT_PACKAGES = frozenset({"benchmarks", "build", "dist", "docs", "examples", "test", "tests"})


def digest_editable(site: Path, record: Path, project: Path) -> str | None:
    """Return the digest of the sources that an editable install makes importable, or None if there are none.

    Backends link them by a ``.pth`` file or by a finder module with a ``MAPPING`` (setuptools), both named in RECORD;
    the project's folder is the fallback.
    """
    lines = record.read_text(encoding="utf-8").splitlines() if record.is_file() else []
    roots = [root for line in lines for root in _linked(site / line.rpartition(",sha256=")[0])]
    if not roots:
        roots = [("", project / "src" if (project / "src").is_dir() else project)]
    files = {name: path for prefix, root in roots for name, path in _named(prefix, root)}
    return digest_sources(files) if files else None


def _linked(file: Path) -> Iterator[tuple[str, Path]]:
    """Yield the folders that one file of the install links to, each with the package name it stands for."""
    try:
        if file.suffix == ".pth":
            lines = file.read_text(encoding="utf-8").splitlines()
            yield from (("", Path(line)) for line in lines if line and Path(line).is_dir())
        elif file.name.startswith("__editable__") and file.suffix == ".py":
            yield from ((name.replace(".", "/"), Path(target)) for name, target in _mapping(file).items())
    except (OSError, UnicodeDecodeError):
        return


def _mapping(finder: Path) -> dict[str, str]:
    """Read ``MAPPING`` from a setuptools finder, without running it."""
    for node in ast.parse(finder.read_bytes()).body:
        match node:
            case ast.AnnAssign(target=ast.Name("MAPPING"), value=ast.Dict() as value):
                return dict(ast.literal_eval(value))
            case ast.Assign(targets=[ast.Name("MAPPING")], value=ast.Dict() as value):
                return dict(ast.literal_eval(value))
    return {}


def _named(prefix: str, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield the source files under a root, each with its importable name; a plain root without its tests."""
    module = Path(f"{root}.py")
    if prefix and module.is_file():
        yield f"{prefix}.py", module
    for path in source_files(root):
        parts = path.relative_to(root).parts
        if prefix or parts[0] not in _NOT_PACKAGES:
            yield "/".join((prefix, *parts) if prefix else parts), path
