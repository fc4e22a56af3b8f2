from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sklearn.datasets import load_digits

from reprobook.trace import MISSING
from reprobook.trace.files import FileWatch
from reprobook.trace.folders import FolderWatch


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileWatch]:
    monkeypatch.chdir(tmp_path)
    found = FileWatch(ignore=[tmp_path / "store", tmp_path / "own.txt"])
    found.start()
    yield found
    found.stop()


def test_files_read_and_written_are_digested(watch: FileWatch, tmp_path: Path) -> None:
    Path("in.txt").write_text("in")
    watch.stop()
    watch.start()
    (tmp_path / "in.txt").read_bytes()
    os.close(os.open("out.bin", os.O_WRONLY | os.O_CREAT))
    read, written = watch.stop()
    assert read == {"in.txt": sha("in")}
    assert written == {"out.bin": sha("")}


@pytest.mark.parametrize(
    ("mode", "reads", "writes"),
    [("r", True, False), ("w", False, True), ("x", False, True), ("a", False, True), ("r+", True, True)],
)
def test_the_mode_decides(watch: FileWatch, mode: str, *, reads: bool, writes: bool) -> None:
    watch.stop()
    path = Path("f.txt")
    if mode != "x":
        path.write_text("x")
    watch.start()
    path.open(mode).close()
    read, written = watch.stop()
    assert (bool(read), bool(written)) == (reads, writes)


def test_a_file_read_then_overwritten_is_digested_as_it_was_read(watch: FileWatch) -> None:
    watch.stop()
    Path("f").write_text("old")
    watch.start()
    Path("f").read_text()
    Path("f").write_text("new")
    assert watch.stop() == ({"f": sha("old")}, {"f": sha("new")})


def test_a_file_the_cell_wrote_itself_is_not_read(watch: FileWatch) -> None:
    Path("f").write_text("new")
    Path("f").read_text()
    assert watch.stop() == ({}, {"f": sha("new")})


def test_a_change_between_two_cells_shows(watch: FileWatch) -> None:
    found = []
    for text in ("aaa", "aaa", "bbb"):
        Path("f").write_text(text)
        watch.stop()
        watch.start()
        Path("f").read_text()
        found.append(watch.stop()[0])
        watch.start()
    assert found == [{"f": sha("aaa")}, {"f": sha("aaa")}, {"f": sha("bbb")}]


def test_missing_temporary_and_odd_files(watch: FileWatch) -> None:
    with pytest.raises(FileNotFoundError):
        Path("absent.csv").read_text()
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).read_bytes()
    os.mkfifo("pipe")
    os.close(os.open("pipe", os.O_RDONLY | os.O_NONBLOCK))
    Path("/dev/null").read_bytes()
    Path("/proc/self/stat").read_bytes()
    assert watch.stop() == ({"absent.csv": MISSING}, {})


def test_own_files_and_code_are_ignored(watch: FileWatch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("helper_of_test_files.py").write_text("value = 1\n")
    Path("store").mkdir()
    watch.stop()
    monkeypatch.syspath_prepend(tmp_path)
    watch.start()
    import helper_of_test_files  # type: ignore[import-not-found]  # noqa: PLC0415

    Path("own.txt").write_text("x")
    Path("store/run.json").write_text("x")
    assert helper_of_test_files.value == 1
    assert watch.stop() == ({}, {})
    watch.start()
    Path("helper_of_test_files.py").read_text()
    assert list(watch.stop()[0]) == ["helper_of_test_files.py"]


def test_data_files_of_packages_count(watch: FileWatch) -> None:
    load_digits()
    assert {Path(path).name for path in watch.stop()[0]} == {"digits.csv.gz", "digits.rst"}


def test_nothing_is_noted_while_nobody_watches(watch: FileWatch) -> None:
    watch.stop()
    Path("f").write_text("x")
    watch.start()
    assert watch.stop() == ({}, {})


def test_the_hook_survives_a_working_folder_that_is_gone(watch: FileWatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError):
        Path("f").read_text()
    (tmp_path / "g").write_text("x")
    assert list(watch.stop()[1]) == [str(tmp_path / "g")]
    os.chdir(tmp_path)


def test_the_hook_is_inert_in_a_fresh_process(python: Callable[..., str]) -> None:
    script = """
        import sys
        hooks = []
        sys.addaudithook(lambda event, args: hooks.append(event) if event == "sys.addaudithook" else None)
        import reprobook.trace
        print(hooks)
    """
    assert python(script) == "[]"


def test_what_a_library_writes_in_c_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    watch = FileWatch()
    watch.start()
    torch.save({"w": torch.ones(2)}, "model.pt")
    (tmp_path / "sub").mkdir()
    torch.save({"w": torch.ones(2)}, "sub/model.pt")
    (tmp_path / "saved.ipynb").write_text("{}")
    _, written = watch.stop()
    assert {"model.pt", "sub/model.pt"} <= written.keys()

    watch.start()
    _, written = watch.stop()
    assert written == {}


def test_a_replaced_file_of_the_same_size_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("1")
    folders = FolderWatch()
    folders.look()
    other = tmp_path.parent / "other"
    other.write_text("2")
    other.replace(tmp_path / "a")
    assert list(folders.changed()) == [str(tmp_path / "a")]
