"""Which files a call reads or writes, as far as their names stand in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.promote import libraries

_NONE: frozenset[str] = frozenset()


def handled_files(call: ast.Call, function: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the files that a call may write, and those it may read, as pseudo-names: ``file:x.csv``.

    A path in a variable counts as changed when it is written to (``path:target``): who reads the variable later may
    read the file.
    """
    texts = [value for value in _constants(call) if isinstance(value, str)]
    files = frozenset(f"file:{text}" for text in texts)
    mode = texts[1] if function == "open" and len(texts) > 1 else ""
    if function in libraries.WRITING or any(letter in mode for letter in "wax+"):
        paths = [value for value in _values(call) if isinstance(value, ast.Name)]
        holder = call.func.value if isinstance(call.func, ast.Attribute) else None
        if function in {"write_text", "write_bytes"} and isinstance(holder, ast.Name):
            paths.append(holder)
        variables = frozenset(f"path:{path.id}" for path in paths)
        return files | variables or frozenset({"file:"}), _NONE
    names = frozenset(f"path:{node.id}" for node in ast.walk(call) if isinstance(node, ast.Name))
    return _NONE, files | names


def _values(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(word.value for word in call.keywords)]


def _constants(call: ast.Call) -> Iterator[object]:
    values = _values(call)
    if isinstance(call.func, ast.Attribute):
        values.append(call.func.value)  # Path("x").write_text(...)
    for value in values:
        for node in ast.walk(value):
            if isinstance(node, ast.Constant):
                yield node.value
