"""Reading notebooks: what is read, and that each bad input is refused with file and place."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobook.errors import NotebookError
from reprobook.notebook import Cell, Notebook, read_notebook


def code(source: Any = "x = 1", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None, **more}


def markdown(source: Any = "# Title", **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source, **more}


def content(*cells: Any, **more: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **more}


def read(data: dict[str, Any] | bytes) -> Notebook:
    return read_notebook(data if isinstance(data, bytes) else json.dumps(data).encode(), "nb.ipynb")


def refused(data: dict[str, Any] | bytes) -> NotebookError:
    """Return the error with which a notebook is refused; it names the file and says what to do."""
    with pytest.raises(NotebookError, match=r"^nb\.ipynb: ") as caught:
        read(data)
    assert caught.value.hint
    return caught.value


def test_cells_are_counted_among_all_and_among_the_code_cells() -> None:
    raw = {"cell_type": "raw", "metadata": {}, "source": "r"}
    notebook = read(
        content(markdown(id="a"), code("x", id="b", metadata={"tags": ["parameters", "t"]}), raw, code("y"))
    )
    assert notebook.cells == (
        Cell(0, None, "markdown", "# Title", id="a"),
        Cell(1, 0, "code", "x", frozenset({"parameters", "t"}), "b"),
        Cell(2, None, "raw", "r"),
        Cell(3, 1, "code", "y"),
    )
    assert notebook.name == "nb.ipynb"
    assert [cell.code_index for cell in notebook.code_cells] == [0, 1]


@pytest.mark.parametrize("source", ["a = 1\nb = 2\r\n", ["a = 1\n", "b = 2\r\n"], ["a = 1\nb = 2\r\n"]])
def test_a_source_is_text_or_a_list_of_lines(source: Any) -> None:
    assert read(content(code(source))).cells[0].source == "a = 1\nb = 2\r\n"


def test_no_cells_no_source_and_two_thousand_cells_are_fine() -> None:
    assert read(content()).cells == ()
    assert read(content({"cell_type": "code"})).cells == (Cell(0, 0, "code", ""),)
    assert len(read(content(*[code()] * 2000)).code_cells) == 2000


def test_missing_and_repeated_ids_are_kept_as_they_are() -> None:
    notebook = read(content(code(), code(id="twice"), markdown(id="twice"), code(id=7)))
    assert [cell.id for cell in notebook.cells] == [None, "twice", "twice", None]


@pytest.mark.parametrize("metadata", [{"tags": "parameters"}, {"tags": None}, {"tags": [1, None]}, [], None, "x"])
def test_odd_cell_metadata_is_no_tag(metadata: Any) -> None:
    assert read(content(code(metadata=metadata))).cells[0].tags == frozenset()


def test_a_byte_order_mark_is_read_over() -> None:
    assert read(b"\xef\xbb\xbf" + json.dumps(content(code("é"))).encode()).cells[0].source == "x = 1".replace(
        "x = 1", "é"
    )


@pytest.mark.parametrize("data", [b"", b" \n\t"])
def test_an_empty_file_is_called_empty(data: bytes) -> None:
    assert "the file is empty" in str(refused(data))


def test_a_truncated_file_is_refused_at_its_end_wherever_it_was_cut() -> None:
    data = json.dumps(content(code("a\nb"), markdown("é")), indent=1, ensure_ascii=False).encode()
    for end in range(1, len(data)):
        message = str(refused(data[:end]))
        assert "not valid JSON at line " in message or "not UTF-8 text (byte " in message


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"{\n  'cells': []}", "at line 2, column 3: "),
        (b"{}{}", "at line 1, column 3: "),
        (b"\x00\x01", "at line 1, column 1: "),
        (b'{"cells": [\n  NaN]}', "at line 2, column 3: NaN is not JSON"),
        (b'{"NaN \\" NaN": "Infinity",\n "b": -Infinity}', "at line 2, column 7: -Infinity is not JSON"),
        (b'{"a": 1, "b": [Infinity, NaN]}', "at line 1, column 16: Infinity is not JSON"),
    ],
)
def test_what_is_no_json_is_refused_with_line_and_column(data: bytes, place: str) -> None:
    assert place in str(refused(data))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1251"])
def test_other_encodings_are_refused(encoding: str) -> None:
    text = json.dumps(content(code("# проверка" if encoding == "cp1251" else "é")), ensure_ascii=False)
    assert "not UTF-8" in str(error := refused(text.encode(encoding))) or "line 1, column" in str(error)


def test_half_a_character_is_refused_at_its_cell() -> None:
    assert "cell 1 has half a character (a lone surrogate) at offset 1" in str(
        refused(content(code(), code("é\ud83d")))
    )


def test_a_bomb_of_brackets_is_refused() -> None:
    assert "not valid JSON" in str(refused(b"[" * 1_000_000))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"[]", "the JSON is a list, not an object"),
        (b'"text"', "the JSON is a str, not an object"),
        (b"null", "the JSON is a NoneType"),
        ({}, "neither 'nbformat' nor 'cells'"),
        ({"cells": []}, "notebook format None is not supported"),
        ({"nbformat": 3, "worksheets": [{"cells": []}]}, "notebook format 3 is not supported, only 4"),
        (content(nbformat=2), "notebook format 2 "),
        (content(nbformat=5), "notebook format 5 "),
        (content(nbformat="4"), "notebook format '4' "),
        ({"nbformat": 4}, "no list of cells"),
        (content(cells=None), "no list of cells"),
        (content(cells={}), "no list of cells"),
        (content(code(), "x"), "cell 1 has no known cell_type (found None)"),
        (content({"source": ""}), "cell 0 has no known cell_type (found None)"),
        (content(code(cell_type="heading")), "cell 0 has no known cell_type (found 'heading')"),
        (content(code(cell_type=["code"])), "cell 0 has no known cell_type (found ['code'])"),
        (content(markdown(), code(None)), "the source of cell 1 is neither"),
        (content(code(["a", 1])), "the source of cell 0 is neither"),
        (content(code({})), "the source of cell 0 is neither"),
    ],
)
def test_what_is_no_notebook_of_format_4_is_refused(data: dict[str, Any] | bytes, message: str) -> None:
    assert message in str(refused(data))


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        {"kernelspec": {"language": "Python"}},
        {"kernelspec": None, "language_info": {"name": "python"}},
        {"kernelspec": "python3", "language_info": []},
        {"language_info": {"name": "ipython"}},
        [],
        None,
    ],
)
def test_python_notebooks_are_read_whatever_their_metadata_look_like(metadata: Any) -> None:
    assert len(read(content(code(), metadata=metadata)).cells) == 1


@pytest.mark.parametrize(
    ("metadata", "language"),
    [
        ({"kernelspec": {"name": "ir", "language": "R"}}, "r"),
        ({"kernelspec": {"name": "julia-1.10"}, "language_info": {"name": "julia"}}, "julia"),
        ({"language_info": {"name": "Rust"}}, "rust"),
    ],
)
def test_other_languages_are_refused_by_name(metadata: Any, language: str) -> None:
    error = refused(content(code(), metadata=metadata))
    assert str(error).endswith(f"the notebook is written in {language}")
    assert "Python notebooks only" in error.hint


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["cells", "nbformat", "metadata", "source", "cell_type", "kernelspec"]), inner
            )
        ),
    )
)
def test_any_json_is_read_or_refused_never_a_crash(value: Any) -> None:
    for data in (json.dumps(value).encode(), json.dumps(content(value, metadata=value)).encode()):
        try:
            read(data)
        except NotebookError as error:
            assert error.hint  # noqa: PT017 (either outcome is right)


@given(st.binary())
def test_any_bytes_are_refused(data: bytes) -> None:
    refused(data)


def test_new_sources_reach_cells_and_content_and_leave_the_original_alone() -> None:
    original = read(content(markdown(), code(["a\n", "b"], id="k"), code("c", metadata={"tags": ["t"]})))
    rewritten = original.with_sources({1: "C"})
    assert [cell.source for cell in rewritten.cells] == ["# Title", "a\nb", "C"]
    assert [cell["source"] for cell in rewritten.content["cells"]] == ["# Title", "a\nb", "C"]
    assert rewritten.cells[2].tags == {"t"}
    assert rewritten.content["cells"][1]["id"] == "k"
    assert [cell.source for cell in original.cells] == ["# Title", "a\nb", "c"]
    assert original.content["cells"][2]["source"] == "c"
    assert read(json.dumps(dict(rewritten.content)).encode()) == rewritten
