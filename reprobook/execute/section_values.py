"""What the sections of a promoted script leave in their variables: for the proof, where a notebook logs nothing."""

from __future__ import annotations

import ast
import json
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any, cast

from reprobook.header.canonical import canonical_json
from reprobook.runs.files import write_atomic
from reprobook.trace import ValueDigest, digest_value

REQUEST = "REPROBOOK_SECTIONS"  # the environment variable that names the sections
VALUES = "values.json"
_KEEP = "__reprobook_keep__"

Values = Mapping[str, Mapping[str, ValueDigest]]


@contextmanager
def kept_values(out: Path) -> Iterator[None]:
    """Keep, if the environment asks for it, the digests of the sections' variables as each section ends."""
    sections = frozenset(os.environ.get(REQUEST, "").split())
    if not sections:
        yield
        return
    found: dict[str, dict[str, Any]] = {}

    def keep(section: str, values: Mapping[str, object]) -> None:
        found[section] = {name: _digest(value).model_dump() for name, value in values.items()}

    _observe(sections, keep)
    yield
    write_atomic(out / VALUES, canonical_json(found) + b"\n")


def _observe(sections: Collection[str], keep: Callable[[str, Mapping[str, object]], None]) -> None:
    """Define the sections of the running script anew, so that each ends by handing over its variables.

    A trace function would see the same, but it slows down every call of a function that a section makes.
    """
    script = sys.modules["__main__"]
    path = Path(str(script.__file__))
    tree = ast.parse(path.read_bytes(), str(path))
    tree.body = [node for node in tree.body if getattr(node, "name", "") in sections]
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            end = ast.parse(f"{_KEEP}({node.name!r}, locals())").body
            node.body = [ast.Try(body=node.body, handlers=[], orelse=[], finalbody=end)]
    vars(script)[_KEEP] = keep
    exec(compile(ast.fix_missing_locations(tree), str(path), "exec"), vars(script))  # noqa: S102 - the script itself


def _digest(value: object) -> ValueDigest:
    """Digest a value; one that holds code of the script is opaque.

    The same function is compiled to other bytes in a script than in a cell: what a module imports is called otherwise.
    """
    digest = digest_value(value)
    return digest.model_copy(update={"opaque": True}) if _holds_code(value, set()) else digest


def _holds_code(value: object, seen: set[int]) -> bool:
    """Tell whether a value is a function or class of the script, or has one among its parts."""
    if isinstance(value, (FunctionType, type)):
        return value.__module__ == "__main__"
    if id(value) in seen:
        return False
    seen.add(id(value))
    parts: Iterable[object] = ()
    if type(value) in {list, tuple, set, frozenset}:
        parts = cast("Iterable[object]", value)
    elif type(value) is dict:
        parts = value.values()
    elif type(value).__module__ == "__main__":
        parts = getattr(value, "__dict__", {}).values()
    return any(_holds_code(part, seen) for part in list(parts))


def read_values(out: Path) -> Values:
    """Read what a job kept: the digests of variables, by section; empty if it was not asked to."""
    path = out / VALUES
    content = json.loads(path.read_bytes()) if path.exists() else {}
    return {
        section: {name: ValueDigest.model_validate(each) for name, each in values.items()}
        for section, values in content.items()
    }
