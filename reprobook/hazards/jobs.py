"""Which functions of a notebook run in threads, in other processes or as tasks of an event loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reprobook.hazards.bindings import FUNCTIONS
from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword

Kind = Literal["thread", "process", "task"]
_HANDING_OVER = frozenset(
    """submit map imap imap_unordered starmap starmap_async apply apply_async map_async run_in_executor
    add_done_callback""".split()  # noqa: SIM905 - so many words read best as a text
)
_STARTING = {
    "threading.Thread": "thread",
    "threading.Timer": "thread",
    "_thread.start_new_thread": "thread",
    "multiprocessing.Process": "process",
    "multiprocessing.context.Process": "process",
    "torch.multiprocessing.Process": "process",
    "torch.multiprocessing.spawn": "process",
    "joblib.delayed": "process",
    "asyncio.to_thread": "thread",
}
_GATHERING = frozenset(
    {"asyncio.gather", "asyncio.create_task", "asyncio.ensure_future", "asyncio.wait", "asyncio.as_completed"}
)


@dataclass(frozen=True)
class Job:
    """A function that is handed over to be run concurrently.

    Attributes:
        call: The call that hands it over.
        function: The function of the notebook that runs.
        kind: Where it runs.
    """

    call: ast.Call
    function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    kind: Kind


def jobs(book: Book) -> Iterator[Job]:
    """Yield the functions that run concurrently."""
    for call in book.all(ast.Call):
        kind = _kind(book, call)
        if kind is None:
            continue
        for argument in (*call.args, *(word.value for word in call.keywords)):
            for function in _functions(book, argument, deep=kind == "task"):
                yield Job(call, function, kind)


def pool_kind(dotted: str) -> Kind | None:
    """Return what a pool's path says of where its work runs."""
    if "ThreadPool" in dotted or "threading" in dotted or "dummy" in dotted:
        return "thread"
    if "ProcessPool" in dotted or "multiprocessing" in dotted or ".Pool()" in dotted or "get_context" in dotted:
        return "process"
    return None


def _kind(book: Book, call: ast.Call) -> Kind | None:
    dotted = book.dotted(call.func)
    if dotted in _STARTING:
        return "thread" if dotted == "joblib.delayed" and _threaded(book) else _as_kind(_STARTING[dotted])
    if dotted in _GATHERING or dotted.endswith((".create_task", "TaskGroup().create_task")):
        return "task"
    if isinstance(call.func, ast.Attribute) and call.func.attr in _HANDING_OVER:
        found = pool_kind(book.dotted(call.func.value))
        return found or ("thread" if call.func.attr in {"run_in_executor", "add_done_callback"} else None)
    return None


def _as_kind(text: str) -> Kind:
    return "thread" if text == "thread" else "process"


def _threaded(book: Book) -> bool:
    """Tell whether joblib was asked for threads."""
    for call in book.all(ast.Call):
        if book.dotted(call.func) == "joblib.Parallel":
            words = [keyword(call, "prefer"), keyword(call, "backend"), keyword(call, "require")]
            if any(
                isinstance(word, ast.Constant) and str(word.value) in {"threads", "threading", "sharedmem"}
                for word in words
            ):
                return True
    return False


def _functions(
    book: Book, argument: ast.expr, *, deep: bool
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda]:
    """Yield the functions that an argument names; of a task also those that are called to make it."""
    nodes: list[ast.AST] = [*ast.walk(argument)] if deep else [argument]
    for name in [each for each in nodes if deep and isinstance(each, ast.Name)]:
        found = book.scope(name).find(name.id, book.at(name))
        if found and found[0].value is not None and found[0].origin == "value":
            nodes.extend(ast.walk(found[0].value))
    for node in nodes:
        definition = book.definition(node)
        if isinstance(definition, FUNCTIONS):
            yield definition
        elif isinstance(node, ast.Lambda):
            yield node
        elif isinstance(node, ast.Attribute) and node.attr in book.methods and not deep:
            yield from book.methods[node.attr]
