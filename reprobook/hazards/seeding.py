"""Seeds that differ in every run, and generators of the notebook's own that have none."""

from __future__ import annotations

import ast

from reprobook.hazards import generators
from reprobook.hazards.book import Book
from reprobook.hazards.fixes import add_argument, replace
from reprobook.hazards.model import Edit, Generator
from reprobook.hazards.report import Report
from reprobook.hazards.rng import CAUSES
from reprobook.hazards.seeds import varying_source
from reprobook.hazards.spread import calls_of

_WORDS = frozenset({"random_state", "seed", "generator", "random_seed"})


def find(report: Report) -> None:
    """Report every call that takes a seed and gets none, or one that varies."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted in generators.SEEDING:
            if dotted != "reprobook.init":
                _tell_seed(report, call, generators.SEEDING[dotted])
        elif dotted in generators.RESEEDING:
            _tell_entropy(report, call, "unseeded_rng.torch", "torch", "manual_seed")
        elif dotted in generators.OWN:
            _tell_own(report, call, dotted)
        elif dotted.endswith("torch.Generator().seed"):
            message = "`.seed()` without a number takes one from the operating system, a new one in every run"
            edits = _edits(report, call, "manual_seed")
            fix = "generator.manual_seed(seed)"
            report.add(call, "unseeded_rng.torch_generator", message, fix, generator="own", edits=edits)
        else:
            for word in call.keywords:
                if word.arg in _WORDS and (varying := varying_source(report.book, word.value)):
                    _tell_varying(report, call, varying)


def _tell_seed(report: Report, call: ast.Call, which: tuple[Generator, ...]) -> None:
    """``np.random.seed()``, ``random.seed(time.time())``."""
    seed = _seed(report.book, call, "*")
    if seed is None:
        generator: Generator = which[0] if which else "own"
        _tell_entropy(report, call, CAUSES.get(generator, "unseeded_rng"), generator)
    elif varying := varying_source(report.book, seed):
        _tell_varying(report, call, varying)


def _tell_own(report: Report, call: ast.Call, dotted: str) -> None:
    """``default_rng()``, ``Random()``, ``RandomState(int(time.time()))``."""
    cause, word = generators.OWN[dotted]
    seed = _seed(report.book, call, word)
    if seed is None:
        name = report.book.text(call.func)
        message = f"`{name}()` without a seed starts differently in every run"
        report.add(call, cause, message, f"{name}(seed)", generator="own", edits=_edits(report, call))
    elif varying := varying_source(report.book, seed):
        _tell_varying(report, call, varying)


def _seed(book: Book, call: ast.Call, word: str) -> ast.expr | None:
    """Return the argument that carries a seed; None where there is none, or it is a variable that is None."""
    found = generators.seed_argument(call, word)
    return None if found is None or book.dotted(found) == "NoneType()" else found


def _edits(report: Report, call: ast.Call, method: str = "") -> tuple[Edit, ...]:
    """Return the edits that give a call the seed as its only argument, and another method's name if one is given."""
    book = report.book
    renamed: tuple[Edit, ...] = ()
    if method and isinstance(call.func, ast.Attribute):
        end = (call.func.end_lineno or 0, call.func.end_col_offset or 0)
        renamed = (Edit(book.cell(call), end[0], end[1] - len(call.func.attr), *end, method),)
    elif method:
        return ()
    given = [*call.args, *(word.value for word in call.keywords)]
    return (*renamed, *(replace(book, given[0], report.seed) if given else add_argument(book, call, report.seed)))


def _tell_entropy(report: Report, call: ast.Call, cause: str, generator: Generator, method: str = "") -> None:
    """Report a seed that comes from the operating system; seeds of workers are looked at with the workers."""
    book = report.book
    message = f"`{book.text(call)}` without a number takes a seed from the operating system, a new one in every run"
    fix = f"{book.text(call.func)}(seed)" if not method else f"torch.{method}(seed)"
    alone = not _initialises_workers(book, call)
    edits = _edits(report, call, method)
    sure = {"certain": alone, "shown": alone}
    report.add(call, cause, message, fix, generator=generator, edits=edits, reseeds=True, **sure)


def _initialises_workers(book: Book, call: ast.Call) -> bool:
    """Tell whether a call stands in a function that sets up workers."""
    owner = book.owner(call)
    parents = [book.parent(load) for load in book.loads.get(owner.name, ())] if owner else []
    return any(isinstance(each, ast.keyword) and each.arg in {"initializer", "worker_init_fn"} for each in parents)


def _tell_varying(report: Report, call: ast.Call, varying: tuple[str, ast.AST]) -> None:
    """Report a seed that is taken from the clock, the process or the like, where that value is made."""
    cause, source = varying
    if _stands_in(report.book, source):
        message = "only where no seed is given"
        report.possible(source, cause, message, "give a seed")
        return
    message = f"a seed is made from `{report.book.text(source)}`, which differs in every run"
    fix = "use a constant, or the parameter `seed`, instead"
    report.add(source, cause, message, fix)
    if report.book.cell(source) != report.book.cell(call):
        report.possible(call, cause, message, fix)


def _stands_in(book: Book, source: ast.AST) -> bool:
    """Tell whether a value stands in for an argument that every call of the function gives."""
    owner = book.owner(source)
    branch = next((each for each in book.parents(source) if isinstance(each, (ast.IfExp, ast.If, ast.BoolOp))), None)
    if owner is None or branch is None:
        return False
    tested = branch.values[0] if isinstance(branch, ast.BoolOp) else branch.test
    words = {each.id for each in ast.walk(tested) if isinstance(each, ast.Name)}
    words &= {argument.arg for argument in (*owner.args.args, *owner.args.kwonlyargs)}
    calls = list(calls_of(book, owner)) if words else []
    return bool(calls) and all(each.args or any(word.arg in words for word in each.keywords) for each in calls)
