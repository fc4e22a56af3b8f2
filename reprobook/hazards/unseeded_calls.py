"""Functions and classes of the notebook that take a seed, ``seed=None``, and calls that give none."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.hazards import generators
from reprobook.hazards.bindings import Definition
from reprobook.hazards.book import Book
from reprobook.hazards.fixes import give
from reprobook.hazards.generators import is_none
from reprobook.hazards.report import Report
from reprobook.hazards.rng import CAUSES


def find(report: Report) -> None:
    """Report calls that leave a seed at None, where the function hands it to a generator."""
    book = report.book
    numpy_seeded = any("numpy" in generators.SEEDING.get(book.dotted(each.func), ()) for each in book.all(ast.Call))
    for call in book.all(ast.Call):
        dotted = book.dotted(call.func)
        if dotted in generators.OWN:
            cause, word = generators.OWN[dotted]
        elif dotted in generators.SEEDING:
            which = generators.SEEDING[dotted]
            cause, word = CAUSES[which[0]] if which else "unseeded_rng", "*"
        elif dotted.startswith("sklearn.") and not numpy_seeded:
            cause, word = "unseeded_rng.sklearn_random_state", "random_state"
        else:
            continue
        seed = generators.keyword(call, word) if word == "random_state" else generators.seed_argument(call, word)
        if isinstance(seed, ast.Name):
            _tell_calls(report, call, seed, cause)


def _tell_calls(report: Report, call: ast.Call, seed: ast.Name, cause: str) -> None:
    """Report the calls of the function around a generator that give it no seed."""
    book = report.book
    owner = book.owner(call)
    found = book.scope(seed).find(seed.id, book.at(seed))
    if owner is None or found is None or found[0].origin != "parameter" or not _is_none_by_default(owner, seed.id):
        return
    for place, name, skipped in _calls(book, owner):
        if not _is_given(place, owner, seed.id, skipped):
            message = f"`{book.text(place)}` gives no {seed.id}, and None takes a seed from the operating system"
            exact = "unseeded_rng.sampler" if "sampler" in name.lower() else cause
            edits = give(book, place, seed.id, report.seed)
            report.add(place, exact, message, f"{seed.id}=seed", generator="own", edits=edits)
            if exact != cause:
                report.possible(place, cause, message, f"{seed.id}=seed", generator="own")


def _is_none_by_default(owner: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> bool:
    """Tell whether an argument is None if it is not given."""
    arguments = owner.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
    pairs += [(each, value) for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    return any(each.arg == name and is_none(value) for each, value in pairs)


def _calls(book: Book, owner: Definition) -> Iterator[tuple[ast.Call, str, int]]:
    """Yield the calls of a function, or those that make an instance, with its name and the arguments to skip."""
    outer = book.parent(owner)
    made = outer if isinstance(outer, ast.ClassDef) and owner.name == "__init__" else owner
    for load in book.loads.get(made.name, ()):
        parent = book.parent(load)
        if isinstance(parent, ast.Call) and parent.func is load and book.definition(load) is made:
            yield parent, made.name, int(made is not owner)


def _is_given(call: ast.Call, owner: ast.FunctionDef | ast.AsyncFunctionDef, name: str, skipped: int) -> bool:
    """Tell whether a call gives an argument a value other than None, or may through ``*`` and ``**``."""
    if any(isinstance(each, ast.Starred) for each in call.args) or any(word.arg is None for word in call.keywords):
        return True
    positional = [each.arg for each in (*owner.args.posonlyargs, *owner.args.args)][skipped:]
    at = positional.index(name) if name in positional else len(call.args)
    value = call.args[at] if at < len(call.args) else generators.keyword(call, name)
    return value is not None and not is_none(value)
