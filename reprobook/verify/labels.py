"""Names that hold nothing but the label of a run, read off the source: an id, a process, a temporary path.

``run_id = uuid.uuid4().hex[:8]`` and ``path = os.path.join(tempfile.mkdtemp(), "model.pt")`` differ in every run.
They are labels as far as text and paths are made of them and of nothing else; whether a label decided anything is
for the traces to say: then something that is no label differs, too. A number made of an id is data. An object that
keeps the time at which it was made is taken for a label as well.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from reprobook.hazards.timing import is_clock
from reprobook.notebook.syntax import parse_cell

_MADE_UP = """uuid1 uuid4 getpid getppid gethostname token_hex token_urlsafe mkdtemp mkstemp mktemp NamedTemporaryFile
    TemporaryDirectory TemporaryFile gettempdir getuser"""
_MAKERS = frozenset(_MADE_UP.split())
# What makes text and paths of text and paths.
_TEXT = """str repr format join joinpath Path PurePath resolve absolute with_suffix with_name replace lower upper strip
    abspath realpath basename dirname split rsplit fspath dict list tuple"""
_MAKES_TEXT = frozenset(_TEXT.split()) | _MAKERS
_NUMBER_MAKERS = frozenset({"getpid", "getppid"})
_NUMBERS = frozenset({"int", "fields", "bytes", "bytes_le", "node", "time", "clock_seq"})


@dataclass(frozen=True)
class Labels:
    """What a cell does with labels.

    Attributes:
        names: Names that it binds to labels.
        makes: Whether it makes one up, if only to show it.
    """

    names: frozenset[str] = frozenset()
    makes: bool = False


def labels_of(sources: Sequence[str]) -> tuple[Labels, ...]:
    """Return, by code index, what each cell of a notebook does with labels."""
    known: set[str] = set()
    stamped: set[str] = set()
    found = []
    for source in sources:
        tree = parse_cell(source) or ast.Module([], [])
        stamped |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and _keeps_stamp(node)}
        bound = {name for node in ast.walk(tree) for name in _bound(node, known, stamped)}
        found.append(Labels(frozenset(bound), any(_is_maker(node) for node in ast.walk(tree))))
    return tuple(found)


def _keeps_stamp(node: ast.ClassDef) -> bool:
    """Tell whether objects of a class keep a time or an id as an attribute."""
    assigned = (each for each in ast.walk(node) if isinstance(each, ast.Assign))
    kept = (each.value for each in assigned if any(isinstance(target, ast.Attribute) for target in each.targets))
    return any(is_clock(part) or _is_maker(part) for value in kept for part in ast.walk(value))


def _bound(node: ast.AST, known: set[str], stamped: set[str]) -> list[str]:
    """Return the names that a statement binds to labels, and remember them."""
    targets: list[ast.expr] = []
    match node:
        case ast.Assign(targets=found, value=value) if _is_label(value, known, stamped):
            targets = found
        case ast.AnnAssign(target=target, value=ast.expr() as value) if _is_label(value, known, stamped):
            targets = [target]
        case ast.withitem(context_expr=value, optional_vars=ast.expr() as target) if _is_label(value, known, stamped):
            targets = [target]
    names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    known.update(names)
    return names


def _is_label(value: ast.expr, known: set[str], stamped: set[str]) -> bool:
    """Tell whether an expression is text or a path with a label in it, or an object that bears one."""
    if isinstance(value, ast.Call) and _last_name(value.func) in stamped:
        return True
    nodes = list(ast.walk(value))
    texts = [node for node in nodes if isinstance(node, ast.FormattedValue) or _is_call(node, {"str", "format"})]
    written_out = {id(part) for node in texts for part in ast.walk(node)}
    if any(_is_call(node, _NUMBER_MAKERS) and id(node) not in written_out for node in nodes):
        return False  # a number to reckon with
    has_label = any(_is_maker(node) or (isinstance(node, ast.Name) and node.id in known) for node in nodes)
    return has_label and all(_is_textual(node) for node in nodes)


def _is_textual(node: ast.AST) -> bool:
    """Tell whether a part of an expression leaves text text."""
    match node:
        case ast.Call(func=function):
            return _last_name(function) in _MAKES_TEXT
        case ast.Attribute(attr=name):
            return name not in _NUMBERS
        case ast.BinOp(op=operator):
            return isinstance(operator, ast.Add | ast.Div)
        case ast.Compare() | ast.BoolOp() | ast.IfExp() | ast.UnaryOp() | ast.Lambda() | ast.comprehension():
            return False
    return True


def _is_maker(node: ast.AST) -> bool:
    return _is_call(node, _MAKERS)


def _is_call(node: ast.AST, names: Collection[str]) -> bool:
    return isinstance(node, ast.Call) and _last_name(node.func) in names


def _last_name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
