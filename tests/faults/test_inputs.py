"""Notebooks, parameters, names and files that nobody meant to give (part B of the list of faults)."""

from __future__ import annotations

import json
import math
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reprobook.errors import NotebookError, ParameterError
from reprobook.execute import RunOptions, read_trace, run_notebook
from reprobook.runs import RunFolder, Store, record_json

Write = Callable[..., Path]
Run = Callable[..., RunFolder]
Command = Callable[..., tuple[int, str]]

P = ["parameters"]
CELL: dict[str, Any] = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": None}


def document(*cells: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)} | changes).encode()


BAD_FILES = {
    "empty": b"",
    "spaces": b" \n",
    "truncated": document(CELL)[:-20],
    "NaN": document(CELL | {"metadata": {"x": math.nan}}),
    "UTF-16": document(CELL).decode().encode("utf-16"),
    "not UTF-8": b"\xff" + document(CELL),
    "no JSON": b"# %%\nx = 1\n",
    "a list": b"[]",
    "brackets": b"[" * 200_000,
    "format 2": document(nbformat=2),
    "format 3": document(nbformat=3, worksheets=[{"cells": [CELL]}]),
    "format 5": document(CELL, nbformat=5),
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "no type": document({"source": "x"}),
    "R": document(CELL, metadata={"kernelspec": {"name": "ir", "language": "R"}}),
    "Julia": document(CELL, metadata={"language_info": {"name": "julia"}}),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_what_is_no_python_notebook_leaves_no_run(command: Command, store: Store, tmp_path: Path, name: str) -> None:
    """B1, B2, B3: exit 2, the file is named and left as it is."""
    path = tmp_path / "bad.ipynb"
    path.write_bytes(BAD_FILES[name])
    for words in (("run", "bad.ipynb"), ("check", "bad.ipynb"), ("promote", "bad.ipynb"), ("verify", "bad.ipynb")):
        code, said = command(*words)
        assert (code, "bad.ipynb" in said, "Traceback" in said) == (2, True, False), (words, said)
        assert "hint:" in said
    assert not store.root.exists()
    assert path.read_bytes() == BAD_FILES[name]


@pytest.mark.filterwarnings("ignore::UserWarning")  # nbformat's, about the ids
def test_odd_notebooks_run(store: Store, tmp_path: Path) -> None:
    """B2, B22: repeated, missing and odd ids; attachments, raw and hidden cells; a byte order mark; a later minor."""
    odd = [
        document(CELL | {"id": "a"}, CELL | {"id": "a", "source": "x + 1"}),
        document(CELL, CELL | {"id": "b"}),
        b"\xef\xbb\xbf" + document(CELL | {"id": "a"}),
        document(CELL | {"id": "a"}, nbformat_minor=99),
        document(),
        document(
            {"cell_type": "raw", "id": "r", "metadata": {}, "source": "raw"},
            {
                "cell_type": "markdown", "id": "m", "metadata": {}, "source": "![x](attachment:x.png)",
                "attachments": {"x.png": {"image/png": "aGk="}},
            },
            CELL | {"id": "h", "metadata": {"jupyter": {"source_hidden": True}, "tags": ["hide-cell", 3, None]}},
        ),
    ]  # fmt: skip
    for number, data in enumerate(odd):
        path = tmp_path / f"odd{number}.ipynb"
        path.write_bytes(data)
        record = run_notebook(path, store, RunOptions(kernel="inline")).read_record()
        assert (record.status, path.read_bytes()) == ("succeeded", data), number


def test_the_name_of_a_kernel_of_another_machine_is_no_obstacle(run: Run) -> None:
    """B3: names of kernels are those of one machine; the header says which Python it was."""
    changes = {"metadata": {"kernelspec": {"name": "my-env-of-last-year", "language": "python"}}}
    folder = run("x = 1", changes=changes)
    assert folder.read_record().status == "succeeded"


def test_parameters_cells_that_cannot_be_meant(run: Run, store: Store) -> None:
    """B4, B5: two of them, the tag on text, an unknown name."""
    with pytest.raises(ParameterError, match=r"more than one parameters cell: \[0\], \[1\]"):
        run(("lr = 0.1", P), ("n = 1", P))
    text = {"cell_type": "markdown", "id": "m", "metadata": {"tags": P}, "source": "lr = 0.1"}
    with pytest.raises(ParameterError) as tagged:
        run(text, "x = 1")
    with pytest.raises(ParameterError, match="no parameter is called 'lrr'") as unknown:
        run(("lr = 0.1\nepochs = 3", P), values={"lrr": 1.0})
    assert tagged.value.hint
    assert unknown.value.hint == "Did you mean lr? Declared: epochs, lr."
    assert store.records() == []


NAMES = (
    *("class", "None", "1x", "a-b", "a b", "x: int", "__name__", "print", "ﬁ", "", "x\n", "x\0", "x;y", "lr "),
    "lr=1\nimport os; os.mkdir('pwned')\ny",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_not_declared_runs_nothing(run: Run, store: Store, tmp_path: Path, name: str) -> None:
    """B6, A11: a name is looked up, never pasted."""
    for given in ({"values": {name: 1.0}}, {"texts": {name: "1"}}):
        with pytest.raises(ParameterError, match="no parameter is called"):
            run(("lr = 0.1", P), "x = 1", **given)
    assert store.records() == []
    assert not (tmp_path / "pwned").exists()


def test_names_are_those_that_python_knows(run: Run) -> None:
    """B6: Python reads the ligature as two letters (NFKC)."""
    record = run(("ﬁt = 1", P), "print('fit:', fit)", values={"fit": 4}).read_record()
    assert (record.parameters, record.metrics) == ({"fit": 4}, {"fit": 4.0})
    with pytest.raises(ParameterError, match="no parameter is called 'ﬁt'"):
        run(("ﬁt = 1", P), values={unicodedata.normalize("NFC", "ﬁt"): 4})


TEXTS: list[tuple[str, str, Any]] = [
    *[("flag", "False", False), ("flag", "no", False), ("flag", "true", True), ("flag", "maybe", ParameterError)],
    *[("lr", "1e400", ParameterError), ("lr", "nan", math.nan), ("lr", "-inf", -math.inf), ("lr", "x", ParameterError)],
    *[("lr", "-0.0", -0.0), ("lr", "5e-324", 5e-324), ("lr", "0.30000000000000004", 0.1 + 0.2), ("lr", "3", 3.0)],
    *[("n", "0.1", ParameterError), ("n", "1e3", ParameterError), ("n", "9" * 30, int("9" * 30)), ("n", "-7", -7)],
    *[("day", "2020-01-01", "2020-01-01"), ("day", "'; import os #", "'; import os #"), ("day", "", "")],
]


@pytest.mark.parametrize(("name", "text", "expected"), TEXTS)
def test_a_text_has_the_type_of_the_default_or_is_refused(run: Run, name: str, text: str, expected: Any) -> None:
    """B7, B8: and it comes back exactly, from the record too."""
    cells = (("flag = True\nlr = 0.5\nn = 3\nday = 'x'", P), f"import reprobook as rb\nrb.save('value', repr({name}))")
    if expected is ParameterError:
        with pytest.raises(ParameterError):
            run(*cells, texts={name: text})
        return
    folder = run(*cells, texts={name: text})
    assert (folder.artifacts / "value.txt").read_text() == repr(expected)
    assert repr(folder.read_record().parameters[name]) == repr(expected)
    json.loads(json.dumps(record_json(folder.read_record()), allow_nan=False))


@pytest.mark.parametrize(
    "value", [(1, "a"), {1, 2}, b"\0x", None, {1: {"a": (2.5, None)}}, [[1, {2: 3}]], math.nan, -math.inf, 0.1 + 0.2]
)
def test_any_literal_comes_back_as_it_was(run: Run, value: Any) -> None:
    """B8: papermill makes texts of tuples, sets and bytes, and text keys of numbers."""
    folder = run(("given = None", P), "import reprobook as rb\nrb.save('value', repr(given))", values={"given": value})
    assert (folder.artifacts / "value.txt").read_text() == repr(value)
    assert repr(folder.read_record().parameters["given"]) == repr(value)
    for name in ("run.json", "header.json", "executed.ipynb", "trace.json"):
        json.loads((folder.path / name).read_bytes(), parse_constant=pytest.fail)


PATHS = (
    *("a b", "🚀", "a'b", 'a"b', "$(touch pwned)", "-n", "--help", "%s", "{x.__class__}", "a\nb", "é", "e\u0301", "a."),
    *("a" * 249, "`x`", "a;b", "a&b", "*", "?", "[a]", "~", "#", "\\", "\t", "\x1b[31m"),
)


@pytest.mark.parametrize("name", [*PATHS[:6], *(pytest.param(name, marks=pytest.mark.slow) for name in PATHS[6:])])
def test_any_file_name_is_taken_as_it_is(run: Run, command: Command, tmp_path: Path, name: str) -> None:
    """B11, A12: no shell, no format string, no glob."""
    folder = run("x = 1", name=f"{name}.ipynb")
    assert folder.read_record().status == "succeeded"
    code, said = command("show", "--json", "--", f"{name}.ipynb")
    assert (code, json.loads(said)["source"] if code == 0 else said) == (0, f"{name}.ipynb")
    assert "\x1b" not in command("runs")[1]
    assert not (tmp_path / "pwned").exists()


def test_a_name_that_is_no_unicode_works_or_is_refused(command: Command, write: Write, tmp_path: Path) -> None:
    path = write("x = 1")
    odd = os.fsencode(tmp_path) + b"/\xff.ipynb"
    os.rename(os.fsencode(path), odd)  # noqa: PTH104 - bytes
    code, said = command("run", os.fsdecode(odd))
    assert code in {0, 2}, said
    assert "Traceback" not in said


def test_devices_pipes_and_loops_are_no_notebooks(command: Command, tmp_path: Path) -> None:
    """B12: and nobody waits for a pipe."""
    os.mkfifo(tmp_path / "pipe.ipynb")
    (tmp_path / "loop.ipynb").symlink_to(tmp_path / "loop.ipynb")
    (tmp_path / "dangling.ipynb").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.ipynb").mkdir()
    for name in (
        "pipe.ipynb",
        "loop.ipynb",
        "dangling.ipynb",
        "folder.ipynb",
        "/dev/zero",
        "/dev/null",
        "missing.ipynb",
    ):
        for words in (("run", name), ("check", name), ("verify", name), ("promote", name)):
            code, said = command(*words)
            assert (code, "Traceback" in said) == (2, False), (words, said)


def test_links_to_notebooks_and_hard_links_run(run: Run, store: Store, tmp_path: Path) -> None:
    run("x = 1")
    (tmp_path / "link.ipynb").symlink_to("nb.ipynb")
    (tmp_path / "hard.ipynb").hardlink_to(tmp_path / "nb.ipynb")
    for name in ("link.ipynb", "hard.ipynb"):
        assert run_notebook(tmp_path / name, store, RunOptions(kernel="inline")).read_record().status == "succeeded"


def test_data_that_are_no_files_do_not_hang(run: Run, tmp_path: Path) -> None:
    """B12: a device, a pipe, a link and a loop of links that a cell opens."""
    (tmp_path / "data.csv").write_text("1\n")
    (tmp_path / "link.csv").symlink_to("data.csv")
    folder = run(
        "zero = open('/dev/zero', 'rb').read(4)\nnull = open('/dev/null').read()",
        "import os\nos.mkfifo('pipe')\nread = os.open('pipe', os.O_RDONLY | os.O_NONBLOCK)\nos.close(read)",
        "linked = open('link.csv').read()",
        "os.symlink('ring', 'ring')\ntry:\n    open('ring')\nexcept OSError:\n    missing = True",
    )
    assert folder.read_record().status == "succeeded", folder.read_record().error
    read = read_trace(folder).cells[2].files_read
    digests = set(read.values())
    assert {name.rpartition("/")[2] for name in read} & {"data.csv", "link.csv"}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("source", "cell"),
    [("def broken(:", 1), ("  x = 1\ny = 2", 1), ("x = 1\n\ty = 2", 1), ("'''", 1), ("x = (", 1), ("\0", 1)],
)
def test_a_cell_that_does_not_parse_fails_at_its_place(run: Run, source: str, cell: int) -> None:
    """B13."""
    record = run("a = 1", source, "b = 2").read_record()
    assert record.error is not None
    assert (record.status, record.error.cell) == ("failed", cell)


def test_cells_without_code_and_of_a_megabyte_are_cells(run: Run) -> None:
    """B13, B22."""
    folder = run("", "# only a comment", "\n\n", "x = 1\n" + "# " + "y" * (1 << 20), "x")
    assert folder.read_record().metrics == {"x": 1.0}
    assert run().read_record().status == "succeeded"


@pytest.mark.slow
@pytest.mark.parametrize("source", ["exit()", "quit()", "import os\nos._exit(0)"])
def test_leaving_is_told_apart_from_dying(run: Run, source: str) -> None:
    """B14: `_exit` takes the kernel with it; whatever follows has not run."""
    folder = run("x = 1", source, "y = 2", kernel="cold")
    record = folder.read_record()
    if "_exit" in source:
        assert record.error is not None
        assert (record.status, record.error.cell, record.error.ename) == ("failed", 1, "DeadKernelError")
        assert all("y" not in cell.writes for cell in read_trace(folder).cells)
    else:  # Jupyter's `exit()` ends the kernel when it is idle: the run has what it has without that line
        assert record.status == "succeeded", record.error


def test_what_a_notebook_calls_like_ours_is_its_own(run: Run) -> None:
    """B23: names, builtins and modules that the notebook replaces; the record stays whole."""
    folder = run(
        "import json, hashlib, builtins, os, pathlib, time",
        "reprobook = rb = session = recorder = store = header = 'mine'",
        "open = hash = id = len = type = isinstance = getattr = None\nx = 1",
        "json = random = pydantic = None\ny = 2",
        "import numpy as np, sys\nnp.asarray = np.ndarray = sys.modules['numpy'] = None\nz = 3",
        "print = builtins.print\nw = 4",
        kernel="cold",
    )
    record = folder.read_record()
    assert record.status == "succeeded", record.error
    trace = read_trace(folder)
    assert [cell.index for cell in trace.cells] == [0, 1, 2, 3, 4, 5]
    assert {"x", "y", "z", "w"} <= {name for cell in trace.cells for name in cell.writes}
    assert folder.check_integrity() == record


@pytest.mark.slow
@pytest.mark.parametrize("patched", ["hashlib.sha256", "os.fsync", "pathlib.Path.exists"])
def test_where_a_cell_breaks_what_records_are_made_with_the_run_says_so(run: Run, patched: str) -> None:
    """B23: it is recorded or it has failed; a run with a hole in its evidence never succeeds."""
    folder = run("import hashlib, os, pathlib", f"{patched} = None", "x = 1", kernel="cold")
    record = folder.read_record()
    recorded = {cell.index for cell in read_trace(folder).cells}
    assert (record.status == "succeeded") == (recorded == {0, 1, 2})
    assert record.ended
    assert record.error is None or record.error.cell in {1, 2}


@pytest.mark.slow
@pytest.mark.parametrize("source", ["%reset -f", "del x", "get_ipython().kernel.do_shutdown(False)"])
def test_what_ends_names_or_the_kernel_leaves_a_record(run: Run, source: str) -> None:
    """B24."""
    folder = run("x = 1", source, "y = 2", kernel="cold")
    record = folder.read_record()
    assert record.ended
    assert [cell.index for cell in read_trace(folder).cells][:1] == [0]
    assert folder.check_integrity() == record


def test_a_file_that_is_no_notebook_at_all(store: Store, tmp_path: Path) -> None:
    for data in (b"\x89PNG\r\n\x1a\n" + bytes(100), b"PK\x03\x04" + bytes(100), b"{}"):
        (tmp_path / "x.ipynb").write_bytes(data)
        with pytest.raises(NotebookError, match=r"x\.ipynb"):
            run_notebook(tmp_path / "x.ipynb", store, RunOptions())
