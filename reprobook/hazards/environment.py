"""The environment: variables, and code that asks whether it is run by a person."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.book import Book
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.spread import is_harmless, sinks

_CONTEXT = re.compile(
    r"^(?:JPY_|VSCODE|COLAB|KAGGLE|PAPERMILL|CI$|TERM|JUPYTER|PYCHARM|DATABRICKS|INTERACTIVE|DISPLAY|IPYTHON)"
)
_SIZE = re.compile(r"^(?:WORLD_SIZE|RANK|LOCAL_RANK|LOCAL_WORLD_SIZE|NODE_RANK|SLURM_\w+)$")
_ASKS = frozenset(
    {"get_ipython", "sys.stdin.isatty", "sys.stdout.isatty", "sys.stderr.isatty", "os.isatty", "IPython.get_ipython"}
    | {"matplotlib.is_interactive", "matplotlib.pyplot.isinteractive", "matplotlib.get_backend"}
)
_PROMPTS = frozenset({"sys.argv", "sys.ps1", "sys.flags.interactive", "sys.orig_argv"})


def find(report: Report) -> None:
    """Report what the environment of the process decides."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        if dotted in {"os.environ.get", "os.getenv", "os.environ.pop", "decouple.config"}:
            _tell_variable(report, call, call.args[0] if call.args else None)
        elif dotted in _ASKS or (dotted == "hasattr" and _asks_for_prompt(report.book, call)):
            _tell_context(report, call)
    for node in report.book.all(ast.Subscript):
        if isinstance(node.ctx, ast.Load) and report.book.dotted(node.value) == "os.environ":
            _tell_variable(report, node, node.slice)
    for compare in report.book.all(ast.Compare):
        _tell_membership(report, compare)
    for prompt in [each for each in report.book.all(ast.Attribute) if report.book.dotted(each) in _PROMPTS]:
        _tell_context(report, prompt)
    for name in report.book.loads.get("__IPYTHON__", ()):
        _tell_context(report, name)
    for name in report.book.loads.get("__file__", ()):
        message = "`__file__` is not defined in a notebook, and is in a script"
        report.add(name, "execution_context", message, "use Path.cwd() or a parameter")


def _variable_name(book: Book, node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    found = book.scope(node).find(node.id, book.at(node)) if isinstance(node, ast.Name) else None
    value = found[0].value if found else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _tell_variable(report: Report, node: ast.expr, key: ast.expr | None) -> None:
    """A value read from the environment."""
    book = report.book
    name = _variable_name(book, key)
    if _CONTEXT.match(name):
        _tell_context(report, node)
        return
    ends = [sink for sink in sinks(book, node) if not is_harmless(book, sink, kept=False)]
    path = re.search(r"(?:DIR|PATH|HOME|ROOT|FOLDER|CACHE|TOKEN|KEY|SECRET|PASSWORD|USER|URL|HOST)$", name) is not None
    sure = bool(ends) and not path
    cause = "world_size" if _SIZE.match(name) else "env_var"
    message = f"`{book.text(node)}` takes a value from the environment, which no parameter shows"
    fix = f"make it a parameter of the notebook: {name.lower() or 'name'} = ..."
    report.add(node, cause, message, fix, certain=sure, shown=sure)


def _tell_membership(report: Report, compare: ast.Compare) -> None:
    """``"X" in os.environ``, ``"google.colab" in sys.modules``."""
    for operator, right in zip(compare.ops, compare.comparators, strict=True):
        if not isinstance(operator, (ast.In, ast.NotIn)):
            continue
        dotted = report.book.dotted(right)
        if dotted in {"os.environ", "os.environ.keys()"}:
            _tell_variable(report, compare, compare.left)
        elif dotted in {"sys.modules", "globals()", "locals()"}:
            name = _variable_name(report.book, compare.left)
            if dotted == "sys.modules":
                _tell_context(report, compare)
            elif name and report.book.names.find(name, (1 << 30, 0, 0)) is not None:
                message = f"whether `{name}` is there depends on what was run before"
                report.add(compare, "hidden_state.reexecuted_cell", message, "assign it without asking", certain=False)


def _tell_context(report: Report, node: ast.expr) -> None:
    """Code that asks whether it is run by a person."""
    book = report.book
    branch = next((each for each in book.parents(node) if isinstance(each, (ast.If, ast.IfExp, ast.While))), None)
    names = bound_names(book, branch) if isinstance(branch, ast.If) else bound_names(book, node)
    statement = book.statement(node)
    kept = isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Return)) and not isinstance(branch, ast.If)
    sure = kept and any(not is_harmless(book, each) and not _only_installs(each) for each in sinks(book, node))
    sure = sure or (isinstance(branch, ast.If) and bool(names) and not _only_installs(branch))
    attempt = next((each for each in book.parents(node) if isinstance(each, ast.Try)), None)
    if attempt is not None and isinstance(statement, ast.Expr) and isinstance(node, ast.Name):
        names = bound_names(book, attempt)  # ``try: __IPYTHON__`` asks by failing
        sure = bool(names)
    message = f"`{book.text(node)}` asks whether the code is run interactively: headless runs take another branch"
    fix = "decide by a parameter of the notebook"
    report.add(node, "execution_context", message, fix, certain=sure, shown=sure, names=names)


def _only_installs(node: ast.AST) -> bool:
    """Tell whether a branch sets the machine up, and decides nothing else."""
    plain = (ast.Pass, ast.Import, ast.ImportFrom, ast.Expr)
    return isinstance(node, ast.If) and all(isinstance(each, plain) for each in (*node.body, *node.orelse))


def _asks_for_prompt(book: Book, call: ast.Call) -> bool:
    return len(call.args) > 1 and book.dotted(call.args[0]) in {"sys", "__builtins__", "builtins"}
