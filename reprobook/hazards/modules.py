"""Modules: what an import brings in, what was patched into it, and packages without a version."""

from __future__ import annotations

import ast
import builtins
import re

from reprobook.hazards.bindings import Binding
from reprobook.hazards.book import Book
from reprobook.hazards.report import Report

_SETTINGS = re.compile(
    r"^(?:torch\.backends\.|matplotlib|pandas\.options|pandas\.set_option|sys\.|os\.environ|warnings\.|logging\.|IPython\.|plotly\.io"
    r"|seaborn|numpy\.random\.|tqdm|ssl\._create_default_https_context|PIL\.|transformers\.logging|datasets\.logging|cv2\."
    r"|torch\._dynamo|torch\.multiprocessing|socket\.|wandb|builtins\.display|reprobook)"
)


def find(report: Report) -> None:
    """Report shadowed imports, patched modules, local modules and installs without a version."""
    _tell_shadowing(report)
    _tell_patches(report)


def _tell_shadowing(report: Report) -> None:
    """One name, imported from two places: which one holds depends on the order of the cells."""
    book = report.book
    _tell_stars(report)
    for name, bindings in book.names.names.items():
        imports = [each for each in bindings if each.origin == "import"]
        if _is_alternative(book, [each.value for each in imports]):
            continue
        if not _same_thing({each.dotted for each in imports}):
            for each in imports[1:]:
                if each.value is not None and each.dotted != imports[0].dotted:
                    message = f"`{name}` is {imports[0].dotted} above, and {each.dotted} from here on"
                    fix = "import one of them under another name"
                    report.add(each.value, "import_order.name_shadowing", message, fix, names=(name,))
        _tell_rebinding(report, name, bindings)


def _tell_stars(report: Report) -> None:
    """``from module import *``, certain where two of them may bind what a cell reads."""
    nodes = [node for node in report.book.all(ast.ImportFrom) if any(alias.name == "*" for alias in node.names)]
    taken = _comes_from_star(report.book)
    for node in nodes:
        others = [other.module for other in nodes if other.module != node.module]
        too = f", as {others[0]} does" if others else ""
        message = f"`from {node.module} import *` binds names that the cell does not show{too}"
        fix = f"import the names that are used: from {node.module} import ..."
        report.add(node, "import_order.name_shadowing", message, fix, certain=bool(others) and taken)


def _comes_from_star(book: Book) -> bool:
    """Tell whether some name is read that nothing else binds."""
    return any(
        book.scope(load).find(name, book.at(load)) is None
        and name not in BUILTINS
        and name not in {"display", "get_ipython"}
        for name, loads in book.loads.items()
        for load in loads
    )


def _same_thing(dotted: set[str]) -> bool:
    """Tell whether two paths are one object: ``tqdm.tqdm`` and ``tqdm.auto.tqdm``."""
    return (
        len({each.rpartition(".")[2] for each in dotted}) == 1 and len({each.partition(".")[0] for each in dotted}) == 1
    )


def _is_alternative(book: Book, nodes: list[ast.AST | None]) -> bool:
    """Tell whether the imports are the two ways of one ``try``."""
    return any(isinstance(each, ast.Try) for node in nodes if node is not None for each in book.parents(node))


def _tell_rebinding(report: Report, name: str, bindings: list[Binding]) -> None:
    """An imported name that an assignment takes over, and that is called somewhere."""
    book = report.book
    imports = [each for each in bindings if each.origin == "import"]
    assigned = [each for each in bindings if each.origin in {"value", "element", "definition"}]
    if not imports or not assigned or _is_alternative(book, [each.value for each in imports]):
        return
    called = any(
        isinstance(parent := book.parent(load), ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is load)
        for load in book.loads.get(name, ())
    )
    first = assigned[0]
    if called and first.value is not None:
        message = f"`{name}` is an import ({imports[0].dotted}) and is bound to something else here: order decides"
        report.add(
            first.value, "import_order.name_shadowing", message, "use another name", certain=False, names=(name,)
        )


def _tell_patches(report: Report) -> None:
    """``np.mean = my_mean``: every cell that runs later gets it."""
    book = report.book
    for target in book.all(ast.Attribute):
        if not isinstance(target.ctx, ast.Store):
            continue
        dotted, base = book.dotted(target), target.value
        while isinstance(base, ast.Attribute):
            base = base.value
        found = book.scope(base).find(base.id, book.at(base)) if isinstance(base, ast.Name) else None
        if found and found[0].origin == "import" and not _SETTINGS.match(dotted):
            message = f"`{book.text(target)}` is replaced for all code that runs after this cell"
            sure = _is_code(book, target)
            fix = "call the new function by its own name"
            report.add(target, "monkeypatch", message, fix, certain=sure, shown=sure)
        elif (
            found
            and found[0].origin == "definition"
            and isinstance(found[0].value, ast.ClassDef)
            and found[0].at[0] != book.cell(target)
        ):
            message = f"`{book.text(target)}` changes a class of cell {found[0].at[0]} for all code that runs after"
            report.add(target, "monkeypatch", message, "define it in the class", certain=False)
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        if dotted == "setattr" and call.args and _is_import(book, call.args[0]):
            report.add(
                call,
                "monkeypatch",
                f"`{book.text(call)}` changes a module for all code that runs after",
                "call the new function by its own name",
            )


def _is_code(book: Book, target: ast.Attribute) -> bool:
    """Tell whether what is put into a module is a function or class; a number or text is a setting."""
    statement = book.statement(target)
    value = statement.value if isinstance(statement, ast.Assign) else None
    dotted = book.dotted(value)
    if isinstance(value, ast.Lambda) or (dotted.startswith("@") and "(" not in dotted):
        return True
    known = isinstance(value, (ast.Name, ast.Attribute)) and "." in dotted and "(" not in dotted
    return known or "partial" in dotted or "mock" in dotted.lower()


def _is_import(book: Book, node: ast.expr) -> bool:
    base = node
    while isinstance(base, ast.Attribute):
        base = base.value
    found = book.scope(base).find(base.id, book.at(base)) if isinstance(base, ast.Name) else None
    return bool(found and found[0].origin == "import")


BUILTINS = frozenset(dir(builtins))
