"""What differs between processes and machines: ids, names, ports, memory, processors, entropy."""

from __future__ import annotations

import ast

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.report import Report
from reprobook.hazards.seeds import CLOCKS, kind_of_source
from reprobook.hazards.spread import is_harmless, sinks

_DIGESTING = ("zlib.", "hashlib.", "random.", "numpy.random", "torch.manual_seed", "sorted", "sum", "ord")
_WORKERS = frozenset(
    {"n_jobs", "num_workers", "max_workers", "processes", "n_threads", "nthread", "num_threads", "workers"}
)

_TEXTS = {
    "os_entropy": (
        "entropy of the operating system, new in every run",
        "use a generator with a seed: random.Random(seed)",
    ),
    "os_entropy.uuid": ("a new random id in every run", "uuid.UUID(int=rng.getrandbits(128)) from a seeded generator"),
    "process_identity.pid": ("the number of this process or thread, another one in every run", "use a constant"),
    "machine_identity": ("the name of this machine", "use a constant or a parameter"),
    "tempfile_names": (
        "a temporary name, random in every run",
        "use a fixed name in a folder of the run, or only its content",
    ),
    "machine_state": ("the state of the machine at this moment", "make the size a parameter of the notebook"),
    "machine_shape.cpu_count": (
        "the number of processors of this machine",
        "make the number a parameter of the notebook",
    ),
}


def find(report: Report) -> None:
    """Report values that a process or machine brings in and that become data."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        cause = "" if dotted in CLOCKS else kind_of_source(dotted)  # clocks are looked at elsewhere
        if cause:
            _tell(report, call, cause)
        elif dotted.endswith("socket.socket().bind") and _any_port(call):
            message = "port 0 asks for any free port: another one in every run"
            fix = "do not let the number become data"
            report.possible(call, "machine_identity", message, fix)


def _any_port(call: ast.Call) -> bool:
    return any(
        isinstance(each, ast.Constant) and each.value == 0 for argument in call.args for each in ast.walk(argument)
    )


def _tell(report: Report, call: ast.Call, cause: str) -> None:
    """Report a source whose value does more than being shown."""
    if any((h.cell, h.line, h.cause) == (*report.book.at(call)[:2], cause) for h in report.found):
        return  # a seed was made of it: told there
    ends = [sink for sink in sinks(report.book, call) if not is_harmless(report.book, sink)]
    sure = any(_matters(report, call, sink, cause) for sink in ends) or _shuffles(call)
    sure = sure or (cause == "tempfile_names" and _is_listed_again(report.book, call))
    what, fix = _TEXTS[cause]
    message = f"`{report.book.text(call)}` is {what}"
    report.add(call, cause, message, fix, certain=sure, shown=sure)


def _shuffles(call: ast.Call) -> bool:
    """``random.SystemRandom().shuffle(rows)`` changes what it is given."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "shuffle"


def _is_listed_again(book: Book, call: ast.Call) -> bool:
    """Tell whether a folder with random names is listed: the names decide the order, sorted or not."""
    folder = keyword(call, "dir")
    if folder is None or any(isinstance(each, ast.JoinedStr) for each in ast.walk(call)):
        return False
    wanted = ast.dump(folder)
    for other in book.all(ast.Call):
        name = book.dotted(other.func).rpartition(".")[2]
        if name in {"listdir", "glob", "iterdir", "scandir", "walk"} and any(
            ast.dump(each) == wanted for each in ast.walk(other) if isinstance(each, ast.expr)
        ):
            return True
    return False


def _matters(report: Report, call: ast.Call, sink: ast.AST, cause: str) -> bool:
    """Tell whether a value ends where it decides a result: not in a path, not in the number of workers."""
    if isinstance(sink, (ast.With, ast.AsyncWith, ast.withitem)):
        return False
    if isinstance(sink, ast.Subscript):
        return "os.environ" not in report.book.dotted(sink.value)
    if not isinstance(sink, ast.Call):
        return True
    dotted = report.book.dotted(sink.func)
    method = sink.func.attr if isinstance(sink.func, ast.Attribute) else ""
    if cause == "tempfile_names":
        return dotted.startswith(_DIGESTING) or dotted == "hash" or method in {"seed", "manual_seed"}
    if dotted == "open" or dotted.startswith(("os.path.", "os.makedirs", "pathlib.Path", "shutil.", "os.remove")):
        return False
    workers = any(word.arg in _WORKERS for word in sink.keywords if any(each is call for each in ast.walk(word.value)))
    return not workers and not dotted.startswith(("torch.set_num_", "concurrent.", "multiprocessing.", "joblib."))
