"""What is known of declared data before the first cell runs: the sources that the code names, by content.

Only what can be known then: files of this machine, and what is pinned. An address is asked in the run alone. A file
that the code names elsewhere too may be written by it, and then what lies there now is the rest of an earlier run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobook.dataset.contract import declared
from reprobook.dataset.fetch import file_digest, is_local
from reprobook.errors import InputError
from reprobook.header import DataSource
from reprobook.notebook.syntax import parse_cell

_FUNCTION = "data"
_PACKAGE = "reprobook"


@dataclass(frozen=True)
class _Call:
    """One ``rb.data(name, source, sha256=...)`` of the code, as far as it can be read."""

    name: str
    source: str
    sha256: str | None


def frozen_sources(sources: Sequence[str], folder: Path, parameters: Mapping[str, Any]) -> tuple[DataSource, ...]:
    """Return what the header holds of the data that the code cells name with ``rb.data``.

    A source is read where it stands as a text, or as a parameter that is one, or in ``data.yaml`` of the folder.
    """
    if not any(_PACKAGE in source for source in sources):
        return ()
    trees = [tree for tree in map(parse_cell, sources) if tree is not None]
    found: dict[str, DataSource] = {}
    for call in _calls(trees, parameters):
        if (source := _frozen(call, folder, trees)) is not None:
            found[call.name] = source
    return tuple(found[name] for name in sorted(found))


def _frozen(call: _Call, folder: Path, trees: Sequence[ast.AST]) -> DataSource | None:
    """Look at a source; None if nothing is known of it yet. What is wrong with it, ``rb.data`` says when it runs."""
    try:
        asked = declared(call.name, folder, {"source": call.source or None, "sha256": call.sha256})
    except InputError:
        return None
    if asked.source is None:
        return None
    if not is_local(asked.source):
        return DataSource(name=call.name, sha256=asked.sha256) if asked.sha256 else None
    path = folder / Path(asked.source).expanduser()
    try:
        if not path.is_file() or _mentions(trees, asked.source) > (asked.source == call.source):
            return None
        return DataSource(name=call.name, sha256=file_digest(path), size=path.stat().st_size, path=asked.source)
    except OSError:
        return None


def _mentions(trees: Sequence[ast.AST], path: str) -> int:
    """Count how often a path stands in the code: the whole of it, or its file name."""
    names = {path, Path(path).name}
    nodes = (node for tree in trees for node in ast.walk(tree))
    return sum(isinstance(node, ast.Constant) and node.value in names for node in nodes if _is_text(node))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _calls(trees: Sequence[ast.Module], parameters: Mapping[str, Any]) -> Iterator[_Call]:
    """Yield the calls of ``rb.data`` whose name stands as a text."""
    modules, functions = _imported(trees)
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _is_data(node.func, modules, functions):
                given = dict(zip(("name", "source"), node.args, strict=False))
                given |= {each.arg: each.value for each in node.keywords if each.arg}
                texts = {name: _text(value, parameters) for name, value in given.items()}
                if name := texts.get("name"):
                    yield _Call(name, texts.get("source") or "", texts.get("sha256"))


def _imported(trees: Sequence[ast.Module]) -> tuple[set[str], set[str]]:
    """Return what the package, and its function, are called in the code."""
    modules: set[str] = set()
    functions: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Import):
            modules |= {each.asname or each.name for each in node.names if each.name == _PACKAGE}
        elif isinstance(node, ast.ImportFrom) and node.module == _PACKAGE:
            functions |= {each.asname or each.name for each in node.names if each.name == _FUNCTION}
    return modules, functions


def _is_data(function: ast.expr, modules: set[str], functions: set[str]) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id=module), attr="data"):
            return module in modules
        case ast.Name(id=name):
            return name in functions
        case _:
            return False


def _text(value: ast.expr, parameters: Mapping[str, Any]) -> str | None:
    """Return a text that stands in the code, or that a parameter is."""
    match value:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name):
            found = parameters.get(name)
            return found if isinstance(found, str) else None
        case ast.Call(func=ast.Name(id="Path") | ast.Attribute(attr="Path"), args=[ast.Constant(value=str() as text)]):
            return text
        case _:
            return None
