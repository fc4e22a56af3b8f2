"""Imports that leave threads alive: no server forks with them, and they cost no run its warm kernel."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from test_runs import WARM, notes, warm
from test_same_bits import assert_same, both
from watching import Servers

from reprobook.execute import RunOptions
from reprobook.runs import Store

Write = Callable[..., Path]
THREADED = "import threading\nthreading.Thread(target=threading.Event().wait, name='pool', daemon=True).start()\n"
LOOK = """import os, threading
import reprobook as rb
threads = sorted(each.name for each in threading.enumerate())
rb.log(server=os.getppid(), pools=threads.count('pool'))"""


@pytest.fixture
def threaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that starts a thread as it is imported, with the name of one that servers import."""
    package = tmp_path / "packages" / "statsmodels"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(THREADED)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


@pytest.mark.usefixtures("threaded")
def test_a_package_that_starts_a_thread_is_left_to_the_forks_and_all_servers_know(
    servers: Servers, write: Write, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("import statsmodels\nimport numpy", "early = numpy.ones(2).sum()", LOOK)
    logs = {}
    for variable in ("first", "second"):
        monkeypatch.setenv("A_VARIABLE", variable)  # each has a server of its own
        run, events = warm(path, store)
        assert "no warm kernel" not in notes(events)
        metrics = run.read_record().metrics
        assert metrics["pools"] == 1
        server = psutil.Process(int(metrics["server"]))
        assert server in servers.alive()
        assert server.num_threads() == 1
        # What comes after such a package is imported beforehand nevertheless.
        assert any("numpy" in Path(each.path).parts for each in server.memory_maps())
        logs[variable] = log_of(server)
    assert "import statsmodels: it leaves threads alive" in logs["first"]
    assert "statsmodels" not in logs["second"]


def log_of(server: psutil.Process) -> str:
    """Return what a server printed."""
    return Path(f"/proc/{server.pid}/fd/1").readlink().read_text()


@pytest.mark.usefixtures("threaded")
def test_runs_with_such_a_package_are_the_same_cold_and_warm(servers: Servers, write: Write, store: Store) -> None:
    del servers
    path = write("import statsmodels\nimport numpy", "import random\nx = random.random() + numpy.random.rand()")
    assert_same(*both(path, store, RunOptions(seed=7)))


# In a process of its own: modules and threads are counted.
SHARING = """
import sys
from reprobook.execute.warm.preload import UnfitImportError, preload
names = [group.modules.keys() & {"numpy", "numpy.testing"} for group in preload(("import numpy",), {})]
assert names == [{"numpy"}], names
try:
    preload(("import statsmodels", "import numpy.testing"), {"import statsmodels": ["statsmodels", "numpy.testing"]})
except UnfitImportError as unfit:
    assert unfit.index == 1 and "shares modules" in unfit.reason
else:
    raise AssertionError
assert "statsmodels" not in sys.modules
"""


def test_what_shares_modules_with_such_a_package_is_left_to_the_forks_too(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        done = subprocess.run([sys.executable, "-c", SHARING], stdout=log, stderr=log, check=False)
    assert done.returncode == 0, (tmp_path / "log").read_text()


def test_pyarrow_has_no_thread_in_a_server_and_works_in_its_forks(
    servers: Servers, write: Write, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    look = "import os\nvariable = os.environ.get('JE_ARROW_MALLOC_CONF')"
    frame = "frame = pd.DataFrame({'text': ['a', 'b'], 'number': [1.5, 2.5]})\nframe.to_parquet('frame.parquet')"
    back = "back = pd.read_parquet('frame.parquet')\nprint(back.dtypes, pyarrow.array([1, None, 3]))\nback"
    path = write("import pandas as pd\nimport pyarrow", look, frame, back)
    cold, forked = both(path, store, RunOptions(seed=WARM.seed))
    assert_same(cold, forked)
    assert "jemalloc_bg_thd" not in {name for each in servers.alive() for name in thread_names(each)}


def thread_names(process: psutil.Process) -> list[str]:
    tasks = Path(f"/proc/{process.pid}/task")
    return [(each / "comm").read_text().strip() for each in tasks.iterdir()]
