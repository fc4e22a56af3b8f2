"""Threads, processes and tasks: results that come in the order in which they end."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.hazards import generators
from reprobook.hazards.bindings import FUNCTIONS
from reprobook.hazards.book import Book
from reprobook.hazards.completion import ORDERLY
from reprobook.hazards.generators import keyword
from reprobook.hazards.jobs import Job, jobs, pool_kind
from reprobook.hazards.order import is_forgotten
from reprobook.hazards.report import Report, base_name, bound_names
from reprobook.hazards.sets import is_number

_COMPLETION = {
    "thread": "thread_completion_order",
    "process": "pool_completion_order",
    "task": "async_completion_order",
}
_GROWING = frozenset({"append", "extend", "insert", "put", "put_nowait", "appendleft", "write", "add", "update", "pop"})


def find(report: Report) -> None:
    """Report results in the order of completion, shared state in threads, and generators in workers."""
    for call in report.book.all(ast.Call):
        _tell_start(report, call)
    told: set[tuple[ast.AST, str]] = set()
    for job in jobs(report.book):
        for node, cause, message, fix, sure in _shared(report, job):
            if (node, cause) not in told:
                told.add((node, cause))
                names = bound_names(report.book, job.call)
                report.add(
                    node, cause, message, fix, certain=sure, shown=sure, names=(*bound_names(report.book, node), *names)
                )
                if report.book.cell(node) != report.book.cell(job.call):
                    report.possible(job.call, cause, message, fix)


def _shared(report: Report, job: Job) -> Iterator[tuple[ast.AST, str, str, str, bool]]:
    """Yield what a concurrent function does to what it shares with others."""
    book, function = report.book, job.function
    where = {"thread": "threads", "process": "worker processes", "task": "tasks"}[job.kind]
    seeded = _seeds_itself(book, function)
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and job.kind != "task" and _draws(book, node, function):
            cause = "thread_race.shared_rng" if job.kind == "thread" else "pool_worker_rng"
            message = f"`{book.text(node)}` draws in {where}: which draw goes to which of them differs in every run"
            fix = "give each call a generator of its own: np.random.default_rng([seed, index])"
            yield node, cause, message, fix, not seeded
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _GROWING:
            queued = node.func.attr in {"put", "put_nowait"}
            if queued or (job.kind != "process" and _is_outer(book, node.func.value, function)):
                message = f"`{book.text(node)}` runs in {where}: the order is that in which they get there"
                sure = node.func.attr not in {"add", "update", "pop", "write"} and not _is_sorted_later(
                    book, node.func.value
                )
                yield node, _COMPLETION[job.kind], message, ORDERLY, sure
        elif isinstance(node, ast.AugAssign) and job.kind == "thread" and _is_outer(book, node.target, function):
            locked = any(isinstance(each, (ast.With, ast.AsyncWith)) for each in book.parents(node))
            message = f"`{book.text(node)}` reads and writes in several steps; threads lose each other's updates"
            fix = "return the value and add up in order, or hold a lock"
            yield node, "thread_race", message, fix, not locked
            if locked and not is_number(book, node.value):
                yield _summed(node)
        elif isinstance(node, ast.Assign) and job.kind == "thread":
            yield from _lost_updates(book, node, function)


def _summed(node: ast.AST) -> tuple[ast.AST, str, str, str, bool]:
    """A sum of floats under a lock: no update is lost, but the order differs."""
    message = "floats are added in the order in which threads get there: the last bits differ"
    return node, "thread_reduction", message, "return the parts, and add them up in order", False


def _is_sorted_later(book: Book, holder: ast.expr) -> bool:
    """Tell whether what was collected is sorted before it is used."""
    for name in base_name(holder):
        for load in book.loads.get(name, ()):
            parent = book.parent(load)
            if isinstance(parent, ast.Attribute) and parent.attr == "sort":
                return True
            if isinstance(parent, ast.Call) and book.dotted(parent.func) == "sorted":
                return True
    return False


def _is_read_in_order(book: Book, holder: ast.expr) -> bool:
    """Tell whether a dictionary is read in the order in which it was filled."""
    for name in base_name(holder):
        for load in book.loads.get(name, ()):
            parent = book.parent(load)
            if isinstance(parent, ast.Attribute) and parent.attr in {"items", "values", "keys", "popitem"}:
                return not is_forgotten(book, book.parent(parent) or parent)
            if isinstance(parent, ast.Call) and book.dotted(parent.func) in {
                "list",
                "tuple",
                "enumerate",
                "iter",
                "next",
                "pandas.DataFrame",
            }:
                return not is_forgotten(book, parent)
            if isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is load:
                return True
    return False


def _lost_updates(book: Book, node: ast.Assign, function: ast.AST) -> Iterator[tuple[ast.AST, str, str, str, bool]]:
    """``total = total + x`` of a global, or of a shared attribute, item or dictionary."""
    for target in node.targets:
        if not _is_outer(book, target, function):
            continue
        read = {_stored_form(each) for each in ast.walk(node.value) if isinstance(each, ast.expr)}
        read |= {
            _stored_form(value)
            for each in ast.walk(node.value)
            if isinstance(each, ast.Name)
            for value in _bound_to(book, each)
        }
        again = _stored_form(target) in read or isinstance(target, ast.Name)
        if isinstance(target, ast.Subscript) and not again and book.dotted(target.value) == "dict()":
            filled = f"`{book.text(node)}` fills a dictionary in the order in which threads get there"
            yield (
                node,
                "thread_completion_order",
                filled,
                "read it by sorted keys",
                _is_read_in_order(book, target.value),
            )
            continue
        locked = any(isinstance(each, (ast.With, ast.AsyncWith)) for each in book.parents(node))
        message = f"`{book.text(node)}` is shared by threads: what it holds depends on who comes first"
        yield node, "thread_race", message, "return the value and put results together in order", again and not locked
        if again and locked:
            yield _summed(node)


def _bound_to(book: Book, name: ast.Name) -> list[ast.AST]:
    """Return the expression that a local variable was bound to."""
    found = book.scope(name).find(name.id, book.at(name))
    return [found[0].value] if found and found[0].origin == "value" and found[0].value is not None else []


def _stored_form(node: ast.AST) -> str:
    """Return a text that is equal for an expression that is read and one that is assigned to."""
    return ast.dump(node).replace("Load()", "Store()")


def _draws(book: Book, call: ast.Call, function: ast.AST) -> bool:
    """Tell whether a call draws from a generator that is shared."""
    dotted = book.dotted(call.func)
    if dotted in generators.SEEDING:
        return False
    if generators.draws(dotted, call) or (dotted in generators.OWN and generators.seed_argument(call, "seed") is None):
        return True
    own = any(dotted.startswith(f"{each}().") for each in (*generators.OWN, "random.Random"))
    return own and isinstance(call.func, ast.Attribute) and _is_outer(book, call.func.value, function)


def _seeds_itself(book: Book, function: ast.AST) -> bool:
    return any(
        book.dotted(each.func) in generators.SEEDING for each in ast.walk(function) if isinstance(each, ast.Call)
    )


def _is_outer(book: Book, node: ast.AST, function: ast.AST) -> bool:
    """Tell whether an expression belongs to something outside of the function: a global, an attribute of ``self``."""
    names = base_name(node)
    if not names:
        return False
    if names == ["self"]:
        return True
    declared = {
        name for each in ast.walk(function) if isinstance(each, (ast.Global, ast.Nonlocal)) for name in each.names
    }
    if names[0] in declared:
        return True
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        return False
    found = book.scope(node).find(names[0], book.at(node))
    inside = found is not None and any(
        found[1].node is each for each in ast.walk(function) if isinstance(each, FUNCTIONS)
    )
    return found is not None and not inside and found[0].origin not in {"import", "definition"}


def _tell_inherited(report: Report, call: ast.Call, dotted: str) -> None:
    """Workers see what this kernel changed in a module only if they are forked."""
    if "get_context()" in dotted or not call.args:
        return
    module = report.book.dotted(call.args[0]).partition(".")[0]
    changed = [
        target
        for target in report.book.all(ast.Attribute)
        if isinstance(target.ctx, ast.Store) and report.book.dotted(target).startswith(f"{module}.")
    ]
    if module.isidentifier() and changed:
        name = report.book.text(changed[0])
        message = f"`{name}` was changed here: workers see that if they are forked, and not if they are spawned"
        fix = 'choose the method: multiprocessing.get_context("fork").Pool(...), or pass the value as an argument'
        report.add(call, "mp_start_method", message, fix)


def _tell_start(report: Report, call: ast.Call) -> None:
    """How worker processes start, and how many there are."""
    dotted = report.book.dotted(call.func)
    plain = dotted.replace("torch.multiprocessing", "multiprocessing")
    if plain == "multiprocessing.get_start_method":
        message = "what is done depends on how this platform starts processes"
        report.add(call, "mp_start_method", message, 'multiprocessing.set_start_method("spawn") at the top')
    elif plain.endswith((".map", ".starmap", ".apply_async", ".submit", ".imap")) and pool_kind(plain) == "process":
        _tell_inherited(report, call, plain)
    elif plain in {"multiprocessing.Pool", "multiprocessing.Process", "concurrent.futures.ProcessPoolExecutor"}:
        given = keyword(call, "mp_context") is not None
        message = "worker processes start as the platform likes: forked ones inherit the state of this kernel"
        fix = 'choose the method: multiprocessing.get_context("spawn")'
        if not given:
            report.possible(call, "mp_start_method", message, fix)
    elif plain in {"multiprocessing.set_start_method", "multiprocessing.get_context"}:
        message = "the method of starting processes decides which state workers inherit"
        constant = bool(call.args) and isinstance(call.args[0], ast.Constant)
        report.add(
            call,
            "mp_start_method",
            message,
            'a constant: "spawn"',
            certain=not constant and bool(call.args),
            shown=not constant and bool(call.args),
        )
    elif dotted in {"torch.distributed.get_world_size", "torch.distributed.get_rank"}:
        message = "the number of processes decides which samples each of them sees, and the order of sums"
        report.add(call, "world_size", message, "record the world size as a parameter", certain=False)
