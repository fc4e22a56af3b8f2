"""Files: order of listings, leftovers of earlier runs, data that changes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from reprobook.hazards.book import Book
from reprobook.hazards.fixes import wrap
from reprobook.hazards.generators import keyword
from reprobook.hazards.order import is_forgotten
from reprobook.hazards.paths import existence, is_open, mode, reads, writes
from reprobook.hazards.report import Report
from reprobook.hazards.spread import decides_nothing

_LISTING = frozenset({"os.listdir", "os.scandir", "os.walk", "glob.glob", "glob.iglob", "os.fwalk"})
_LISTING_METHODS = frozenset({"iterdir", "rglob", "glob", "scandir"})
_TIMES = frozenset({"getmtime", "getctime", "getatime", "st_mtime", "st_ctime", "st_atime", "st_mtime_ns", "st_birthtime"})
_REMOTE = re.compile(r"^(?:https?|ftp|s3|gs|hf|abfss?|az)://")
_PINNED = re.compile(r"[0-9a-f]{40}|/v?\d+\.\d+(?:\.\d+)?/|versionId=")
_MOVING = re.compile(r"(?:^|[/_.-])(?:latest|current|today|newest|nightly|live)(?:[/_.-]|$)", re.IGNORECASE)
_RESTORERS = frozenset({"set_rng_state", "set_rng_state_all", "setstate", "set_state"})
_HUBS = frozenset({"from_pretrained", "load_dataset", "hf_hub_download", "snapshot_download", "fetch_openml"})


def find(report: Report) -> None:
    """Report listings without an order, files of earlier runs, and data that may change."""
    for call in report.book.all(ast.Call):
        _tell_listing(report, call)
        _tell_times(report, call)
        _tell_remote(report, call)
    for attribute in report.book.all(ast.Attribute):
        if attribute.attr.startswith("st_") and attribute.attr in _TIMES and not _in_key(report.book, attribute):
            _tell_time_value(report, attribute)
    _tell_caches(report)
    _tell_appends(report)
    _tell_data(report)


def _tell_listing(report: Report, call: ast.Call) -> None:
    book = report.book
    dotted = book.dotted(call.func)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    listing = dotted in _LISTING or (method in _LISTING_METHODS and dotted.startswith(("pathlib.", "?.")))
    if not listing:
        return
    forgotten = is_forgotten(book, call) or _is_asked_only(book, call) or _sorts_inside(book, call)
    text = book.text(call)
    message = f"`{text}` lists a folder in the order of the file system, which differs between machines"
    edits = () if dotted in {"os.walk", "os.fwalk", "os.scandir"} else wrap(book, call, "sorted")
    fix = "sort `dirs` and `files` in the loop" if dotted in {"os.walk", "os.fwalk"} else f"sorted({text})"
    report.add(call, "fs_order", message, fix, certain=not forgotten, shown=not forgotten, edits=edits)
    missing = f"`{text}` takes whatever files are there: one that is missing is not noticed"
    report.add(call, "data_drift.missing_files", missing, "check the number of files", certain=False, shown=False)
    left = f"`{text}` lists files of earlier runs too"
    report.add(call, "leftover_file.cache", left, "list a folder of this run", certain=False, shown=False)


def _is_asked_only(book: Book, call: ast.Call) -> bool:
    """Tell whether it is only asked whether a listing is empty, or whether the order is one of times."""
    parent = book.parent(call)
    if isinstance(parent, (ast.If, ast.While, ast.UnaryOp, ast.BoolOp, ast.Assert)):
        return True
    if isinstance(parent, ast.Call) and book.dotted(parent.func) in {"min", "max", "sorted", "bool", "any"}:
        return True
    return isinstance(parent, (ast.Call, ast.Expr)) and decides_nothing(book, call, kept=False)


def _sorts_inside(book: Book, call: ast.Call) -> bool:
    """Tell whether a loop over ``os.walk`` or a listing sorts what it gets."""
    loop = book.parent(call)
    if isinstance(loop, ast.comprehension):
        return book.dotted(call.func) in {"os.walk", "os.fwalk"} and _sorts(book.parent(loop) or loop)
    if not isinstance(loop, ast.For):
        return False
    if book.dotted(call.func) not in {"os.walk", "os.fwalk"}:
        return all(_is_orderless(each) for each in loop.body)
    return _sorts(*loop.body)


def _sorts(*nodes: ast.AST) -> bool:
    """Tell whether something is sorted in these nodes."""
    calls = [each for node in nodes for each in ast.walk(node) if isinstance(each, ast.Call)]
    return any(getattr(each.func, "attr", "") == "sort" or getattr(each.func, "id", "") == "sorted" for each in calls)


def _is_orderless(statement: ast.stmt) -> bool:
    """Tell whether a loop over files only removes, copies or moves them."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        name = getattr(statement.value.func, "attr", getattr(statement.value.func, "id", ""))
        return name in {"remove", "unlink", "rmtree", "copy", "move", "rename", "print"}
    return isinstance(statement, ast.If) and all(_is_orderless(each) for each in statement.body)


def _in_key(book: Book, node: ast.AST) -> bool:
    """Tell whether a node stands in the key of a sort."""
    return any(isinstance(each, ast.keyword) and each.arg == "key" for each in book.parents(node))


def _tell_times(report: Report, call: ast.Call) -> None:
    """``sorted(files, key=os.path.getmtime)``."""
    key = keyword(call, "key")
    words = {word for each in ast.walk(key) for word in (getattr(each, "attr", ""), getattr(each, "id", ""))} if key else set()
    if words & _TIMES:
        message = f"`{report.book.text(call)}` orders files by time: a copy or a checkout gives them other times"
        report.add(call, "fs_mtime_order", message, "order by name, or by a number in the name")
    elif report.book.dotted(call.func).rpartition(".")[2] in _TIMES and not _in_key(report.book, call):
        _tell_time_value(report, call)


def _tell_time_value(report: Report, node: ast.AST) -> None:
    """A file's time used as a value."""
    sure = any(isinstance(each, (ast.Compare, ast.If, ast.IfExp)) for each in report.book.parents(node))
    sure = sure or not decides_nothing(report.book, node)
    message = f"`{report.book.text(node)}`: the time of a file differs on every machine it is copied to"
    report.add(node, "fs_mtime_order", message, "use the name or the content of the file", certain=sure, shown=sure)


def _tell_remote(report: Report, call: ast.Call) -> None:
    """Data or models that are fetched, and may change there."""
    dotted = report.book.dotted(call.func)
    for argument in (*call.args, *(word.value for word in call.keywords)):
        for text in _constants(report.book, argument):
            if _REMOTE.match(text) and not dotted.startswith(("print", "IPython.", "warnings.")):
                pinned = bool(_PINNED.search(text))
                message = f"`{text[:60]}` is fetched: what is there may change"
                fix = "keep a copy with its SHA-256 beside the notebook, and read that"
                report.add(call, "data_drift.remote", message, fix, certain=False, shown=not pinned)
    name = dotted.rpartition(".")[2]
    if name in _HUBS and not keyword(call, "revision") and not keyword(call, "version") and not keyword(call, "data_id"):
        message = f"`{report.book.text(call)}` takes what is newest on the hub"
        report.add(call, "data_drift.remote", message, 'revision="<commit>"', certain=False)


def _constants(book: Book, node: ast.expr) -> Iterator[str]:
    """Yield the texts in an argument, or in the variable it names."""
    nodes: list[ast.AST] = [node]
    if isinstance(node, ast.Name):
        found = book.scope(node).find(node.id, book.at(node))
        if found and found[0].origin == "value" and found[0].value is not None:
            nodes.append(found[0].value)
    for each in (inner for outer in nodes if isinstance(outer, (ast.Constant, ast.JoinedStr, ast.BinOp)) for inner in ast.walk(outer)):
        if isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _tell_caches(report: Report) -> None:
    """``if os.path.exists(cache): load``, and checkpoints."""
    book = report.book
    written = {path: call for call, path, _ in writes(book) if path}
    read = list(reads(book))
    for branch in (*book.all(ast.If), *book.all(ast.IfExp)):
        for path in existence(book, branch.test):
            inside = [call for call, at in read if any(each is branch for each in book.parents(call)) and at and at == path]
            if path not in written or not inside:
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
    ranges = [call for call in book.all(ast.Call) if book.dotted(call.func) in {"range", "tqdm.trange"} and len(call.args) > 1]
    starts = {each.id for call in ranges for each in ast.walk(call.args[0]) if isinstance(each, ast.Name)}
    starts |= {each.id for loop in book.all(ast.While) for each in ast.walk(loop.test) if isinstance(each, ast.Name)}
    words = ast.unparse(save) + " ".join(ast.unparse(value) for given in save.args[:1] for value in _bound_values(book, given))
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
    report.add(branch, "checkpoint_missing_rng_state", message, fix, certain=False, shown=False)
    report.add(branch, "leftover_file.cache", "a checkpoint of an earlier run is read if it is there", "start from nothing, or name the checkpoint", certain=False, shown=False)


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
            report.add(attempt, "data_drift.missing_files", message, "let it fail, or make it a parameter", certain=False)
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
                message = f"`{path}` is read here and written later (cell {book.cell(writer)}): an earlier run's file is used"
                report.add(call, "leftover_file.cache", message, "write it before it is read, or use another name", certain=False)


def _tell_appends(report: Report) -> None:
    """Files that grow with every run."""
    book = report.book
    read = {path for _, path in reads(book) if path}
    removed = ast.dump(ast.Module([call for call in book.all(ast.Call) if getattr(call.func, "attr", "") in {"remove", "unlink", "rmtree"}], []))  # type: ignore[arg-type,list-item]
    fresh = {path for _, path, appends in writes(book) if path and not appends}
    for call, path, appends in writes(book):
        if not appends:
            continue
        both = is_open(book, call) and "+" in mode(book, call)
        sure = (path in read or both) and path not in fresh and (not path or path not in removed)
        sure = sure or (getattr(call.func, "attr", "") == "to_sql" and path not in removed)
        message = f"`{book.text(call)}` adds to what earlier runs have left" + (", and it is read here" if sure else "")
        report.add(call, "leftover_file.append", message, 'mode="w", or a new file for each run', certain=sure, shown=sure)
        for reader, at in reads(book) if path else ():
            if at == path:
                report.add(reader, "leftover_file.append", message, 'mode="w"', certain=False, shown=False)


def _tell_data(report: Report) -> None:
    """Every file that is read may have changed."""
    for call, path in reads(report.book):
        moving = bool(_MOVING.search(path))
        message = f"`{path or report.book.text(call)}` is read from outside: its content decides the result"
        if moving:
            message = f"`{path}` is a name for what is newest: its content changes under the same name"
        fix = "read a file whose name says its version, and keep its SHA-256"
        report.add(call, "data_drift.file_changed", message, fix, certain=False, shown=moving)
        report.add(call, "data_drift.appended", f"`{path}` may have grown", fix, certain=False, shown=False)
        report.add(call, "data_drift.missing_files", f"`{path}` may be missing", "fail if it is", certain=False, shown=False)
        if path.startswith(".."):
            text = f"`{path}` is found from the folder that the kernel was started in"
            report.add(call, "cwd_relative_path", text, "build paths from one folder that is a parameter", certain=False)
        elif path and not path.startswith("/"):
            report.add(call, "cwd_relative_path", f"`{path}` is a relative path", "use a fixed folder", certain=False, shown=False)
