from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from reprobook.ambient import Call
from reprobook.ambient.stand_in import unwrapped
from reprobook.ambient.watch import CallWatch, uninstall

Run = Callable[[str], list[Call]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run cells of one notebook, and return the calls of each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    watch = CallWatch(namespace)
    cells = iter(range(100))

    def run(source: str) -> list[Call]:
        code = compile(source, f"<cell {next(cells)}>", "exec")
        watch.start()
        try:
            exec(code, namespace)  # noqa: S102  # what a notebook does
        finally:
            calls = watch.stop()
        return list(calls)

    yield run
    uninstall()


def brief(calls: list[Call]) -> list[tuple[str, str, int | None, str, int]]:
    return [(call.kind, call.target, call.line, call.via, call.count) for call in calls]


# Cells, and the calls that they make from line 2.
DIRECT = {
    "import time\ntime.time(), time.time()": ("clock", "time.time", 2),
    "from time import perf_counter_ns as now\nnow()": ("clock", "time.perf_counter_ns", 1),
    "import datetime\ndatetime.date.today()": ("clock", "datetime.today", 1),
    "import time\ntime.strftime('%c'), time.strftime('%c', time.gmtime(0))": ("clock", "time.strftime", 1),
    "import timeit\ntimeit.default_timer()": ("clock", "timeit.default_timer", 1),
    "import os\nos.urandom(4)": ("entropy", "os.urandom", 1),
    "import secrets\nsecrets.token_hex()": ("entropy", "secrets.token_hex", 1),
    "import random\nrandom.SystemRandom().random()": ("entropy", "random.SystemRandom.random", 1),
    "import secrets\nsecrets.randbits(128)": ("entropy", "random.SystemRandom.getrandbits", 1),
    "import numpy as np\nnp.random.default_rng()": ("unseeded", "numpy.random.SeedSequence", 1),
    "import numpy as np\nnp.random.RandomState()": ("unseeded", "numpy.random.SeedSequence", 1),
    "import random\nrandom.seed()": ("unseeded", "random.seed", 1),
    "import random\nrandom.seed(3)": ("seed", "random.seed", 1),
    "import numpy as np\nnp.random.seed(3)": ("seed", "numpy.random.seed", 1),
    "import uuid\nuuid.uuid4(), uuid.uuid4()": ("uuid", "uuid.uuid4", 2),
    "import os\nos.getpid()": ("pid", "os.getpid", 1),
    "import platform\nplatform.node()": ("host", "platform.node", 1),
    "import socket\nsocket.gethostname()": ("host", "socket.gethostname", 1),
    "import multiprocessing\nmultiprocessing.cpu_count()": ("cpu_count", "os.cpu_count", 1),
    "import psutil\npsutil.virtual_memory()": ("memory", "psutil.virtual_memory", 1),
    "import os\nos.sysconf('SC_AVPHYS_PAGES'), os.sysconf('SC_PAGE_SIZE')": (
        "memory",
        "os.sysconf(SC_AVPHYS_PAGES)",
        1,
    ),
    "import tempfile\ntempfile.TemporaryDirectory().cleanup()": ("tempfile", "tempfile.mkdtemp", 1),
    "import subprocess\nsubprocess.run(['true', '--password=x'], env={})": ("process", "true", 1),
    "import sqlite3\nsqlite3.connect(':memory:').close()": ("database", ":memory:", 1),
    "import socket\nwith socket.socket() as s: s.bind(('127.0.0.1', 0))": ("port", "socket.bind", 1),
    "import threading\nthreading.Thread(target=len, args=((),)).start()": ("thread", "builtins.len", 1),
}


@pytest.mark.parametrize("source", DIRECT)
def test_a_call_is_noted_with_its_line(run: Run, source: str) -> None:
    kind, target, count = DIRECT[source]
    assert (kind, target, 2, "", count) in brief(run(source))


def test_a_cell_that_asks_for_nothing_has_no_calls(run: Run) -> None:
    assert run("import json, collections\nx = [json.dumps(k) for k in range(10)]\nprint(x)") == []


def test_listings_keep_their_order(run: Run, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in "bca":
        (tmp_path / "d" / name).touch()
    [one] = run("import os\nfound = os.listdir('d')")
    [two] = run("import glob\nfound = glob.glob('d/*')")
    [three] = run("from pathlib import Path\nfound = list(Path('d').iterdir())")
    assert one.names == tuple(os.listdir(tmp_path / "d"))  # noqa: PTH208  # what the cell called
    assert one.target == two.target == three.target == "d"
    assert {one.names, two.names, three.names} == {one.names}
    assert len({one.digest, two.digest, three.digest}) == len({one.members, two.members, three.members}) == 1


def test_the_order_has_a_digest_and_the_members_have_another(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for names in (["b", "a"], ["a", "b"], ["a", "c"]):
        uninstall()
        with monkeypatch.context() as patch:
            patch.setattr(os, "listdir", lambda _, names=names: list(names))
            found += run("import os; os.listdir('x')")
            uninstall()
    assert len({call.digest for call in found}) == 3
    assert found[0].members == found[1].members != found[2].members


def test_looks_at_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    calls = run("""
import os
from pathlib import Path
os.path.exists("f"), Path("gone").exists(), os.path.isdir("f")
os.path.getmtime("f"), Path("f").stat().st_mtime
sorted([Path("f")], key=lambda path: path.stat().st_ctime_ns)
""")
    assert [(call.kind, call.target, call.line, call.is_set) for call in calls] == [
        ("exists", "f", 4, True),
        ("exists", "gone", 4, False),
        ("file_time", "f", 5, None),
        ("file_time", "f", 6, None),
    ]
    assert run("size = os.stat('f').st_size") == []


def test_addresses_are_kept_without_what_may_be_secret(run: Run) -> None:
    calls = run("""
import urllib.request
try: urllib.request.urlopen("http://127.0.0.1:9/data.csv?token=secret", timeout=1)
except OSError: pass
""")
    assert ("url", "http://127.0.0.1/data.csv", 3, "", 1) in brief(calls)
    assert "secret" not in str(calls)


def test_variables(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TRAIN_LR", "0.02"), ("API_KEY", "s3cret"), ("WHO", "Ada Lovelace")):
        monkeypatch.setenv(name, value)
    calls = run("""
import os
os.environ["TRAIN_LR"], os.environ.get("API_KEY"), os.getenv("WHO"), "NOT_SET" in os.environ
try: os.environ["MISSING"]
except KeyError as error: assert error.args == ("MISSING",)
""")
    assert [(call.target, call.value, call.is_set, bool(call.digest)) for call in calls] == [
        ("TRAIN_LR", "0.02", True, True),
        ("API_KEY", None, True, False),
        ("WHO", None, True, True),
        ("NOT_SET", None, False, True),
        ("MISSING", None, False, True),
    ]
    assert "s3cret" not in "".join(call.model_dump_json() for call in calls)
    for number in range(30):
        monkeypatch.setenv(f"NUMBER_{number}", "1")
    assert [call.target for call in run("import os\ndict(os.environ)")] == ["*"]


def test_the_line_is_that_of_the_running_cell(run: Run) -> None:
    assert run("import time\ndef earlier():\n    return time.time()") == []
    calls = run("\ndef here():\n    return earlier(), time.monotonic()\n\nhere()")
    assert brief(calls) == [("clock", "time.time", 3, "", 1), ("clock", "time.monotonic", 3, "", 1)]


def test_the_library_in_between_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import os, time\nnow = time.time()\ndef read(): return os.getpid()\n")
    calls = run("import logging, beside\nbeside.read()\nlogging.getLogger('x').warning('hello')")
    del sys.modules["beside"]
    assert ("clock", "time.time", 1, "beside", 1) in brief(calls)
    assert ("pid", "os.getpid", 2, "beside", 1) in brief(calls)
    assert ("clock", "time.time", 3, "logging", 1) in brief(calls)


def test_threads_of_the_notebook_are_seen_and_those_of_others_are_not(run: Run) -> None:
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            time.time()
            os.getpid()

    calls: list[Call] = []
    other = threading.Thread(target=busy)
    other.start()
    calls = run("import threading, time\nt = threading.Thread(target=lambda: time.time())\nt.start(); t.join()")
    stop.set()
    other.join()
    assert [(call.kind, call.line, call.count) for call in calls] == [("thread", 3, 1), ("clock", 2, 1)]


def test_places_that_call_often_are_counted_and_kinds_are_bounded(run: Run, tmp_path: Path) -> None:
    [call] = run("import time\nfor _ in range(100_000): time.perf_counter()")
    assert (call.count, call.line) == (100_000, 2)
    (tmp_path / "x").mkdir()
    calls = run("import os\nfor k in range(500): os.path.exists(f'{k}')\nos.listdir('x')")
    assert [call.kind for call in calls].count("exists") == 64
    assert calls[-1].kind == "listing"


def test_nothing_is_noted_while_no_cell_runs_and_everything_can_be_undone(run: Run) -> None:
    run("import time")
    assert time.time is not unwrapped(time.time)
    assert time.time() > 0
    assert run("") == []
    uninstall()
    assert time.time is unwrapped(time.time)
    assert os.listdir is unwrapped(os.listdir)
    assert os._Environ.__getitem__.__module__ == "os"  # noqa: SLF001  # what was replaced


def test_errors_and_interrupts_reach_the_cell(run: Run) -> None:
    with pytest.raises(FileNotFoundError, match="gone"):
        run("import os\nos.listdir('gone')")
    with pytest.raises(TypeError):
        run("import time\ntime.time(1)")

    class Interrupting:
        def __fspath__(self) -> str:
            raise KeyboardInterrupt

    sys.modules["builtins"].__dict__["interrupting"] = Interrupting()
    try:
        with pytest.raises(KeyboardInterrupt):
            run("import os\nos.listdir(interrupting)")
    finally:
        del sys.modules["builtins"].__dict__["interrupting"]
    # The thread is not taken to be noting still.
    assert brief(run("import os\nos.getpid()")) == [("pid", "os.getpid", 2, "", 1)]


def test_paths_of_the_user_run_no_code_twice_and_may_fail(run: Run) -> None:
    run("""
import os
class Path:
    asked = 0
    def __fspath__(self):
        Path.asked += 1
        if Path.asked > 1: raise RuntimeError("asked again")
        return "."
found = os.listdir(Path())
""")
    assert run("assert found == os.listdir()") != []


def test_recursion_and_collection(run: Run) -> None:
    gc.collect()
    with pytest.raises(RecursionError):
        run("import time\ndef f(): time.time(); f()\nf()")
    [call] = run("import os\nclass A:\n    def __del__(self): os.getpid()\nA()")
    assert (call.kind, call.line) == ("pid", 3)


def test_a_digest_is_that_of_the_answer(run: Run) -> None:
    [call] = run("import os\nn = os.cpu_count()")
    assert (call.value, call.digest) == (str(os.cpu_count()), blake3(f"{os.cpu_count()}\n".encode()).hexdigest())
