"""Notebooks put together from parts: read, checked, promoted, and none of it a crash, hostile text or not.

What comes out of promotion parses, compiles without a warning, and holds nothing that only stood in a text.
"""

from __future__ import annotations

import ast
import json
import warnings
from typing import Any

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from reprobook.errors import ReprobookError
from reprobook.hazards import find_hazards, fix_notebook, possible_causes
from reprobook.notebook import Notebook, init_directive, read_notebook
from reprobook.promote import Evidence, Facts, Provenance, job_files, plan, render
from reprobook.promote.magics import line_magic
from reprobook.space import declared_parameters

STATEMENTS = (
    *("x = 1", "y = x + 1", "x += 1", "print(x)", "x", "def f(a, b=x):\n    return a + b", "y = f(1)"),
    *("del x", "import random", "import numpy as np", "rng = np.random.default_rng(0)"),
    *("z = rng.random(3)", "random.seed(0)", "import reprobook as rb", "rb.log(loss=x)", "rb.save('m', x)"),
    *("for i in range(3):\n    x += i", "x = [i for i in z]"),
    *("class A:\n    def __init__(self):\n        self.v = x", "a = A()", "a.v = 2"),
    *("try:\n    y\nexcept NameError:\n    y = 0", "with open('f') as file:\n    text = file.read()"),
    *("global_name = globals()", "exec('x = 3')", "if x:\n    y = 2", "%matplotlib inline", "!ls {x}"),
    *("%time x = 2", "%%bash\necho hi", "%%time\nx = 3", "%cd /tmp", "?x", "x?", "files = !ls"),
    *("%load_ext reprobook", "%reprotrain init --seed 3", "%%reprotrain params\nlr = 0.1"),
    *("%pip install x", "%env A=1", "await g()", "async def g():\n    return 1", "lambda: x", "x: int = 3"),
    *("x = y = 2", "(x, y) = (1, 2)", "assert x"),
    *("match x:\n    case 1:\n        y = 1\n    case _:\n        y = 2", "x = (lambda q: q)(1)"),
    *("print(f'{x!r:>{y}}')", "# only a comment", "'''a text'''", "x = '''\n\"\"\"\n'''", "if True:"),
    *("  x = 1", "x = (", "\tx = 1", "\\", "pass;", ";", "return 1", "yield 1", "break", "nonlocal x"),
    *("from __future__ import annotations", "from os import *", "import os.path", "x = 1  # type: ignore"),
    *("x = 1 ;y = 2", "raise SystemExit", "input()", "%reset -f"),
    *("get_ipython().run_line_magic('time', 'x')", "plt.plot(x)", "import matplotlib.pyplot as plt"),
    *("plt.show()", "df.head()", "model.fit(x)", "loss = 0.5", "print('loss:', loss)"),
    *("while True:\n    break", "x = {**{}}", "x[0] = 1", "x.y.z = 2", "*a, b = [1, 2]"),
    *("print(*[x], sep='')", "def f():\n    global x\n    x = 9"),
)  # fmt: skip
HOSTILE = st.sampled_from(
    [
        *(
            '"""',
            "'''",
            "\\",
            "{x.pwned}",
            "{{7*7}}",
            "\nx.pwned()\n",
            "\u202e",
            "\x1b[31m",
            "\u2028",
            "\x0c",
            "\0",
            "\r",
        ),
        *(
            "# coding: utf-7",
            "\\N{BULLET}",
            "$(x.pwned)",
            "<script>x.pwned()</script>",
            "é",
            "\N{ROCKET}",
            "%s",
            "`",
            "*/",
        ),
    ]
)
TEXT = st.lists(HOSTILE | st.text(max_size=3), max_size=4).map("".join)
CODE = st.lists(st.sampled_from(STATEMENTS), max_size=5).map("\n".join)
COMMENTED = st.tuples(CODE, TEXT).map(lambda parts: f"{parts[0]}  # {' '.join(parts[1].split())}")
STRING = TEXT.map(lambda text: f"name = {text!r}\nprint(name)")
TAGS = st.lists(st.sampled_from(["parameters", "keep", "skip", "raises-exception", "injected-parameters"]), max_size=2)
CELLS = st.lists(
    st.tuples(st.just("code"), CODE | COMMENTED | STRING, TAGS)
    | st.tuples(st.sampled_from(["markdown", "raw"]), TEXT.map(lambda text: f"# {text}\n{text}"), TAGS),
    max_size=6,
)
ORIGIN = Provenance("nb.ipynb", "ab" * 32, "cd" * 32, ("reprobook run nb.ipynb",), "20260101-run")


def notebook(cells: list[tuple[str, str, list[str]]]) -> Notebook:
    extra: dict[str, Any] = {"outputs": [], "execution_count": None}
    raw = [
        {"cell_type": kind, "metadata": {"tags": tags}, "source": source.encode(errors="replace").decode()}
        | (extra if kind == "code" else {})
        for kind, source, tags in cells
    ]
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": raw}
    return read_notebook(json.dumps(content).encode(), "nb.ipynb")


@given(cells=CELLS)
def test_any_notebook_is_checked(cells: list[tuple[str, str, list[str]]]) -> None:
    made = notebook(cells)
    try:
        init_directive(made)
    except ReprobookError:
        return
    for hazard in [*find_hazards(made), *possible_causes(made)]:
        assert 0 <= hazard.cell < len(made.code_cells)
        assert hazard.cause
    fixed = fix_notebook(made, find_hazards(made))
    assert fixed is not None


def code_of(text: str) -> set[str]:
    """Return the attributes that code uses; it must compile without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(text, "train.py", "exec", dont_inherit=True)
        return {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}


@settings(max_examples=settings.default.max_examples // 2)
@example(cells=[("code", "break", ["keep"])], style="plain", title="", evidence=Evidence())
@example(cells=[("code", "return 1", ["keep"])], style="plain", title="", evidence=Evidence())
@given(
    cells=CELLS,
    style=st.sampled_from(["plain", "hydra"]),
    title=TEXT,
    evidence=st.builds(Evidence, seed=st.sampled_from([None, 3]), resume=st.booleans(), deterministic=st.booleans()),
)
def test_any_script_compiles_and_is_inert(
    cells: list[tuple[str, str, list[str]]], style: Any, title: str, evidence: Evidence
) -> None:
    made = notebook([("markdown", f"# {title}", []), *cells, ("code", "import reprobook as rb\nrb.log(end=1)", [])])
    try:
        planned = plan(made, declared_parameters(made), evidence)
        script = render(planned, ORIGIN, style)
    except ReprobookError as error:
        assert str(error)  # noqa: PT017 - it says why
        return
    event("a script")
    assert "pwned" not in code_of(script)
    assert not any(character in script for character in "\u202e\x1b\0")
    files = job_files(planned, Facts(ORIGIN, "3.11.7", style=style))
    for path, content in files.items():
        if path.endswith(".py"):
            assert "pwned" not in code_of(content)


def test_an_installation_with_an_open_quote_is_refused_by_name() -> None:
    """It was an error of Python's."""
    assert line_magic("pip", 'install x  # """').refusal
    assert line_magic("pip", "install x").requirements == ("x",)
