"""The Python inside of magics: ``%time x = f(y)`` uses ``f`` and ``y`` as the cell would without it."""

from __future__ import annotations

import ast
import re

from reprobook.trace.parsing import parse

_OPTIONS = re.compile(r"(?:\s*-\w(?:\s*\d+)?)*\s*")
# Their line or body is code of the cell.
_RUNS_LINE = frozenset({"time", "timeit", "prun", "memit", "mprun", "lprun"})
_RUNS_BODY = frozenset({"time", "timeit", "capture", "prun", "memit"})
# They use no name of the notebook.
_HARMLESS_NAMES = """
    matplotlib config load_ext unload_ext reload_ext pip conda cd pwd ls env set_env autoreload precision colors
    reprotrain pylab who whos lsmagic alias bookmark logstart logstop html HTML javascript js markdown latex svg
    bash sh system sx script writefile file cat mkdir rm cp mv
"""
_HARMLESS = frozenset(_HARMLESS_NAMES.split())


def code_in_magic(call: ast.Call) -> list[ast.stmt] | None:
    """Return the statements that a call of a magic or shell command runs; None if that cannot be known.

    The call is as IPython writes it: ``get_ipython().run_line_magic('time', 'x = 1')``.
    """
    if not isinstance(call.func, ast.Attribute) or not _is_shell(call.func.value):
        return None
    if call.func.attr in ("system", "getoutput"):
        return []
    texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if len(texts) != len(call.args) or not call.func.attr.startswith("run_"):
        return None
    name, line, body = (*texts, "", "", "")[:3]
    if name in _HARMLESS:
        return []
    runs_body = call.func.attr == "run_cell_magic" and name in _RUNS_BODY
    if not runs_body and name not in _RUNS_LINE:
        return None
    code = f"{_OPTIONS.sub('', line, count=1)}\n" if name in _RUNS_LINE else ""
    try:
        tree: ast.Module = parse(code + (body if runs_body else ""))
    except (SyntaxError, ValueError):
        return None
    return tree.body


def _is_shell(node: ast.expr) -> bool:
    """Tell whether an expression is ``get_ipython()``."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"
