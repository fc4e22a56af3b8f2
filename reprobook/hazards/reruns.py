"""Cells that give another result when they are run twice, or in another order."""

from __future__ import annotations

import ast

from reprobook.hazards.bindings import Binding
from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.meaning import own_nodes
from reprobook.hazards.memory import MUTATING
from reprobook.hazards.report import Report, base_name
from reprobook.hazards.state import module_loads

_ITERATORS = frozenset(
    {"iter()", "map()", "filter()", "zip()", "enumerate()", "generator()", "open()", "csv.reader()", "csv.DictReader()"}
)

_TRAINING = frozenset({"step", "backward", "partial_fit", "load_state_dict", "optimize", "fit"})


def find(report: Report) -> None:
    """Report what depends on how often cells are run, and in which order."""
    _tell_overwrites(report)
    _tell_iterators(report)
    _tell_training(report)
    _tell_parameters(report)
    for call in report.book.all(ast.Call):
        warm = keyword(call, "warm_start")
        if isinstance(warm, ast.Constant) and warm.value is True:
            text = report.book.text(call.func)
            message = f"`{text}` goes on from its last fit: run twice, the cell gives another model"
            fix = "warm_start=False, or make the model in the cell that fits it"
            report.add(call, "hidden_state.warm_start", message, fix, certain=False)


def _tell_training(report: Report) -> None:
    """A model of another cell that is trained here: run twice, training goes on from trained weights."""
    book = report.book
    warm = any(keyword(call, "warm_start") is not None for call in book.all(ast.Call))
    for call in book.all(ast.Call):
        method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if method not in _TRAINING or not isinstance(call.func, ast.Attribute) or (method == "fit" and not warm):
            continue
        for name in base_name(call.func.value):
            before = _before(book, name, call)
            if before is not None and before.at[0] != book.cell(call) and before.origin != "import":
                message = f"`{name}` of another cell is trained on here: run twice, it is trained twice"
                shown = method == "partial_fit"
                report.add(
                    call, "hidden_state.warm_start", message, f"make `{name}` in this cell", certain=False, shown=shown
                )


def _tell_overwrites(report: Report) -> None:
    """Cells that give another result when run twice: ``X = X / 16``, ``total += 1``, ``losses.append(x)``."""
    book = report.book
    rewritten: dict[str, ast.stmt] = {}
    nodes: list[ast.Assign | ast.AugAssign] = [*book.all(ast.Assign), *book.all(ast.AugAssign)]
    for node in nodes:
        if book.owner(node) is not None or any(isinstance(each, ast.ClassDef) for each in book.parents(node)):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and _reads_itself(book, node, target.id):
                _tell_overwrite(report, node, target.id, rewritten)
            elif isinstance(target, (ast.Subscript, ast.Attribute)) and (name := _changes_itself(book, node, target)):
                _tell_overwrite(report, node, name, rewritten)
    for call in book.all(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in MUTATING and book.owner(call) is None:
            _tell_growth(report, call, call.func)


def _reads_itself(book: Book, node: ast.Assign | ast.AugAssign, name: str) -> bool:
    """Tell whether a statement reads the value that it overwrites, as another cell has left it."""
    before = _before(book, name, node)
    if before is None or before.at[0] == book.cell(node):
        return False
    if isinstance(node, ast.AugAssign):
        return True
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(node.value))


def _changes_itself(book: Book, node: ast.Assign | ast.AugAssign, target: ast.Subscript | ast.Attribute) -> str:
    """Return the variable of another cell of which an item is made from its old value: ``df["x"] = df["x"] / 2``."""
    names = base_name(target)
    before = _before(book, names[0], node) if names else None
    if before is None or before.origin == "import" or before.at[0] == book.cell(node):
        return ""
    if any(isinstance(each, (ast.For, ast.While)) for each in book.parents(node)):
        return ""  # bags[row, word] += 1 in a loop: a table that is being filled
    wanted = ast.dump(target).replace("Store()", "Load()")
    again = isinstance(node, ast.AugAssign) or any(ast.dump(each) == wanted for each in ast.walk(node.value))
    return names[0] if again else ""


def _before(book: Book, name: str, node: ast.AST) -> Binding | None:
    """Return the binding of a name that holds where a statement begins."""
    found = [each for each in book.names.names.get(name, ()) if each.at <= book.at(node)]
    return found[-1] if found else None


def _tell_overwrite(report: Report, node: ast.stmt, name: str, rewritten: dict[str, ast.stmt]) -> None:
    message = (
        f"`{report.book.text(node)}` reads and overwrites `{name}` of another cell: run twice, it gives another result"
    )
    fix = f"give the result a new name, or make `{name}` in this cell from what it was made of"
    cell = report.book.cell(node)
    report.add(node, "hidden_state.reexecuted_cell", message, fix, certain=False, names=(name,))
    earlier = rewritten.get(name)
    if earlier is not None and report.book.cell(earlier) != cell:
        text = f"cells {report.book.cell(earlier)} and {cell} both change `{name}`: their order decides"
        for each in (earlier, node):
            report.add(each, "hidden_state.out_of_order", text, fix, certain=False, names=(name,))
    rewritten.setdefault(name, node)


def _tell_growth(report: Report, call: ast.Call, function: ast.Attribute) -> None:
    """``losses.append(x)`` of a list that another cell made."""
    names = base_name(function.value)
    if not names or not isinstance(function.value, ast.Name):
        return
    before = _before(report.book, names[0], call)
    if before is None or before.at[0] == report.book.cell(call) or before.origin != "value":
        return
    if report.book.dotted(function.value) not in {
        "list()",
        "dict()",
        "set()",
        "collections.deque()",
        "collections.defaultdict()",
    }:
        return
    message = f"`{names[0]}` of cell {before.at[0]} grows here: run twice, it holds everything twice"
    report.add(
        call,
        "hidden_state.reexecuted_cell",
        message,
        f"begin `{names[0]}` in this cell",
        certain=False,
        names=(names[0],),
    )


def _tell_iterators(report: Report) -> None:
    """Iterators that one cell makes and others use up."""
    book = report.book
    for load in module_loads(book):
        found = book.scope(load).find(load.id, book.at(load))
        if found is None or not found[1].is_module or found[0].origin != "value" or found[0].at[0] == book.cell(load):
            continue
        if found[0].index is None and (book.dotted(load) in _ITERATORS or _is_generator(book, found[0].value)):
            message = f"`{load.id}` of cell {found[0].at[0]} is used up by being read: run twice, this cell finds less"
            report.add(
                load,
                "hidden_state.iterator_consumed",
                message,
                f"make `{load.id}` in this cell, or keep a list",
                certain=False,
            )


def _is_generator(book: Book, value: ast.AST | None) -> bool:
    """Tell whether a value is made by a function with ``yield``."""
    definition = book.definition(value.func) if isinstance(value, ast.Call) else None
    return isinstance(definition, ast.FunctionDef) and any(
        isinstance(each, (ast.Yield, ast.YieldFrom)) for each in own_nodes(definition)
    )


def _tell_parameters(report: Report) -> None:
    """Values derived in the parameters cell, which papermill's injected values do not reach."""
    book = report.book
    for cell, tree in enumerate(book.trees):
        if tree is None or "parameters" not in book.tags[cell]:
            continue
        bound: set[str] = set()
        for node in tree.body:
            if isinstance(node, ast.Assign):
                used = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)} & bound
                if used:
                    message = f"`{book.text(node)}` is derived in the parameters cell: injected values do not reach it"
                    report.add(
                        node, "derived_parameter_stale", message, "move the line to the next cell", certain=False
                    )
                bound |= {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
