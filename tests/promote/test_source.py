from __future__ import annotations

import ast

import pytest

from reprobook.notebook import Cell
from reprobook.promote.python import code_of
from reprobook.promote.source import Source, read_source


def read(text: str) -> Source:
    return read_source(Cell(0, 0, "code", text))


def lines(source: Source) -> list[str]:
    return [code_of(statement.node).strip() for statement in source.statements]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%env A=1", ["import os", 'os.environ["A"] = "1"']),
        ("%cd data", ["import os", 'os.chdir("data")']),
        ("!wget http://a.b/c", ["import subprocess", 'subprocess.run(["wget", "http://a.b/c"], check=False)']),
        ("%time x = 1", ["x = 1"]),
        ("%%time\nx = 1", ["x = 1"]),
        ("%%capture out\nx = 1", ["x = 1"]),
        ("%%writefile a.py\nx", ["from pathlib import Path", 'Path("a.py").write_text("x\\n")']),
        ("%matplotlib inline\n%load_ext autoreload\nx = 1; y = 2", ["x = 1", "y = 2"]),
        ("for i in x:\n    %time f(i)", ["for i in x:\n    f(i)"]),
    ],
)
def test_magics_become_python(text: str, expected: list[str]) -> None:
    assert lines(read(text)) == expected


def test_shell_output_becomes_a_list_of_lines() -> None:
    expected = 'files = subprocess.run(["ls", "a"], check=False, capture_output=True, text=True).stdout.splitlines()'
    assert lines(read("files = !ls a"))[-1] == expected


@pytest.mark.parametrize("command", ["a && b > c", "if ! [[ -f x ]]; then curl y -o x; fi", "rm *.tmp", 'sh -c "x; y"'])
def test_what_needs_a_shell_gets_one(command: str) -> None:
    expected = ast.unparse(ast.parse(f'subprocess.run(["bash", "-c", {command!r}], check=False)'))
    assert ast.unparse(ast.parse(lines(read(f"! {command}"))[-1])) == expected


def test_a_bash_cell_becomes_a_script() -> None:
    assert (
        lines(read("%%bash\ncd data\nmake\n"))[-1] == 'subprocess.run(["bash", "-c", "cd data\\nmake\\n"], check=True)'
    )


@pytest.mark.parametrize("command", ["rm {path}", "echo $name > x", "x=1; echo ${x}"])
def test_a_command_that_may_hold_variables_is_refused(command: str) -> None:
    (refusal,) = read(f"x = 1\n!{command}").refusals
    assert command in refusal.message
    assert refusal.line == 2
    assert refusal.hint


@pytest.mark.parametrize("magic", ["%run a.py", "%store x", "%reset -f", "%%bash --bg\nls", "%%writefile -a x\ny"])
def test_magics_without_translation_are_refused(magic: str) -> None:
    assert read(magic).refusals


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("%pip install -q numpy==1.26 torch", ("numpy==1.26", "torch")),
        ("!pip install 'pandas>=2' --index-url https://user:secret@host/simple", ("pandas>=2",)),
        ("!python -m pip install git+https://token@host/x.git", ()),
    ],
)
def test_installations_become_requirements_without_their_options(text: str, wanted: tuple[str, ...]) -> None:
    source = read(text)
    assert source.requirements == wanted
    assert source.statements == ()


@pytest.mark.parametrize(
    "text",
    ["%timeit f()", "!ls -l", "!ls *.csv | wc -l", "x?", "%%html\n<b>", "%whos", "%watermark -p numpy", "%xmode Plain"],
)
def test_what_only_informs_leaves_a_note(text: str) -> None:
    source = read(text)
    assert source.statements == ()
    assert source.notes
    assert not source.refusals


def test_lines_are_those_of_the_cell() -> None:
    source = read("\n\n%matplotlib inline\nx = 1; y = 2\n\nz = 3")
    assert [statement.line for statement in source.statements] == [4, 4, 6]


def test_comments_stay_with_their_statement() -> None:
    source = read("# about x\nx = 1\n\n# about y\ny = 2  # two")
    assert [code_of(s.node).strip() for s in source.statements] == ["# about x\nx = 1", "# about y\ny = 2  # two"]


@pytest.mark.parametrize(("text", "shows"), [("x", True), ("x;", False), ("x = 1", False), ("f(x)", True), ("", False)])
def test_a_semicolon_hides_the_last_value(text: str, shows: bool) -> None:  # noqa: FBT001 (a table of cases)
    assert read(text).shows is shows


def test_a_broken_cell_is_told_with_its_line() -> None:
    assert read("x = 1\ny = (").error.startswith("does not parse (line")


def test_top_level_await_is_python() -> None:
    assert lines(read("x = await f()")) == ["x = await f()"]


def test_pylab_becomes_the_imports_that_it_makes() -> None:
    imports = ["import numpy as np", "import matplotlib.pyplot as plt", "from pylab import *"]
    assert lines(read("%pylab inline")) == imports
    assert lines(read("%pylab inline --no-import-all")) == imports[:2]


def test_xdel_deletes() -> None:
    assert lines(read("%xdel rows")) == ["del rows"]


def test_the_guard_of_a_script_goes() -> None:
    source = read("x = 1\n# now\nif __name__ == '__main__':\n    # two\n    y = 2\n\n    for i in x:\n        print(i)")
    assert lines(source) == ["x = 1", "# now\n# two\ny = 2", "for i in x:\n    print(i)"]
    assert [statement.line for statement in source.statements] == [1, 5, 7]
    assert len(read("if __name__ == '__main__':\n    y = 2\nelse:\n    y = 3").statements) == 1
