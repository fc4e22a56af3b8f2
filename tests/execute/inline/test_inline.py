from __future__ import annotations

import builtins
import gc
import json
import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import InteractiveShell

from reprobook.ambient import Pins
from reprobook.execute import RunEvent, RunOptions, read_trace, run_notebook
from reprobook.execute.inline import needs_kernel
from reprobook.notebook import read_notebook

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprobook.runs import RunFolder, Store

    Run = Callable[..., RunFolder]
    Write = Callable[..., Path]


@pytest.fixture
def inline(run: Run) -> Run:
    """Run code cells in this process."""
    return lambda *cells, **options: run(*cells, kernel="inline", **options)


def cells_of(folder: RunFolder) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(folder.executed.read_bytes())["cells"]
    return cells


def text_of(folder: RunFolder, index: int, name: str = "stdout") -> str:
    outputs = cells_of(folder)[index]["outputs"]
    return "".join("".join(output["text"]) for output in outputs if output.get("name") == name)


def test_a_release_of_ipykernel_that_knows_less_runs_cells_too(inline: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_cell(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a cell as ipykernel 7.0 does, which Binder has."""
        self._last_traceback = None
        return InteractiveShell.run_cell(self, *args, **kwargs)

    monkeypatch.setattr(ZMQInteractiveShell, "run_cell", run_cell)
    assert inline("x = 1", "print(x)").read_record().status == "succeeded"
    error = inline("1 / 0").read_record().error
    assert error is not None
    assert error.ename == "ZeroDivisionError"


def test_an_interrupt_that_comes_as_a_cell_begins_is_not_lost(run: Run, store: Store) -> None:
    early = "import os, signal\nevents = get_ipython().events\n"
    early += "events.register('pre_run_cell', lambda info: os.kill(os.getpid(), signal.SIGINT))"
    with pytest.raises(KeyboardInterrupt):
        run(early, "open('ran.txt', 'w').close()\n__import__('time').sleep(60)", kernel="inline")
    (record,) = store.records()
    assert record.status == "interrupted"
    assert not (Path(record.notebook).parents[3] / "ran.txt").exists()


def test_a_timeout_ends_the_cell_as_in_a_kernel(run: Run) -> None:
    cells = ("import time", "print('begun')\ntime.sleep(60)", "y = 2")
    ours, theirs = run(*cells, timeout=1, kernel="inline"), run(*cells, timeout=1)
    for folder in (ours, theirs):
        error = folder.read_record().error
        assert error is not None
        assert (error.cell, error.ename) == (1, "CellTimeoutError")
        interrupted = read_trace(folder).cells[-1]
        assert (interrupted.index, interrupted.error and interrupted.error.ename) == (1, "KeyboardInterrupt")
        statuses = [cell["metadata"]["papermill"]["status"] for cell in cells_of(folder)]
        assert statuses == ["completed", "failed", "pending"]
        assert text_of(folder, 1) == "begun\n"
        assert [output.get("ename") for output in cells_of(folder)[1]["outputs"]] == [None, "KeyboardInterrupt"]
    assert ours.read_record().error == theirs.read_record().error


@pytest.mark.parametrize(
    "cell",
    [
        "while True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        break",
        "import asyncio\nawait asyncio.sleep(60)",
        "import subprocess\nsubprocess.run(['sleep', '60'])",
        "try:\n    time.sleep(60)\nfinally:\n    print('cleaned up')",
    ],
)
def test_a_cell_that_catches_or_awaits_is_ended_too(inline: Run, cell: str) -> None:
    record = inline("import time", cell, "y = 2", timeout=1).read_record()
    assert record.error is not None
    assert (record.error.cell, record.error.ename) == (1, "CellTimeoutError")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_cell_within_its_time_is_left_alone(inline: Run) -> None:
    assert inline("import time; time.sleep(0.1)", "x = 1", timeout=30).read_record().status == "succeeded"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("wait", ["time.sleep(60)", "await asyncio.sleep(60)"])
def test_a_signal_records_the_run_as_interrupted(write: Write, store: Store, number: int, wait: str) -> None:
    marker = store.root.parent / "marker"
    path = write("import asyncio, time", f"open({str(marker)!r}, 'w').write('here')\n{wait}", "y = 2")
    code = (
        "import signal, sys; from pathlib import Path; from reprobook.runs import Store\n"
        "from reprobook.execute import RunOptions, run_notebook\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "run_notebook(Path(sys.argv[1]), Store(Path(sys.argv[2])), RunOptions(kernel='inline'))"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path), str(store.root)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(timeout=30)
    (record,) = store.records()
    assert record.status == "interrupted"
    folder = store.folder(record.run_id)
    assert [cell.index for cell in read_trace(folder).cells][:1] == [0]
    assert [c["metadata"]["papermill"]["status"] for c in cells_of(folder)] == ["completed", "failed", "pending"]


_THEN_STOPS = """
import sys; from pathlib import Path; from reprobook.runs import Store
from reprobook.execute import RunOptions, run_notebook
run_notebook(Path(sys.argv[1]), Store(Path(sys.argv[2])), RunOptions(kernel=sys.argv[3]))
{stops}
"""


@pytest.mark.parametrize("kernel", ["inline", "cold"])
@pytest.mark.parametrize(("stops", "code"), [("sys.exit(7)", 7), ("1 / 0", 1)])
def test_the_process_ends_with_its_own_status(write: Write, store: Store, kernel: str, stops: str, code: int) -> None:
    """Its status is how CI and `make` learn that something failed after the run: pytest among others."""
    script = [sys.executable, "-c", _THEN_STOPS.format(stops=stops), str(write("x = 1")), str(store.root), kernel]
    assert subprocess.run(script, capture_output=True, check=False).returncode == code
    assert [record.status for record in store.records()] == ["succeeded"]


def test_the_process_is_left_as_it_was_found(inline: Run, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("value = 1\n")
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the global generator is what must not move
    # Chosen once in this process; a notebook chooses for itself.
    multiprocessing.set_start_method("fork", force=True)
    before = state()
    folder = inline(
        "import os, sys, random, logging, warnings, signal, locale, decimal, builtins, numpy as np, beside",
        "os.chdir('/'); os.environ['LEFT'] = '1'; sys.path.append('/left'); sys.argv.append('left')",
        "random.seed(5); np.random.seed(5); np.seterr(all='ignore'); decimal.getcontext().prec = 3",
        "logging.basicConfig(level='DEBUG'); warnings.simplefilter('error'); sys.setrecursionlimit(5000)",
        "signal.signal(signal.SIGUSR1, signal.SIG_IGN); builtins.left = 1; sys.excepthook = print",
        "import multiprocessing; multiprocessing.set_start_method('spawn')",
        "sys.stdout = open('/dev/null', 'w'); signal.signal(signal.SIGINT, signal.SIG_IGN)",
        seed=3,
    )
    assert folder.read_record().status == "succeeded", folder.read_record().error
    after = state()
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}


def state() -> dict[str, Any]:
    """Return what a notebook could have changed in this process."""
    return {
        "cwd": Path.cwd(),
        "environ": dict(os.environ) | {"PYTEST_CURRENT_TEST": ""},
        "path": list(sys.path),
        "argv": list(sys.argv),
        "main": sys.modules["__main__"],
        "streams": (sys.stdout, sys.stderr, sys.displayhook, sys.excepthook),
        "builtins": dict(vars(builtins)),
        "root": (logging.getLogger().level, list(logging.getLogger().handlers)),
        "filters": list(warnings.filters),
        "limit": sys.getrecursionlimit(),
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "random": random.getstate(),
        "numpy": (np.random.get_state()[1].tolist(), np.geterr()),  # noqa: NPY002 - see above
        "start method": multiprocessing.get_start_method(allow_none=True),
        "threads": threading.enumerate(),
        "local": "beside" in sys.modules,
        "descriptors": descriptors(),
    }


def descriptors() -> dict[str, str]:
    """Return what this process has open, without the listing itself."""
    gc.collect()
    paths = list(Path("/proc/self/fd").iterdir())
    return {path.name: str(path.readlink()) for path in paths if path.is_symlink()}


def test_trials_in_one_process_do_not_see_each_other(inline: Run, tmp_path: Path) -> None:
    module = tmp_path / "model.py"
    module.write_text("calls = []\nWIDTH = 1\n")
    cells = ("import model\nmodel.calls.append(1)", "len(model.calls), model.WIDTH, 'left' in globals()", "left = 1")
    first = inline(*cells)
    module.write_text("calls = []\nWIDTH = 22\n")
    second = inline(*cells)
    shown = [cells_of(folder)[1]["outputs"][0]["data"]["text/plain"] for folder in (first, second)]
    assert shown == [["(1, 1, False)"], ["(1, 22, False)"]]


def test_output_of_other_processes_is_kept_however_long(inline: Run) -> None:
    folder = inline("import os\nos.system('yes line | head -n 50000')", "print('next')")
    assert text_of(folder, 0) == "line\n" * 50000
    assert text_of(folder, 1) == "next\n"


def test_text_stands_in_the_order_in_which_it_was_written(inline: Run) -> None:
    folder = inline("import os\nfor i in range(3):\n    print('python', i)\n    os.system(f'echo shell {i}')")
    assert text_of(folder, 0) == "".join(f"python {i}\nshell {i}\n" for i in range(3))


def test_nothing_reaches_the_terminal(inline: Run, capfd: pytest.CaptureFixture[str]) -> None:
    inline(
        "print('shown')\nimport os, sys\nos.system('echo shell')\nprint('x', file=sys.stderr)",
        "sys.__stdout__.write('y')",
    )
    assert capfd.readouterr() == ("", "")


def test_progress_env_and_folder_are_those_asked_for(write: Write, store: Store, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    path = write("import os\nprint(os.getcwd(), os.environ['OUTER'])", "x = 1", "never = 1")
    events: list[RunEvent] = []
    os.environ["OUTER"] = "seen"
    try:
        folder = run_notebook(path, store, RunOptions(kernel="inline", cwd=place, stop_after=1), events.append)
    finally:
        del os.environ["OUTER"]
    assert text_of(folder, 0) == f"{place} seen\n"
    assert [event.cell for event in events if event.kind == "cell"] == [0, 1]
    assert [cell.index for cell in read_trace(folder).cells] == [0, 1]


def test_metrics_artifacts_and_parameters_are_recorded(inline: Run) -> None:
    folder = inline(
        ("lr = 0.1", ["parameters"]), "import reprobook as rb\nrb.log(loss=lr)\nrb.save('w', [lr])", values={"lr": 0.5}
    )
    assert folder.read_record().metrics == {"loss": 0.5}
    assert len(list(folder.artifacts.iterdir())) == 1
    folder.check_integrity()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import ipywidgets as w", "widgets"),
        ("from ipywidgets import IntSlider", "widgets"),
        ("from tqdm.auto import tqdm", "progress bars"),
        ("from tqdm import notebook", "progress bars"),
        ("%matplotlib widget", "widgets"),
        ("x = 1\n%gui qt5", "window"),
        ("get_ipython().kernel.do_shutdown(True)", "kernel"),
        ("breakpoint()", "type"),
        ("import pdb; pdb.set_trace()", "type"),
        ("import plotly.graph_objects as go\ngo.FigureWidget()", "widgets"),
    ],
)
def test_what_needs_a_kernel_is_found_before_it_runs(source: str, reason: str) -> None:
    found = needs_kernel(notebook_of("x = 1", source))
    assert found is not None
    assert found.startswith("cell 1: ")
    assert reason in found


@pytest.mark.parametrize(
    "source",
    [
        "from tqdm import tqdm",
        "%matplotlib inline",
        "svm.kernel = 'rbf'\ngrid.kernel",
        "text = 'import ipywidgets'",
        "# import ipywidgets",
        "!pip install ipywidgets",
        "input('name?')",
        "def broken(:",
    ],
)
def test_what_runs_anywhere_needs_none(source: str) -> None:
    assert needs_kernel(notebook_of(source)) is None


def notebook_of(*sources: str) -> Any:
    cells = [
        {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for source in sources
    ]
    content = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    return read_notebook(json.dumps(content).encode(), "nb.ipynb")


@pytest.mark.parametrize(
    ("cell", "options"),
    [
        ("import ipywidgets\nx = 1", {}),
        ("x = 1", {"pins": Pins(clock=True)}),
        ("x = 1", {"pins": Pins(environment={"TZ": "Asia/Tokyo"})}),
    ],
)
def test_what_one_process_cannot_do_runs_in_a_kernel_and_says_so(
    write: Write, store: Store, cell: str, options: dict[str, Any]
) -> None:
    events: list[RunEvent] = []
    folder = run_notebook(write(cell), store, RunOptions(kernel="inline", **options), events.append)
    assert folder.read_record().status == "succeeded"
    (note,) = [event.text for event in events if event.kind == "note"]
    assert note.startswith("in a kernel of its own: ")


def test_the_threads_of_libraries_are_those_asked_for(inline: Run) -> None:
    pins = Pins(environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
    import torch  # noqa: PLC0415 - the library is there before the run, which is the point

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        folder = inline("import torch\nprint(torch.get_num_threads())", pins=pins)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert text_of(folder, 0) == "1\n"


def test_another_thread_can_run_notebooks_too(inline: Run) -> None:
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(inline("x = 1\nprint(x)").read_record().status))
    thread.start()
    thread.join()
    assert found == ["succeeded"]
