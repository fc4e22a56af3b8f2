"""What a section saves, and what it is called for that."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from reprobook.promote import libraries
from reprobook.promote.handled_files import handled_files

_FILE = re.compile(r"[\w./-]*[\w-]\.[A-Za-z][\w.]*")
_WEIGHTS = frozenset({".ckpt", ".h5", ".keras", ".onnx", ".pt", ".pth", ".safetensors"})
_WORD = re.compile(r"[a-z][a-z_]*[a-z]")
_MOST_WORDS = 3


def saved_names(call: ast.Call, job: str) -> Sequence[str]:
    """Return the files that a call writes, pictures apart, and the artifact that it saves with ``job.save``.

    As far as their names stand in the code.
    """
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == job:
        first = call.args[0] if call.args and function == "save" else None
        return [str(first.value)] if isinstance(first, ast.Constant) else []
    if function not in libraries.SAVING | {"open"}:
        return []
    written, _ = handled_files(call, function)
    names = (name.removeprefix("file:") for name in written if name.startswith("file:"))
    return sorted(name for name in names if _FILE.fullmatch(name))


def saving_name(trees: Iterable[ast.AST], job: str) -> str:
    """Return the name of a section that saves: by the one thing that it saves, else ``save_results``."""
    nodes = (node for tree in trees for node in ast.walk(tree))
    found = [name for node in nodes if isinstance(node, ast.Call) for name in saved_names(node, job)]
    paths = [PurePosixPath(name) for name in dict.fromkeys(found)]
    if paths and all(path.suffix in _WEIGHTS for path in paths):
        return "save_model" if len(paths) == 1 else "save_models"
    stem = paths[0].stem.lower().replace("-", "_") if len(paths) == 1 else ""
    return f"save_{stem}" if _WORD.fullmatch(stem) and stem.count("_") < _MOST_WORDS else "save_results"
