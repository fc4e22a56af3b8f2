"""Files of an earlier run that are read instead of being made: caches and checkpoints."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.paths import existence, reads, writes
from reprobook.hazards.report import Report

_RESTORERS = frozenset({"set_rng_state", "set_rng_state_all", "setstate", "set_state"})


def find(report: Report) -> None:
    """Report ``if os.path.exists(cache): load``, and checkpoints."""
    book = report.book
    written = {path: call for call, path, _ in writes(book) if path}
    read = list(reads(book))
    for branch in book.branches:
        for path in existence(book, branch.test):
            inside = [
                call for call, at in read if any(each is branch for each in book.parents(call)) and at and at == path
            ]
            made = isinstance(branch, ast.If) and path in written and branch in book.parents(written[path])
            later = [call for call, at in read if at and at == path and book.at(call) > book.at(branch)]
            if path not in written or not (inside or (made and later)):
                continue
            if _is_checkpoint(book, branch, written[path]):
                _tell_checkpoint(report, branch, written[path])
                continue
            message = f"`{path}` is read if an earlier run has left it, and made anew otherwise"
            fix = "make it anew in every run, or name it after a digest of what it is made from"
            report.add(branch, "leftover_file.cache", message, fix)
    _tell_tries(report, written, read)
    _tell_early_reads(report, written, read)


def _is_checkpoint(book: Book, branch: ast.If | ast.IfExp, save: ast.Call) -> bool:
    """Tell whether training goes on from what is loaded: it holds a position, and a loop begins there."""
    bound = {each.id for each in ast.walk(branch) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
    ranges = [
        call for call in book.all(ast.Call) if book.dotted(call.func) in {"range", "tqdm.trange"} and len(call.args) > 1
    ]
    starts = {each.id for call in ranges for each in ast.walk(call.args[0]) if isinstance(each, ast.Name)}
    starts |= {each.id for loop in book.all(ast.While) for each in ast.walk(loop.test) if isinstance(each, ast.Name)}
    words = ast.unparse(save) + " ".join(
        ast.unparse(value) for given in save.args[:1] for value in _bound_values(book, given)
    )
    loads = any(isinstance(each, ast.Attribute) and each.attr == "load_state_dict" for each in ast.walk(branch))
    return bool(bound & starts) or (loads and any(word in words for word in ("epoch", "step", "optim", "iteration")))


def _tell_checkpoint(report: Report, branch: ast.AST, save: ast.Call) -> None:
    """A checkpoint that is loaded if there, without the state of the generators."""
    words = ast.unparse(save).lower() + " ".join(
        ast.unparse(value).lower() for argument in save.args[:1] for value in _bound_values(report.book, argument)
    )
    restored = any(getattr(each.func, "attr", "") in _RESTORERS for each in report.book.all(ast.Call))
    message = "training goes on from a checkpoint that lacks the state of the random number generators"
    fix = 'save "rng": torch.get_rng_state() too, and torch.set_rng_state(ckpt["rng"]) after loading'
    sure = not (("rng" in words or "random" in words) and restored)
    report.add(save, "checkpoint_missing_rng_state", message, fix, certain=sure, shown=sure)
    report.possible(branch, "checkpoint_missing_rng_state", message, fix)
    report.possible(
        branch,
        "leftover_file.cache",
        "a checkpoint of an earlier run is read if it is there",
        "start from nothing, or name the checkpoint",
    )


def _bound_values(book: Book, node: ast.expr) -> Iterator[ast.AST]:
    found = book.scope(node).find(node.id, book.at(node)) if isinstance(node, ast.Name) else None
    if found and found[0].value is not None:
        yield found[0].value


def _tell_tries(report: Report, written: dict[str, ast.Call], read: list[tuple[ast.Call, str]]) -> None:
    """``try: load(cache) except FileNotFoundError: ...``."""
    for attempt in report.book.all(ast.Try):
        body = {each for statement in attempt.body for each in ast.walk(statement)}
        caught = " ".join(ast.unparse(handler.type) for handler in attempt.handlers if handler.type)
        loads = [path for call, path in read if call in body and path in written]
        if loads and ("FileNotFound" in caught or "OSError" in caught or "Exception" in caught or not caught):
            message = f"`{loads[0]}` is read if an earlier run has left it, and made anew otherwise"
            report.add(attempt, "leftover_file.cache", message, "make it anew in every run")
        absent = [path for call, path in read if call in body and path and path not in written]
        if absent and ("FileNotFound" in caught or "OSError" in caught):
            message = f"if `{absent[0]}` is missing, the notebook goes on with something else, and nobody notices"
            report.add(
                attempt, "data_drift.missing_files", message, "let it fail, or make it a parameter", certain=False
            )
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted in {"joblib.Memory", "shelve.open", "diskcache.Cache"}:
            message = f"`{report.book.text(call)}` keeps results on disk: a later run may take those of an earlier one"
            report.add(call, "leftover_file.cache", message, "use a new folder in each run", certain=False)


def _tell_early_reads(report: Report, written: dict[str, ast.Call], read: list[tuple[ast.Call, str]]) -> None:
    """A file that is read above the cell that writes it."""
    book = report.book
    for call, path in read:
        writer = written.get(path)
        if any(existence(book, each.test) for each in book.parents(call) if isinstance(each, (ast.If, ast.IfExp))):
            continue
        if writer is not None and book.owner(call) is None and book.at(writer) > book.at(call):
            again = [each for each, at, _ in writes(book) if at == path and book.at(each) < book.at(call)]
            if not again:
                message = (
                    f"`{path}` is read here and written later (cell {book.cell(writer)}): an earlier run's file is used"
                )
                report.add(
                    call,
                    "leftover_file.cache",
                    message,
                    "write it before it is read, or use another name",
                    certain=False,
                )
