"""The environment: variables, time zone, locale, interpreter, import path, being interactive, global settings."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.paths import is_open, mode
from reprobook.hazards.report import Report, bound_names
from reprobook.hazards.spread import is_harmless, sinks

_CONTEXT = re.compile(r"^(?:JPY_|VSCODE|COLAB|KAGGLE|PAPERMILL|CI$|TERM|JUPYTER|PYCHARM|DATABRICKS|INTERACTIVE|DISPLAY|IPYTHON)")
_SIZE = re.compile(r"^(?:WORLD_SIZE|RANK|LOCAL_RANK|LOCAL_WORLD_SIZE|NODE_RANK|SLURM_\w+)$")
_ASKS = frozenset({"get_ipython", "sys.stdin.isatty", "sys.stdout.isatty", "sys.stderr.isatty", "os.isatty", "IPython.get_ipython"})
_LOCAL_TIME = frozenset({"time.mktime", "time.localtime", "datetime.datetime.fromtimestamp", "datetime.date.fromtimestamp"})
_LOCAL_TIME |= {"dateutil.tz.tzlocal", "tzlocal.get_localzone", "dateutil.tz.gettz"}
_LOCALES = frozenset({"locale.getlocale", "locale.getdefaultlocale", "locale.localeconv", "locale.strxfrm", "locale.strcoll"})
_LOCALES |= {"locale.getpreferredencoding", "locale.format_string", "locale.currency", "locale.atof", "locale.str", "locale.nl_langinfo"}
_FLOATS = frozenset(
    {f"torch.{name}" for name in ("tensor", "zeros", "ones", "full", "linspace", "arange", "rand", "randn", "eye")}
)
_LOCAL_NAMES = re.compile(r"%[aAbBcxXp]")


def find(report: Report) -> None:
    """Report what the environment of the process decides."""
    for call in report.book.all(ast.Call):
        _tell_call(report, call)
    for node in report.book.all(ast.Subscript):
        if isinstance(node.ctx, ast.Load) and report.book.dotted(node.value) == "os.environ":
            _tell_variable(report, node, node.slice)
    for compare in report.book.all(ast.Compare):
        _tell_membership(report, compare)
    for attribute in report.book.all(ast.Attribute):
        _tell_attribute(report, attribute)
    for name in report.book.all(ast.Name):
        if isinstance(name.ctx, ast.Load) and name.id in {"__file__", "__debug__"} and report.book.names.find(name.id, (0, 0, 0)) is None:
            _tell_special(report, name)
    for assertion in report.book.all(ast.Assert):
        _tell_assert(report, assertion)


def _tell_call(report: Report, call: ast.Call) -> None:
    book, dotted = report.book, report.book.dotted(call.func)
    if dotted in {"os.environ.get", "os.getenv", "os.environ.pop", "decouple.config"}:
        _tell_variable(report, call, call.args[0] if call.args else None)
    elif dotted in _ASKS or (dotted == "hasattr" and _asks_for_prompt(book, call)):
        _tell_context(report, call)
    elif _is_local_time(book, call, dotted):
        message = f"`{book.text(call)}` depends on the time zone of the machine"
        report.add(call, "timezone", message, "give the zone: tz=datetime.timezone.utc")
    elif dotted == "locale.setlocale" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant) and not call.args[1].value:
        message = "the locale of the machine is taken over: names of months, decimal points and sorting follow it"
        report.add(call, "locale", message, 'locale.setlocale(locale.LC_ALL, "C")')
    elif dotted in _LOCALES:
        message = f"`{book.text(call)}` depends on the locale of the machine"
        report.add(call, "locale", message, 'locale.setlocale(locale.LC_ALL, "C"), or no locale at all')
    elif dotted.endswith((".strftime", ".strptime", "pandas.to_datetime")) or dotted in {"time.strftime", "time.strptime"}:
        _tell_names_of_days(report, call)
    elif dotted in {"sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"}:
        message = f"`{book.text(call)}` decides which module an import finds"
        report.add(call, "import_path", message, "install the package, or import it from beside the notebook", certain=False)
    elif dotted in {"torch.set_default_dtype", "torch.set_default_tensor_type"}:
        message = f"`{book.text(call)}` changes every tensor made after it, in whatever order cells are run"
        report.add(call, "global_config.default_dtype", message, "give dtype= where tensors are made", certain=False)
    elif dotted == "torch.get_default_dtype":
        report.add(call, "global_config.default_dtype", "the default dtype may have been changed", "give dtype=", certain=False, shown=False)
    elif dotted in {"os.getcwd", "pathlib.Path.cwd", "os.path.abspath", "os.chdir"}:
        asked = dotted in {"os.getcwd", "pathlib.Path.cwd"} and _decides(book, call)
        message = f"`{book.text(call)}` depends on the folder that the kernel was started in"
        fix = "build paths from one folder that is a parameter"
        report.add(call, "cwd_relative_path", message, fix, certain=asked and _takes_name(book, call), shown=asked)
    else:
        _tell_defaults(report, call, dotted)


def _takes_name(book: Book, call: ast.Call) -> bool:
    """Tell whether the name of a folder is taken as a value, not as a place."""
    attributes = {getattr(each, "attr", "") for each in book.parents(call)}
    functions = {book.dotted(each.func) for each in book.parents(call) if isinstance(each, ast.Call)}
    return bool(attributes & {"name", "stem", "parts"}) or "os.path.basename" in functions


def _tell_defaults(report: Report, call: ast.Call, dotted: str) -> None:
    """Calls whose result follows a default of the process, where none is given."""
    book = report.book
    text = book.text(call.func)
    cause = message = fix = ""
    if _is_text_open(book, call, dotted):
        cause, message, fix = "locale", f"`{text}` reads text in the encoding of the locale", 'encoding="utf-8"'
    elif dotted in _FLOATS and not keyword(call, "dtype"):
        cause, message, fix = "global_config.default_dtype", f"`{text}` makes floats of the default dtype", "give dtype="
    elif dotted.startswith(("matplotlib.pyplot.fig", "matplotlib.pyplot.subplot")):
        cause, message = "global_config.rcparams", "the size of a figure is a setting of the process"
        fix = "give figsize= and dpi="
    if cause:
        report.add(call, cause, message, fix, certain=False, shown=False)


def _decides(book: Book, node: ast.AST) -> bool:
    """Tell whether a value does more than being shown."""
    return any(not is_harmless(book, sink, kept=False) for sink in sinks(book, node))


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
    message = f"`{book.text(node)}` asks whether the code is run interactively: headless runs take another branch"
    fix = "decide by a parameter of the notebook"
    report.add(node, "execution_context", message, fix, certain=sure, shown=sure, names=names)


def _only_installs(node: ast.AST) -> bool:
    """Tell whether a branch sets the machine up, and decides nothing else."""
    plain = (ast.Pass, ast.Import, ast.ImportFrom, ast.Expr)
    return isinstance(node, ast.If) and all(isinstance(each, plain) for each in (*node.body, *node.orelse))


def _asks_for_prompt(book: Book, call: ast.Call) -> bool:
    return len(call.args) > 1 and book.dotted(call.args[0]) in {"sys", "__builtins__", "builtins"}


def _tell_attribute(report: Report, node: ast.Attribute) -> None:
    dotted = report.book.dotted(node)
    inner = isinstance(report.book.parent(node), ast.Attribute)
    if dotted in {"sys.argv", "sys.ps1", "sys.flags.interactive", "sys.orig_argv"} and isinstance(node.ctx, ast.Load):
        _tell_context(report, node)
    elif dotted.startswith("sys.flags.") or dotted in {"sys.flags", "sys.gettrace"}:
        if not inner:
            message = f"`{report.book.text(node)}` depends on how the interpreter was started"
            report.add(node, "interpreter_flags", message, "decide by a parameter of the notebook")
    elif dotted in _LOCALES and isinstance(report.book.parent(node), ast.keyword):
        message = f"`{report.book.text(node)}` depends on the locale of the machine"
        report.add(node, "locale", message, "sort by something that is the same everywhere")
    elif dotted in {"time.timezone", "time.tzname", "time.altzone", "time.daylight"}:
        message = f"`{report.book.text(node)}` depends on the time zone of the machine"
        report.add(node, "timezone", message, "use a fixed zone: datetime.timezone.utc")
    elif node.attr == "rcParams" and dotted.startswith("matplotlib"):
        _tell_settings(report, node)
    elif node.attr in {"buffer_rgba", "tostring_rgb", "tostring_argb", "print_to_buffer", "get_size_inches"}:
        message = f"`{report.book.text(node)}`: the size of a figure is a setting of the process (rcParams, matplotlibrc)"
        fix = "give figsize= and dpi= where the figure is made"
        report.add(node, "global_config.rcparams", message, fix, certain=False)
    elif node.attr == "__version__" and any(isinstance(each, (ast.If, ast.IfExp)) for each in report.book.parents(node)):
        message = f"`{report.book.text(node)}`: what is done depends on the installed version"
        report.add(node, "env_drift.package_version", message, "pin the version", certain=False)
    elif dotted == "sys.path" and isinstance(node.ctx, ast.Store):
        message = "sys.path decides which module an import finds"
        report.add(node, "import_path", message, "install the package", certain=False)


def _tell_settings(report: Report, node: ast.Attribute) -> None:
    """Matplotlib's settings: read as data they bring in the user's matplotlibrc."""
    parent = report.book.parent(node)
    read = isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load)
    sure = read and _decides(report.book, parent) if parent is not None else False
    message = f"`{report.book.text(parent or node)}` is a setting of the process, set by a matplotlibrc or by any cell"
    report.add(node, "global_config.rcparams", message, "use a constant, or set it in this cell", certain=sure, shown=sure)


def _tell_special(report: Report, name: ast.Name) -> None:
    if name.id == "__file__":
        message = "`__file__` is not defined in a notebook, and is in a script"
        report.add(name, "execution_context", message, "use Path.cwd() or a parameter")
    else:
        message = "`__debug__` is False under python -O"
        report.add(name, "interpreter_flags", message, "decide by a parameter of the notebook")


def _tell_assert(report: Report, assertion: ast.Assert) -> None:
    """An assertion that does something: it is skipped under ``python -O``."""
    effects = {"append", "pop", "add", "update", "remove", "fit", "extend", "insert", "shuffle", "seed", "manual_seed", "step", "next", "setdefault"}
    for each in ast.walk(assertion.test):
        name = getattr(each.func, "attr", getattr(each.func, "id", "")) if isinstance(each, ast.Call) else ""
        changes = name in effects or (name.endswith("_") and not name.endswith("__") and bool(name))
        if isinstance(each, ast.NamedExpr) or changes:
            message = f"`{report.book.text(assertion)}` does something, and is skipped under python -O (PYTHONOPTIMIZE)"
            report.add(assertion, "interpreter_flags", message, "do it on a line of its own, and assert its result")
            return


def _is_local_time(book: Book, call: ast.Call, dotted: str) -> bool:
    """Tell whether a call converts by the machine's time zone."""
    if dotted in {"datetime.datetime.fromtimestamp", "pandas.Timestamp.fromtimestamp"}:
        return len(call.args) < 2 and not any(word.arg in {"tz", "tzinfo"} for word in call.keywords)  # noqa: PLR2004
    if dotted == "time.localtime":
        return bool(call.args)
    if dotted in _LOCAL_TIME:
        return not (dotted.endswith("gettz") and call.args)
    method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if method == "astimezone":
        return not call.args and not call.keywords
    naive = dotted in {"datetime.datetime().timestamp", "datetime.datetime.strptime().timestamp"}
    return naive and not any("tz" in ast.unparse(each) for each in ast.walk(call) if isinstance(each, ast.keyword)) and not _has_zone(book, call)


def _is_text_open(book: Book, call: ast.Call, dotted: str) -> bool:
    """Tell whether a text file is opened without an encoding."""
    if dotted.endswith((".read_text", ".write_text")):
        return not keyword(call, "encoding") and not call.args
    return is_open(book, call) and "b" not in mode(book, call) and not keyword(call, "encoding")


def _has_zone(book: Book, call: ast.Call) -> bool:
    del book
    return "utc" in ast.unparse(call).lower()


def _tell_names_of_days(report: Report, call: ast.Call) -> None:
    """``strptime`` with names of months: they are those of the locale."""
    texts = [each.value for argument in (*call.args, *(word.value for word in call.keywords)) for each in ast.walk(argument) if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if any(_LOCAL_NAMES.search(text) for text in texts):
        set_here = any(report.book.dotted(each.func) == "locale.setlocale" for each in report.book.all(ast.Call))
        message = f"`{report.book.text(call)}` uses names of days or months, which follow the locale"
        report.add(call, "locale", message, "use numbers: %m, %d", certain=set_here, shown=set_here)
