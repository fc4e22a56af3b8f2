"""What the machine's settings decide: time zone, locale, folder, interpreter flags, global configuration."""

from __future__ import annotations

import ast
import re

from reprobook.hazards.book import Book
from reprobook.hazards.generators import keyword
from reprobook.hazards.paths import is_open, mode
from reprobook.hazards.report import Report
from reprobook.hazards.spread import is_harmless, sinks

_LOCAL_TIME = frozenset(
    {"time.mktime", "time.localtime", "datetime.datetime.fromtimestamp", "datetime.date.fromtimestamp"}
)

_LOCAL_TIME |= {"dateutil.tz.tzlocal", "tzlocal.get_localzone", "dateutil.tz.gettz"}

_LOCALES = frozenset(
    {"locale.getlocale", "locale.getdefaultlocale", "locale.localeconv", "locale.strxfrm", "locale.strcoll"}
)

_LOCALES |= {
    "locale.getpreferredencoding",
    "locale.format_string",
    "locale.currency",
    "locale.atof",
    "locale.str",
    "locale.nl_langinfo",
}

_FLOATS = frozenset(
    {f"torch.{name}" for name in ("tensor", "zeros", "ones", "full", "linspace", "arange", "rand", "randn", "eye")}
)

_LOCAL_NAMES = re.compile(r"%[aAbBcxXp]")


_DAYS = frozenset({"time.strftime", "time.strptime", "pandas.to_datetime"})
_ZONES = frozenset({"time.timezone", "time.tzname", "time.altzone", "time.daylight"})
_PATHS = frozenset({"sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"})
_DTYPES = frozenset({"torch.set_default_dtype", "torch.set_default_tensor_type"})
_FOLDERS = frozenset({"os.getcwd", "pathlib.Path.cwd", "os.path.abspath", "os.chdir"})
_PIXELS = frozenset({"buffer_rgba", "tostring_rgb", "tostring_argb", "print_to_buffer", "get_size_inches"})
_EFFECTS = frozenset(
    """append pop add update remove fit extend insert shuffle seed manual_seed step next
    setdefault""".split()  # noqa: SIM905 - so many words read best as a text
)


def find(report: Report) -> None:
    """Report what the machine's settings decide."""
    for call in report.book.all(ast.Call):
        dotted = report.book.dotted(call.func)
        _tell_place(report, call, dotted)
        _tell_setting(report, call, dotted)
        _tell_defaults(report, call, dotted)
    for attribute in report.book.all(ast.Attribute):
        _tell_attribute(report, attribute)
    for name in report.book.all(ast.Name):
        if name.id == "__debug__":
            message = "`__debug__` is False under python -O"
            report.add(name, "interpreter_flags", message, "decide by a parameter of the notebook")
    for assertion in report.book.all(ast.Assert):
        _tell_assert(report, assertion)


def _tell_place(report: Report, call: ast.Call, dotted: str) -> None:
    """Time zone and locale."""
    book = report.book
    text = book.text(call)
    if _is_local_time(book, call, dotted):
        message = f"`{text}` depends on the time zone of the machine"
        report.add(call, "timezone", message, "give the zone: tz=datetime.timezone.utc")
    elif dotted == "locale.setlocale" and _takes_machines(call):
        message = "the locale of the machine is taken over: names of months, decimal points and sorting follow it"
        report.add(call, "locale", message, 'locale.setlocale(locale.LC_ALL, "C")')
    elif dotted in _LOCALES:
        message = f"`{text}` depends on the locale of the machine"
        report.add(call, "locale", message, 'locale.setlocale(locale.LC_ALL, "C"), or no locale at all')
    elif dotted.endswith((".strftime", ".strptime")) or dotted in _DAYS:
        _tell_names_of_days(report, call)


def _takes_machines(call: ast.Call) -> bool:
    """``setlocale(category, "")`` takes the locale of the machine."""
    return any(isinstance(each, ast.Constant) and each.value == "" for each in call.args[1:])


def _tell_setting(report: Report, call: ast.Call, dotted: str) -> None:
    """Import path, default dtype, working folder."""
    book = report.book
    text = book.text(call)
    if dotted in _PATHS:
        message = f"`{text}` decides which module an import finds"
        fix = "install the package, or import it from beside the notebook"
        report.add(call, "import_path", message, fix, certain=False)
    elif dotted in _DTYPES:
        message = f"`{text}` changes every tensor made after it, in whatever order cells are run"
        report.add(call, "global_config.default_dtype", message, "give dtype= where tensors are made", certain=False)
    elif dotted in _FOLDERS:
        asked = dotted in {"os.getcwd", "pathlib.Path.cwd"} and _decides(book, call)
        message = f"`{text}` depends on the folder that the kernel was started in"
        fix = "build paths from one folder that is a parameter"
        report.add(call, "cwd_relative_path", message, fix, certain=asked and _takes_name(book, call), shown=asked)


def _tell_attribute(report: Report, node: ast.Attribute) -> None:
    """Settings that are read as attributes."""
    dotted, text = report.book.dotted(node), report.book.text(node)
    parent = report.book.parent(node)
    if dotted.startswith("sys.flags.") and not isinstance(parent, ast.Attribute) and dotted != "sys.flags.interactive":
        message = f"`{text}` depends on how the interpreter was started"
        report.add(node, "interpreter_flags", message, "decide by a parameter of the notebook")
    elif dotted in _LOCALES and isinstance(parent, ast.keyword):
        message = f"`{text}` depends on the locale of the machine"
        report.add(node, "locale", message, "sort by something that is the same everywhere")
    elif dotted in _ZONES:
        message = f"`{text}` depends on the time zone of the machine"
        report.add(node, "timezone", message, "use a fixed zone: datetime.timezone.utc")
    elif node.attr == "rcParams" and dotted.startswith("matplotlib"):
        _tell_settings(report, node)
    elif node.attr in _PIXELS:
        message = f"`{text}`: the size of a figure is a setting of the process (rcParams, matplotlibrc)"
        fix = "give figsize= and dpi= where the figure is made"
        report.add(node, "global_config.rcparams", message, fix, certain=False)
    elif node.attr == "__version__" and any(
        isinstance(each, (ast.If, ast.IfExp)) for each in report.book.parents(node)
    ):
        message = f"`{text}`: what is done depends on the installed version"
        report.add(node, "env_drift.package_version", message, "pin the version", certain=False)
    elif dotted == "sys.path" and isinstance(node.ctx, ast.Store):
        message = "sys.path decides which module an import finds"
        report.add(node, "import_path", message, "install the package", certain=False)


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
        cause, message, fix = (
            "global_config.default_dtype",
            f"`{text}` makes floats of the default dtype",
            "give dtype=",
        )
    elif dotted.startswith(("matplotlib.pyplot.fig", "matplotlib.pyplot.subplot")):
        cause, message = "global_config.rcparams", "the size of a figure is a setting of the process"
        fix = "give figsize= and dpi="
    if cause:
        report.possible(call, cause, message, fix)


def _decides(book: Book, node: ast.AST) -> bool:
    """Tell whether a value does more than being shown."""
    return any(not is_harmless(book, sink, kept=False) for sink in sinks(book, node))


def _tell_settings(report: Report, node: ast.Attribute) -> None:
    """Matplotlib's settings: read as data they bring in the user's matplotlibrc."""
    parent = report.book.parent(node)
    read = isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load)
    sure = read and _decides(report.book, parent) if parent is not None else False
    message = f"`{report.book.text(parent or node)}` is a setting of the process, set by a matplotlibrc or by any cell"
    report.add(
        node, "global_config.rcparams", message, "use a constant, or set it in this cell", certain=sure, shown=sure
    )


def _tell_assert(report: Report, assertion: ast.Assert) -> None:
    """An assertion that does something: it is skipped under ``python -O``."""
    for each in ast.walk(assertion.test):
        name = getattr(each.func, "attr", getattr(each.func, "id", "")) if isinstance(each, ast.Call) else ""
        changes = name in _EFFECTS or (name.endswith("_") and not name.endswith("__") and bool(name))
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
    naive = dotted in {
        "datetime.datetime().timestamp",
        "datetime.datetime.strptime().timestamp",
        "datetime.datetime.fromisoformat().timestamp",
    }
    return (
        naive
        and not any("tz" in ast.unparse(each) for each in ast.walk(call) if isinstance(each, ast.keyword))
        and not _has_zone(book, call)
    )


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
    texts = [
        each.value
        for argument in (*call.args, *(word.value for word in call.keywords))
        for each in ast.walk(argument)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    if any(_LOCAL_NAMES.search(text) for text in texts):
        set_here = any(report.book.dotted(each.func) == "locale.setlocale" for each in report.book.all(ast.Call))
        message = f"`{report.book.text(call)}` uses names of days or months, which follow the locale"
        report.add(call, "locale", message, "use numbers: %m, %d", certain=set_here, shown=set_here)
