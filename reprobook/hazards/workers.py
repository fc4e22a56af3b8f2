"""Workers of a DataLoader: generators that do not follow from the seed of the worker."""

from __future__ import annotations

import ast

from reprobook.hazards import generators
from reprobook.hazards.bindings import FUNCTIONS
from reprobook.hazards.book import Book
from reprobook.hazards.fixes import add_argument, replace
from reprobook.hazards.generators import is_given, keyword
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.seeds import kind_of_source, varying_source

_METHODS = ("__getitem__", "__iter__", "__getitems__", "collate_fn", "__call__", "transform", "augment")


def find(report: Report) -> None:
    """Report randomness in the datasets of loaders with workers."""
    book = report.book
    loaders = [
        call
        for call in book.all(ast.Call)
        if book.dotted(call.func).startswith("torch.utils.data.") and book.dotted(call.func).endswith("DataLoader")
    ]
    for call in loaders:
        count = keyword(call, "num_workers")
        if count is None or (isinstance(count, ast.Constant) and not count.value):
            continue
        _tell_initialiser(report, call)
        _tell_datasets(report, call)


def _tell_initialiser(report: Report, call: ast.Call) -> None:
    """A ``worker_init_fn`` that seeds with what differs in every run."""
    given = keyword(call, "worker_init_fn")
    function: ast.AST | None = (
        given if isinstance(given, ast.Lambda) else report.book.definition(given) if given is not None else None
    )
    for inner in ast.walk(function) if function is not None else ():
        if not isinstance(inner, ast.Call) or report.book.dotted(inner.func) not in generators.SEEDING:
            continue
        seed = generators.seed_argument(inner, "*")
        if seed is None or varying_source(report.book, seed):
            message = "the workers of the DataLoader seed themselves with a number that differs in every run"
            fix = "def worker_init_fn(i): np.random.seed(torch.initial_seed() % 2**32)"
            worker_seed = "torch.initial_seed() % 2**32"
            given_seed = inner.args[0] if inner.args else None
            imported = any(each.dotted == "torch" for each in report.book.names.names.get("torch", ()))
            edits = (
                replace(report.book, given_seed, worker_seed)
                if given_seed is not None
                else add_argument(report.book, inner, worker_seed)
            )
            report.add(inner, "dataloader.worker_rng", message, fix, edits=edits if imported else ())
            _tell_loader(report, call, message, fix)


def _tell_datasets(report: Report, call: ast.Call) -> None:
    """Draws in the methods of a dataset, which run in the workers."""
    book = report.book
    covered = is_given(call, "worker_init_fn")
    torch_seeded = is_given(call, "generator") or any(
        "torch" in generators.SEEDING.get(book.dotted(each.func), ()) for each in book.all(ast.Call)
    )
    for method in (each for name in _METHODS for each in book.methods.get(name, ())):
        for inner in ast.walk(method):
            if not isinstance(inner, ast.Call):
                continue
            drawn = generators.draws(book.dotted(inner.func), inner)
            unseeded = _is_unseeded(book, inner)
            if not drawn and not unseeded:
                continue
            text = book.text(inner)
            message = f"`{text}` draws in a worker of the DataLoader, and does not follow from the worker's seed"
            fix = "draw from torch.initial_seed(): np.random.default_rng(torch.initial_seed())"
            own = drawn and "torch" not in drawn
            sure = unseeded or (own and not covered and not torch_seeded)
            shown = bool(sure) or bool(own and not covered)
            seeds = ("torch",) if sure and not unseeded else ()
            report.add(inner, "dataloader.worker_rng", message, fix, certain=bool(sure), shown=shown, seeds=seeds)
            _tell_loader(report, call, message, fix)


def _is_unseeded(book: Book, call: ast.Call) -> bool:
    """Tell whether a call uses a generator that starts from the operating system's entropy."""
    dotted = book.dotted(call.func)
    if dotted in generators.OWN:
        return generators.seed_argument(call, generators.OWN[dotted][1]) is None
    if kind_of_source(dotted).startswith("os_entropy"):
        return True
    maker = dotted.partition("()")[0]
    if maker not in generators.OWN or "()." not in dotted or not isinstance(call.func, ast.Attribute):
        return False
    value: ast.AST | None = call.func.value
    while value is not None and not isinstance(value, ast.Call):
        if isinstance(value, ast.Attribute):
            value = book.attribute(value)
        elif isinstance(value, ast.Name):
            found = book.scope(value).find(value.id, book.at(value))
            value = found[0].value if found else None
        else:
            return False
    return (
        isinstance(value, ast.Call)
        and not isinstance(value, FUNCTIONS)
        and generators.seed_argument(value, "seed") is None
    )


def _tell_loader(report: Report, call: ast.Call, message: str, fix: str) -> None:
    """Note the cause where the loader stands, and where it is iterated."""
    book = report.book
    loops = [each for each in (*book.loops, *book.all(ast.comprehension)) if "DataLoader()" in book.dotted(each.iter)]
    for node in (call, *(each.iter for each in loops)):
        names = _names_around(book, node)
        report.possible(node, "dataloader.worker_rng", message, fix, names=names)


def _names_around(book: Book, node: ast.AST) -> tuple[str, ...]:
    """Return what the outermost statement around a node binds or changes."""
    outer = [each for each in book.parents(node) if isinstance(each, ast.stmt)]
    return bound_names(book, outer[-1] if outer else node)
