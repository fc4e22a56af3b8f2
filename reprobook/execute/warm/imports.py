"""Which imports of a notebook a server may do beforehand, read from the source alone.

Only those that come to the same in a server: of packages known to be heavy and to import without side effects, done
by the notebook in any case, and before anything that an import could depend on: a variable of the environment, the
path of modules, a package installed by a cell, a module of the user's own. The first line that may be such a thing
ends the search.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterable, Iterator

from reprobook.notebook.syntax import cell_body, parse_cell

_HEAVY_NAMES = "numpy scipy pandas sklearn matplotlib torch torchvision seaborn statsmodels sympy networkx"
_HEAVY = frozenset(_HEAVY_NAMES.split())
# Their import changes nothing that the import of another package would notice.
_LIGHT_NAMES = "reprobook IPython tqdm PIL yaml requests joblib ipywidgets rich plotly altair click einops"
_LIGHT = frozenset(_LIGHT_NAMES.split())
# Modules by which code can change what a later import does, and what of them cannot.
_POWERS_NAMES = "os sys importlib site builtins subprocess logging warnings locale multiprocessing ctypes"
_POWERS = frozenset(_POWERS_NAMES.split())
_TAME_NAMES = """
    os.path os.sep os.makedirs os.getcwd os.listdir os.cpu_count os.getenv os.environ.get
    sys.version sys.version_info sys.executable sys.platform sys.maxsize
    logging.getLogger logging.DEBUG logging.INFO logging.WARNING logging.ERROR
"""
_TAME = frozenset(tuple(name.split(".")) for name in _TAME_NAMES.split())
_POWERFUL_BUILTINS_NAMES = "exec eval compile setattr delattr globals vars __import__"
_POWERFUL_BUILTINS = frozenset(_POWERFUL_BUILTINS_NAMES.split())
# Settings of a package that other packages meet at their import.
_MET_AT_IMPORT_NAMES = "seterr seterrcall set_default_dtype set_default_device set_default_tensor_type"
_MET_AT_IMPORT = frozenset(_MET_AT_IMPORT_NAMES.split())
_HARMLESS_MAGIC = re.compile(
    r"\s*(?:%matplotlib(?:\s+inline)?|%config\s+InlineBackend\..*|%load_ext\s+(?:autoreload|reprobook)|%autoreload\b.*"
    r"|%%?reprotrain\b.*|%%time|%%capture\b.*|%%(?:html|markdown|latex|javascript|svg))\s*$"
)
_DYNAMO = "import torch._dynamo"
_Function = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@functools.lru_cache(maxsize=64)
def early_imports(sources: tuple[str, ...]) -> tuple[str, ...]:
    """Return the import statements that a server may do beforehand, in the notebook's order.

    Args:
        sources: The code cells.
    """
    found: list[str] = []
    tainted = set(_POWERS | _POWERFUL_BUILTINS)
    for statement in _statements(sources):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            roots = _roots(statement)
            if not roots <= (_HEAVY | _LIGHT | sys.stdlib_module_names):
                break
            if roots <= _HEAVY:
                found.append(_text(statement))
            tainted |= _powerful_names(statement)
        elif statement is None or not _is_harmless(statement, tainted):
            break
    if any(_roots_of(text) == {"torch"} for text in found) and any("optim" in source for source in sources):
        # The first optimizer imports it, which takes as long as torch itself.
        found.append(_DYNAMO)
    return tuple(dict.fromkeys(found))


def _statements(sources: Iterable[str]) -> Iterator[ast.stmt | None]:
    """Yield the statements of the cells; None where something runs that is not Python, or cannot be read."""
    for source in sources:
        tree = parse_cell(source)
        barrier = _first_magic(source)
        for statement in tree.body if tree else ():
            if barrier is not None and (statement.end_lineno or 0) > barrier:
                break
            yield statement
        if tree is None or barrier is not None:
            yield None


def _first_magic(source: str) -> int | None:
    """Return the 0-based line of the first magic or shell line that may change what an import does."""
    lines = source.splitlines()
    kept = cell_body(source).split("\n")
    first = next((line for line in lines if line.strip()), "")
    if first.startswith("%%"):
        return None if _HARMLESS_MAGIC.match(first) else 0
    for number, (line, body) in enumerate(zip(lines, kept, strict=False)):
        if line != body and not _HARMLESS_MAGIC.match(line):
            return number
    return None


def _text(statement: ast.Import | ast.ImportFrom) -> str:
    """Return the text of an import, without the names that the notebook gives to what it imports."""
    names = [ast.alias(each.name) for each in statement.names]
    plain = ast.Import(names) if isinstance(statement, ast.Import) else ast.ImportFrom(statement.module, names, 0)
    return ast.unparse(plain)


def _roots(statement: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the top-level packages of an import; of a relative one a name that no package has."""
    if isinstance(statement, ast.Import):
        return {each.name.partition(".")[0] for each in statement.names}
    return {"." if statement.level else (statement.module or "").partition(".")[0]}


def _roots_of(text: str) -> set[str]:
    """Return the top-level packages of an import statement's text."""
    statement = ast.parse(text).body[0]
    return _roots(statement) if isinstance(statement, ast.Import | ast.ImportFrom) else set()


def _powerful_names(statement: ast.Import | ast.ImportFrom) -> set[str]:
    """Return the names by which an import makes a powerful module, or a part of it, known under another name."""
    if isinstance(statement, ast.ImportFrom):
        powerful = statement.module in _POWERS
        return {each.asname or each.name for each in statement.names} if powerful else set()
    return {each.asname for each in statement.names if each.asname and each.name.partition(".")[0] in _POWERS}


def _is_harmless(statement: ast.stmt, tainted: set[str]) -> bool:
    """Tell whether no import that follows can notice that a statement ran before it, or not.

    Names of functions and classes whose code could make a difference are added to ``tainted``.
    """
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and _suspects(statement, tainted):
        tainted.add(statement.name)
    return not any(_makes_a_difference(node, tainted) for node in _executed(statement))


def _suspects(statement: ast.stmt, tainted: set[str]) -> bool:
    """Tell whether code inside of a definition could make a difference."""
    return any(_makes_a_difference(node, tainted) for node in _without_tame(statement))


def _executed(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield the nodes that run as the statement does: not the bodies of functions."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if _is_tame(node):
            continue
        yield node
        if isinstance(node, _Function):
            body = set(map(id, node.body if isinstance(node.body, list) else [node.body]))
            waiting += [child for child in ast.iter_child_nodes(node) if id(child) not in body]
        else:
            waiting += ast.iter_child_nodes(node)


def _without_tame(statement: ast.stmt) -> Iterator[ast.AST]:
    """Yield all nodes of a statement but those that are plainly harmless."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if not _is_tame(node):
            yield node
            waiting += ast.iter_child_nodes(node)


def _is_tame(node: ast.AST) -> bool:
    """Tell whether a node only looks at a powerful module: ``os.path.join``, or only hides warnings."""
    if isinstance(node, ast.Attribute):
        return any(_dotted(node)[: len(tame)] == tame for tame in _TAME)
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        named = _dotted(call.func) in {("warnings", "filterwarnings"), ("warnings", "simplefilter")}
        first = call.args[0] if call.args else None
        return named and isinstance(first, ast.Constant) and first.value == "ignore"
    return False


def _makes_a_difference(node: ast.AST, tainted: set[str]) -> bool:
    """Tell whether a node may change what a later import does."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return not _roots(node) <= (_LIGHT | sys.stdlib_module_names) or bool(_powerful_names(node))
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
        # A function of a module replaced by another; settings lie deeper.
        return isinstance(node.value, ast.Name) and node.value.id != "self"
    if isinstance(node, ast.Attribute):
        return node.attr in _MET_AT_IMPORT
    return isinstance(node, ast.Name) and node.id in tainted


def _dotted(node: ast.AST) -> tuple[str, ...]:
    """Return the names of a dotted expression; empty for another one."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()
