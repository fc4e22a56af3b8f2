"""Which notebooks need a kernel of their own, by what stands in their source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.notebook import Notebook
from reprobook.notebook.syntax import parse_cell

_WIDGETS = "widgets talk to the front end"
_KERNEL = "it uses the kernel itself"
_GUI = "a window has an event loop of its own"
_MODULES = {
    "ipywidgets": _WIDGETS,
    "anywidget": _WIDGETS,
    "ipympl": _WIDGETS,
    "comm": _WIDGETS,
    "tqdm.notebook": "its progress bars are widgets",
    "tqdm.auto": "its progress bars are widgets",
    "tqdm.autonotebook": "its progress bars are widgets",
    "ipykernel": _KERNEL,
    "jupyter_client": _KERNEL,
    "zmq": _KERNEL,
    "ipyparallel": _KERNEL,
}
_MAGICS = (
    (re.compile(r"^\s*%matplotlib\s+(?:widget|ipympl|notebook|nbagg)\b", re.MULTILINE), _WIDGETS),
    (re.compile(r"^\s*%(?:matplotlib|gui)\s+(?:qt\w*|tk|wx|gtk\w*|osx|macosx|glut|pyglet)\b", re.MULTILINE), _GUI),
    (re.compile(r"^\s*%(?:qtconsole|connect_info|subshell|edit|ed|debug|pdb)\b", re.MULTILINE), _KERNEL),
)
# Attributes by which code reaches the kernel or its messages, and calls that open a window to the front end.
_ATTRIBUTES = {
    "kernel": _KERNEL,
    "comm_manager": _KERNEL,
    "register_target": _KERNEL,
    "FigureWidget": _WIDGETS,
    "set_trace": "a debugger waits for somebody to type",
}
_CALLS = {
    "breakpoint": "a debugger waits for somebody to type",
    "interact": _WIDGETS,
}
# A cell without any of these words has no reason; of letters beyond ASCII, some stand for others in a name.
_WORDS = {*(name.rpartition(".")[2] for name in _MODULES), *_ATTRIBUTES, *_CALLS}
_TELLING = re.compile(rf"\b(?:{'|'.join(sorted(_WORDS))})\b")


def needs_kernel(notebook: Notebook) -> str | None:
    """Say why a notebook must run in a kernel of its own, or None if its cells can run in any process.

    Asking for input needs none: it is refused headless, with the same error here as there. What only a library does
    out of sight is not found; a widget made there shows as it does in a notebook without a front end.
    """
    for cell in notebook.code_cells:
        for reason in _reasons(cell.source):
            return f"cell {cell.code_index}: {reason}"
    return None


def _reasons(source: str) -> Iterator[str]:
    """Yield the reasons that a cell gives."""
    yield from (reason for pattern, reason in _MAGICS if pattern.search(source))
    if source.isascii() and not _TELLING.search(source):
        return  # to walk the tree of every cell takes longer than all else that is asked before a run
    for node in ast.walk(parse_cell(source) or ast.Module([], [])):
        for name in _modules(node):
            # ``import a.b`` uses what ``a`` stands for too.
            yield from (_MODULES[each] for each in (name, name.partition(".")[0]) if each in _MODULES)
        if isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES and _is_shells(node):
            yield _ATTRIBUTES[node.attr]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLS:
            yield _CALLS[node.func.id]


def _modules(node: ast.AST) -> Iterator[str]:
    """Yield the dotted names that a statement imports, names within a package among them."""
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
        yield from (node.module, *(f"{node.module}.{each.name}" for each in node.names))


def _is_shells(node: ast.Attribute) -> bool:
    """Tell whether ``.kernel`` is the shell's: many objects have a kernel."""
    if node.attr != "kernel":
        return True
    owner = node.value
    called = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "get_ipython"
    return called or (isinstance(owner, ast.Name) and owner.id in {"ip", "ipython", "shell", "_ip"})
