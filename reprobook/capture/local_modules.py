"""Probe: modules beside the notebook that its cells import, by content. They are read, never imported."""

from __future__ import annotations

import ast
import contextlib
import functools
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from reprobook.capture.sources import digest_tree, source_files
from reprobook.notebook.syntax import parse_cell

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_OWN_NAME = "reprobook"


def local_modules(sources: Sequence[str], folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each local top-level module or package that code cells import, directly or through another.

    Raises:
        OSError: If a module's file cannot be read.
    """
    return {name: digest_tree(root) for name, root in _roots(sources, folder).items()}


def local_module_files(sources: Sequence[str], folder: Path) -> dict[str, dict[str, Path]]:
    """Return the importable files of the same modules, by their path below the folder that is searched."""
    return {
        name: {path.relative_to(root.parent).as_posix(): path for path in source_files(root)}
        if root.is_dir()
        else {root.name: root}
        for name, root in _roots(sources, folder).items()
    }


def _roots(sources: Sequence[str], folder: Path) -> dict[str, Path]:
    """Return the file or folder of each local module.

    Local is what lies in ``folder``, in an entry of ``sys.path`` that is neither the standard library nor a
    site-packages folder, or in a folder that a cell adds to ``sys.path`` by name.
    """
    trees = [tree for source in sources if _may_import(source) and (tree := parse_cell(source)) is not None]
    path = _SearchPath([folder, *_added_folders(trees, folder), *_local_entries()])
    pending = [name for tree in trees for name in _imported(tree)]
    roots: dict[str, Path] = {}
    while pending:
        name = pending.pop()
        root = None if name in roots else path.find(name)
        if root is not None:
            roots[name] = root
            pending += _imported_by(root)
    return dict(sorted(roots.items()))


def _may_import(source: str) -> bool:
    """Tell whether a cell may import something or add to ``sys.path``; of most cells no tree need be walked."""
    return "import" in source or "path" in source or not source.isascii()


class _SearchPath:
    """Resolve top-level names as the import system would, on the file system alone."""

    def __init__(self, local: Sequence[Path]) -> None:
        self._local = list(dict.fromkeys(local))
        self._installed = [Path(entry) for entry in sys.path if entry and not _is_local(entry)]

    def find(self, name: str) -> Path | None:
        """Return the file or folder of a local module; None if it is not local.

        A folder without ``__init__.py`` is a package only where no module of that name is found (PEP 420).
        """
        if name in sys.builtin_module_names or name == _OWN_NAME:
            return None
        regular = next((found for entry in self._local if (found := _regular(entry, name))), None)
        if regular or any(_regular(entry, name) for entry in self._installed):
            return regular
        folders = (entry / name for entry in self._local)
        return next((found for found in folders if found.is_dir() and any(source_files(found))), None)


def _regular(entry: Path, name: str) -> Path | None:
    """Return the package folder or module file of a name in one entry of the path, or None."""
    if (entry / name / "__init__.py").is_file():
        return entry / name
    return entry / f"{name}.py" if (entry / f"{name}.py").is_file() else None


def _local_entries() -> list[Path]:
    """Return the entries of ``sys.path`` that hold the user's own code; the working folder is given apart."""
    return [Path(entry) for entry in sys.path if entry and _is_local(entry)]


def _is_local(entry: str) -> bool:
    """Say whether an entry of ``sys.path`` is neither the standard library's nor a site-packages folder."""
    library, path = _library(), Path(entry)
    in_library = path.suffix == ".zip" or entry in library or str(path.parent) in library
    return not in_library and _INSTALLED.isdisjoint(path.parts)


@functools.cache
def _library() -> frozenset[str]:
    """Return the folders of the standard library."""
    return frozenset({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})


def _imported(tree: ast.Module) -> Iterator[str]:
    """Yield the top-level names that a module imports anywhere; relative imports stay inside their package."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def _imported_by(root: Path) -> Iterator[str]:
    """Yield the names that the files of a local module import; a file that does not parse imports nothing."""
    for path in [root] if root.is_file() else source_files(root):
        if path.suffix == ".py":
            # What a module is warned of, its import will show; as an error it would hide the module here.
            with warnings.catch_warnings(), contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                warnings.simplefilter("ignore")
                yield from list(_imported(ast.parse(path.read_bytes())))


def _added_folders(trees: Sequence[ast.Module], folder: Path) -> Iterator[Path]:
    """Yield the folders that cells add to ``sys.path``, where the texts in the call spell them out.

    ``sys.path.append(os.path.abspath(".."))`` and ``sys.path.insert(0, str(Path("..") / "src"))`` are as common in
    notebooks as the plain text.
    """
    for node in (node for tree in trees for node in ast.walk(tree)):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Attribute(ast.Name("sys"), "path"), attr="append" | "insert")):
                texts = [leaf for leaf in ast.walk(node) if isinstance(leaf, ast.Constant)]
                texts.sort(key=lambda leaf: (leaf.lineno, leaf.col_offset))
                parts = [text.value for text in texts if isinstance(text.value, str)]
                if parts and folder.joinpath(*parts).is_dir():
                    yield folder.joinpath(*parts)
