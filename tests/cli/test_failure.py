"""Tracebacks as IPython writes them, and what is shown of them."""

from __future__ import annotations

from reprobook.cli.failure import failure_lines

_HEAD = "ValueError                                Traceback (most recent call last)"
_IN_CELL = ["Cell In[3], line 2", "      1 import pandas", "----> 2 read('a.csv')", "      3 x = 1"]
_IN_LIBRARY = [
    "File ~/.venv/lib/python3.11/site-packages/pandas/io/common.py:954, in get_handle(path, mode)",
    "    952 # Encoding",
    "--> 954     handle = open(",
]


def test_a_library_is_one_line() -> None:
    lines = [_HEAD, *_IN_CELL, *_IN_LIBRARY, *_IN_LIBRARY, "ValueError: no"]
    expected = ["cell 2, line 2: read('a.csv')", "raised in pandas/io/common.py, line 954, get_handle"]
    assert failure_lines(lines, {3: 2}) == expected


def test_a_module_of_the_author_is_shown_with_its_line() -> None:
    own = ["File ~/project/helper.py:7, in load(path)", "      6 def load(path):", "----> 7     return read(path)"]
    assert failure_lines([_HEAD, *_IN_CELL, *own, "ValueError: no"], {3: 2})[1:] == [
        "~/project/helper.py, line 7, load: return read(path)"
    ]


def test_of_a_chain_the_last_exception_counts_that_comes_from_the_notebook() -> None:
    direct = "The above exception was the direct cause of the following exception:"
    later = ["Cell In[4], line 5", "----> 5     raise ValueError() from error"]
    lines = [_HEAD, *_IN_CELL, *_IN_LIBRARY, "KeyError: 1", direct, _HEAD, *later, "ValueError: no"]
    assert failure_lines(lines, {3: 2, 4: 3}) == ["cell 3, line 5: raise ValueError() from error"]
    lines = [_HEAD, *_IN_CELL, "KeyError: 1", direct, _HEAD, *_IN_LIBRARY, "ValueError: no"]
    assert failure_lines(lines, {3: 2}) == ["cell 2, line 2: read('a.csv')"]


def test_an_error_of_syntax_has_its_line() -> None:
    assert failure_lines(["  Cell In[2], line 1", "    def f(:", "          ^", "SyntaxError: invalid"], {2: 1}) == [
        "cell 1, line 1: def f(:"
    ]


def test_without_a_frame_of_the_notebook_nothing_is_left_out() -> None:
    assert failure_lines([_HEAD, *_IN_LIBRARY, "ValueError: no"], {3: 2}) == []
