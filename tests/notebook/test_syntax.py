"""Parsing a cell where it stands, with magics, shell and help lines among its Python."""

import ast
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.notebook.syntax import cell_body, parse_cell


def assigned(source: str) -> dict[str, tuple[int, str]]:
    """Return line and unparsed value of each top-level or nested assignment."""
    tree = parse_cell(source)
    assert tree is not None
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    return {ast.unparse(node.targets[0]): (node.value.lineno, ast.unparse(node.value)) for node in nodes}


@pytest.mark.parametrize(
    "line",
    [
        *("%matplotlib inline", "!pip install 'x", "!echo (", "!a )", "%cd it's"),
        *("?print", "print?", "np.linalg??", "%run x?", "%%time", "!python -c 'x = 1'", "%env A=1", "!!ls", "%cd 1_x"),
        *(
            "files = !ls",
            "a, b = %time f()",
            "!echo {x['k']} $y",
            "!pip install a \\\n    b \\\n    c",
            "%pip install \\",
        ),
    ],
)
def test_a_magic_anywhere_leaves_the_python_around_it(line: str) -> None:
    height = line.count("\n") + 1
    found = assigned(f"x = 1\n{line}\n\ny = '''\n%kept\n!kept\n'''\nz = 3")
    assert found["x"] == (1, "1")
    assert found["y"] == (3 + height, repr("\n%kept\n!kept\n"))
    assert found["z"] == (7 + height, "3")


def test_magics_keep_blocks_whole() -> None:
    found = assigned("for i in range(3):\n    %time\nif found:\n    files = !ls\n    x = 2")
    assert found == {"files": (4, "NotImplemented"), "x": (5, "2")}


def test_lines_that_only_look_like_magics_stay() -> None:
    source = "x = (7\n % 4)\ny = 5 \\\n  % 3\nz = '''\n!not a command\n'''"
    assert cell_body(source) == source
    with_magic = f"%pylab\n{source}"
    assert cell_body(with_magic) == f"pass\n{source}"


@pytest.mark.parametrize("magic", ["%%reprotrain params", "%%time", "%%capture out", "\n\n%%time"])
def test_python_below_a_known_cell_magic_is_read(magic: str) -> None:
    assert assigned(f"{magic}\nx = 1") == {"x": (magic.count("\n") + 2, "1")}


@pytest.mark.parametrize("magic", ["%%bash", "%%writefile a.py", "%%html", "%%timeit", "%%javascript", "%%R", "%%"])
def test_what_stands_below_another_cell_magic_is_no_python_of_the_notebook(magic: str) -> None:
    assert assigned(f"{magic}\nx = 1\ny = 2") == {}
    assert cell_body(f"{magic}\nx = 1\ny = 2") == "\n\n"


@pytest.mark.parametrize(
    "source", ["x =", "def f(:\n", "x = 1\n  y = 2", "a\0b", "(" * 5000, "%cd x\nx =", "s = '\ud800'"]
)
def test_what_does_not_parse_is_none(source: str) -> None:
    assert parse_cell(source) is None


@pytest.mark.parametrize(
    "source", ["", "\n\n", "# only a comment", "%cd x", "\x0cx = 1", "x = 1\ry = 2\r\n%cd\r\nz = 3"]
)
def test_empty_cells_and_odd_line_ends_parse(source: str) -> None:
    assert parse_cell(source) is not None


def test_lines_are_counted_alike_whatever_ends_them() -> None:
    assert assigned("x = 1\r%cd a\r\ny = 2\nz = 3") == {"x": (1, "1"), "y": (3, "2"), "z": (4, "3")}


def test_warnings_of_the_parser_neither_show_nor_hide_the_cell() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert set(assigned("pattern = '\\d'\nis_one = 1 is 1")) == {"pattern", "is_one"}


@given(
    st.lists(st.sampled_from(["x = 1", "%m", "!s (", "?h", "'''", "if x:", "    y", ")", "a = !b", "\\", "#?", "%%c"]))
)
def test_lines_stay_where_they_are_or_the_cell_is_refused(lines: list[str]) -> None:
    body = cell_body("\n".join(lines))
    assert body.count("\n") == max(len(lines) - 1, 0)
    parse_cell("\n".join(lines))
