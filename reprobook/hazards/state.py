"""The notebook's state: names that nothing above binds, cells that change what they read, functions that remember."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator

from reprobook.hazards.bindings import Binding
from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.meaning import own_nodes
from reprobook.hazards.report import Report, base_name

_GIVEN = frozenset({"get_ipython", "display", "exit", "quit", "__name__", "__doc__", "__file__", "__builtins__", "__debug__"})
_HISTORY = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_oh", "_ih", "_dh", "In", "Out"})
_ITERATORS = frozenset({"iter()", "map()", "filter()", "zip()", "enumerate()", "generator()", "open()", "csv.reader()", "csv.DictReader()"})
_CACHES = frozenset({"functools.lru_cache", "functools.cache", "functools.cached_property"})
_TRAINING = frozenset({"step", "backward", "partial_fit", "load_state_dict", "optimize", "fit"})
_MUTATING = frozenset({"append", "extend", "insert", "update", "add", "setdefault", "pop", "remove", "clear", "appendleft"})


def find(report: Report) -> None:
    """Report what depends on which cells were run, and how often."""
    _tell_names(report)
    _tell_overwrites(report)
    _tell_iterators(report)
    for function in (*report.book.all(ast.FunctionDef), *report.book.all(ast.AsyncFunctionDef)):
        _tell_cache(report, function)
        _tell_memory(report, function)
    for call in report.book.all(ast.Call):
        warm = keyword(call, "warm_start")
        if isinstance(warm, ast.Constant) and warm.value is True:
            message = f"`{report.book.text(call.func)}` goes on from its last fit: run twice, the cell gives another model"
            report.add(call, "hidden_state.warm_start", message, "warm_start=False, or make the model in the cell that fits it", certain=False)
    _tell_training(report)
    _tell_parameters(report)


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
                report.add(call, "hidden_state.warm_start", message, f"make `{name}` in this cell", certain=False, shown=shown)


def _module_loads(book: Book) -> Iterator[ast.Name]:
    """Yield the reads of the notebook's own names that happen when the cell runs."""
    for loads in list(book.loads.values()):
        for load in loads:
            if book.owner(load) is None and not any(isinstance(each, ast.Lambda) for each in book.parents(load)):
                yield load


def _tell_names(report: Report) -> None:
    """Names that are read before any cell above has bound them."""
    book = report.book
    unsure = any(tree is None for tree in book.trees) or _binds_unseen(book)
    for load in _module_loads(book):
        if load.id in _GIVEN or (hasattr(builtins, load.id) and load.id not in _HISTORY):
            continue
        found = book.scope(load).find(load.id, book.at(load))
        if found is not None and (not found[1].is_module or found[0].at <= book.at(load)):
            continue
        if load.id in _HISTORY or (load.id.startswith("_") and load.id[1:].lstrip("i").isdigit()):
            message = f"`{load.id}` is what IPython kept of the cells run before"
            report.add(load, "hidden_state.ipython_history", message, "give the value a name in the cell that makes it")
        elif _is_guarded(book, load):
            continue
        elif found is None:
            message = f"`{load.id}` is bound by no cell: the cell that did was deleted, or it is misspelt"
            sure = not unsure and not any(isinstance(each, ast.If) for each in book.parents(load))
            report.add(load, "hidden_state.deleted_cell", message, f"add the code that makes `{load.id}`", certain=sure)
        else:
            message = f"`{load.id}` is read here and bound only below (cell {found[0].at[0]})"
            report.add(load, "hidden_state.out_of_order", message, f"move cell {found[0].at[0]} above this one", certain=not unsure)


def _binds_unseen(book: Book) -> bool:
    """Tell whether names may be bound that no assignment shows: star imports, ``%run``, ``exec``."""
    stars = any(alias.name == "*" for node in book.all(ast.ImportFrom) for alias in node.names)
    magic = ("%run", "%pylab", "%store", "%%capture", "%load ", "%%sql", "%%R", "%%bash", "%%script", "%sql")
    magics = any(line.lstrip().startswith(magic) for source in book.sources for line in source.splitlines())
    return stars or magics or any(book.dotted(call.func) in {"exec", "globals", "locals", "vars", "globals().update"} for call in book.all(ast.Call))


def _is_guarded(book: Book, node: ast.AST) -> bool:
    """Tell whether a missing name is caught."""
    return any(isinstance(each, ast.Try) for each in book.parents(node))


def _tell_overwrites(report: Report) -> None:
    """Cells that give another result when run twice: ``X = X / 16``, ``total += 1``, ``losses.append(x)``."""
    book = report.book
    rewritten: dict[str, ast.stmt] = {}
    for node in (*book.all(ast.Assign), *book.all(ast.AugAssign)):
        if book.owner(node) is not None or any(isinstance(each, ast.ClassDef) for each in book.parents(node)):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Name) and _reads_itself(book, node, target.id):
                _tell_overwrite(report, node, target.id, rewritten)
            elif isinstance(target, (ast.Subscript, ast.Attribute)) and (name := _changes_itself(book, node, target)):
                _tell_overwrite(report, node, name, rewritten)
    for call in book.all(ast.Call):
        if isinstance(call.func, ast.Attribute) and call.func.attr in _MUTATING and book.owner(call) is None:
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
    message = f"`{report.book.text(node)}` reads and overwrites `{name}` of another cell: run twice, it gives another result"
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
    if report.book.dotted(function.value) not in {"list()", "dict()", "set()", "collections.deque()", "collections.defaultdict()"}:
        return
    message = f"`{names[0]}` of cell {before.at[0]} grows here: run twice, it holds everything twice"
    report.add(call, "hidden_state.reexecuted_cell", message, f"begin `{names[0]}` in this cell", certain=False, names=(names[0],))


def _tell_iterators(report: Report) -> None:
    """Iterators that one cell makes and others use up."""
    book = report.book
    for load in _module_loads(book):
        found = book.scope(load).find(load.id, book.at(load))
        if found is None or not found[1].is_module or found[0].origin != "value" or found[0].at[0] == book.cell(load):
            continue
        if found[0].index is None and (book.dotted(load) in _ITERATORS or _is_generator(book, found[0].value)):
            message = f"`{load.id}` of cell {found[0].at[0]} is used up by being read: run twice, this cell finds less"
            report.add(load, "hidden_state.iterator_consumed", message, f"make `{load.id}` in this cell, or keep a list", certain=False)


def _is_generator(book: Book, value: ast.AST | None) -> bool:
    """Tell whether a value is made by a function with ``yield``."""
    definition = book.definition(value.func) if isinstance(value, ast.Call) else None
    return isinstance(definition, ast.FunctionDef) and any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in own_nodes(definition))


def _tell_cache(report: Report, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """A cached function that reads what is not among its arguments."""
    book = report.book
    decorators = [each.func if isinstance(each, ast.Call) else each for each in function.decorator_list]
    if not any(book.dotted(each) in _CACHES or book.dotted(each).endswith(".cache") for each in decorators):
        return
    settings, others = [], []
    for node in own_nodes(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found = book.scope(node).find(node.id, book.at(node))
            if found and found[1].is_module and found[0].origin in {"value", "element"}:
                (settings if _is_setting(book, found[0]) else others).append(node.id)
    names = list(dict.fromkeys(settings + others))
    if names:
        text = ", ".join(f"`{name}`" for name in dict.fromkeys(settings or others))
        message = f"`{function.name}` keeps its results, and reads {text}: after a change it still gives the old ones"
        given = ", ".join(dict.fromkeys(settings or others))
        report.add(function, "stale_cache.lru_cache", message, f"pass {given} as an argument", certain=bool(settings), shown=bool(settings))
        for load in book.loads.get(function.name, ()):
            report.add(load, "stale_cache.lru_cache", message, f"pass {given} as an argument", certain=False, shown=False)


def _is_setting(book: Book, binding: Binding) -> bool:
    """Tell whether a name is a setting."""
    literal = isinstance(binding.value, (ast.Constant, ast.UnaryOp))
    return literal or "parameters" in book.tags[binding.at[0]]


def _tell_memory(report: Report, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Mutable defaults, counters of a closure, attributes of the function."""
    book, arguments = report.book, function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
    defaults += [(name, value) for name, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    nodes = own_nodes(function)
    for argument, value in defaults:
        mutable = isinstance(value, (ast.List, ast.Dict, ast.Set)) or book.dotted(value) in {"list()", "dict()", "set()", "collections.defaultdict()"}
        if mutable and _is_changed(nodes, argument.arg):
            message = f"the default of `{argument.arg}` is made once: `{function.name}` remembers earlier calls in it"
            report.add(value, "hidden_state.function_state", message, f"{argument.arg}=None, and make it inside", names=(function.name,))
    for node in nodes:
        if isinstance(node, ast.AugAssign) and _outlives(book, function, node.target):
            message = f"`{book.text(node)}`: `{function.name}` gives another result each time it is called"
            report.add(node, "hidden_state.function_state", message, "pass the value in and return it", certain=False, shown=isinstance(node.target, ast.Attribute))


def _is_changed(nodes: list[ast.AST], name: str) -> bool:
    """Tell whether a function changes the object of an argument."""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATING:
            if isinstance(node.func.value, ast.Name) and node.func.value.id == name:
                return True
        if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load) and base_name(node) == [name]:
            return True
        if isinstance(node, ast.AugAssign) and base_name(node.target) == [name]:
            return True
    return False


def _outlives(book: Book, function: ast.FunctionDef | ast.AsyncFunctionDef, target: ast.expr) -> bool:
    """Tell whether what a function changes is there in the next call: ``global``, ``nonlocal``, ``f.count``."""
    if isinstance(target, ast.Attribute):
        return base_name(target) == [function.name]
    declared = {name for each in own_nodes(function) if isinstance(each, (ast.Global, ast.Nonlocal)) for name in each.names}
    del book
    return isinstance(target, ast.Name) and target.id in declared


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
                    message = f"`{book.text(node)}` is derived in the parameters cell: values that papermill injects below it do not reach it"
                    report.add(node, "derived_parameter_stale", message, "move the line to the next cell", certain=False)
                bound |= {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}
