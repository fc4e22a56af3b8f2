from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reprobook.errors import InputError, NotebookError, ParameterError
from reprobook.execute import RunEvent, RunOptions, read_trace, replay_run, run_notebook
from reprobook.header import Code, Header, Origin, seal
from reprobook.runs import NewRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from reprobook.runs import RunFolder, Store

    Run = Callable[..., RunFolder]
    Write = Callable[..., Path]

PARAMETERS = ("lr = 0.1\nepochs = 2\nwarmup = lr * 10", ["parameters"])
TRAINING = "import reprobook as rb, random\nfor e in range(epochs):\n    rb.log(loss=random.random() * lr, step=e)"


def test_a_run_leaves_every_file_of_the_contract(run: Run) -> None:
    folder = run(PARAMETERS, TRAINING, seed=3)
    record = folder.check_integrity()
    assert record.status == "succeeded"
    assert record.parameters == {"lr": 0.1, "epochs": 2}
    assert set(record.metrics) == {"loss"}
    names = {path.name for path in folder.path.iterdir()}
    assert names >= {"header.json", "run.json", "source.ipynb", "executed.ipynb", "trace.json", "metrics.jsonl"}
    assert "pylock.reprobook.toml" in names


def test_the_same_recipe_gives_both_digests_again_and_another_seed_neither(run: Run, monkeypatch: Any) -> None:
    first = run(PARAMETERS, TRAINING, seed=7, values={"lr": 0.05}).read_record()
    monkeypatch.setenv("AN_UNRELATED_VARIABLE", "x")
    again = run(PARAMETERS, TRAINING, seed=7, values={"lr": 0.05}).read_record()
    other = run(PARAMETERS, TRAINING, seed=8, values={"lr": 0.05}).read_record()
    assert (first.recipe_digest, first.result_digest) == (again.recipe_digest, again.result_digest)
    assert other.recipe_digest != first.recipe_digest
    assert other.result_digest != first.result_digest


def test_without_a_seed_nothing_is_seeded(run: Run) -> None:
    first, second = (run(PARAMETERS, TRAINING).read_record() for _ in range(2))
    assert first.seed is None
    assert first.recipe_digest == second.recipe_digest
    assert first.result_digest != second.result_digest


def test_an_override_reaches_what_is_derived_from_it(run: Run) -> None:
    folder = run(PARAMETERS, "import reprobook as rb\nrb.log(warmup=warmup)", values={"lr": 0.5})
    assert folder.read_record().metrics == {"warmup": 5.0}


def test_the_seed_option_sets_a_parameter_of_that_name(run: Run) -> None:
    folder = run(("seed = 0", ["parameters"]), "print('s:', 1)\nseed", seed=9)
    assert folder.read_record().parameters == {"seed": 9}
    assert folder.read_record().metrics["seed"] == 9


def test_the_notebooks_own_init_gives_the_seed(run: Run) -> None:
    folder = run("%load_ext reprobook\n%reprotrain init --name mine --seed 5 --deterministic", "import random", "1")
    record, header = folder.read_record(), folder.read_header()
    assert record.status == "succeeded", record.error
    assert (record.seed, record.name, header.seeds.deterministic) == (5, "mine", True)


def test_shown_numbers_are_metrics_where_nothing_is_logged(run: Run) -> None:
    folder = run("acc = 0.5", "print('loss: 0.25')\nacc", "{'f1': 0.75}")
    assert folder.read_record().metrics == {"loss": 0.25, "acc": 0.5, "f1": 0.75}


def test_a_replay_of_a_run_equals_it(run: Run, store: Store) -> None:
    folder = run(PARAMETERS, TRAINING, seed=7, values={"epochs": 3})
    replay = replay_run(folder, store)
    assert replay.read_record().kind == "replay"
    assert replay.read_record().parent == folder.run_id
    assert replay.read_record().result_digest == folder.read_record().result_digest
    assert [c.writes for c in read_trace(replay).cells] == [c.writes for c in read_trace(folder).cells]


def test_the_copy_in_the_store_is_no_notebook_of_a_replay(store: Store) -> None:
    live = store.create(NewRun(kind="live"))
    live.write_header(seal(Header(code=Code(cells=()), origin=Origin(created="2026-11-21T00:00:00Z"))))
    cell = {"cell_type": "code", "id": "a", "source": "x = 1", "metadata": {}, "outputs": [], "execution_count": None}
    live.source.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    live.seal(status="succeeded")
    replay = replay_run(live, store).read_record()
    assert (replay.status, replay.source) == ("succeeded", None)


def test_a_raising_cell_fails_the_run_and_names_itself(run: Run) -> None:
    folder = run("x = 1", "x / 0", "y = 2")
    record = folder.read_record()
    assert record.status == "failed"
    assert record.error is not None
    assert (record.error.cell, record.error.ename) == (1, "ZeroDivisionError")
    assert [cell.index for cell in read_trace(folder).cells] == [0, 1]
    assert statuses(folder) == ["completed", "failed", "pending"]


def test_a_cell_that_may_raise_does_not_fail_the_run(run: Run) -> None:
    assert run(("1 / 0", ["raises-exception"]), "x = 1").read_record().status == "succeeded"


@pytest.mark.parametrize(("code", "status"), [("3", "failed"), ("0", "succeeded"), ("", "succeeded")])
def test_sys_exit_is_the_status_of_the_run(run: Run, code: str, status: str) -> None:
    assert run(f"import sys; sys.exit({code})").read_record().status == status


def test_a_dead_kernel_is_never_called_completed(run: Run) -> None:
    folder = run("x = 1", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "y = 2")
    record = folder.read_record()
    assert record.status == "failed"
    assert record.error is not None
    assert (record.error.cell, record.error.ename) == (1, "DeadKernelError")
    assert statuses(folder) == ["completed", "failed", "pending"]
    assert [cell.index for cell in read_trace(folder).cells] == [0]


def test_a_timeout_is_never_called_completed(run: Run) -> None:
    folder = run("import time", "time.sleep(60)", "y = 2", timeout=1)
    record = folder.read_record()
    assert record.error is not None
    assert (record.status, record.error.cell, record.error.ename) == ("failed", 1, "CellTimeoutError")
    assert statuses(folder) == ["completed", "failed", "pending"]


def test_input_is_refused_with_its_cell(run: Run) -> None:
    record = run("name = input()").read_record()
    assert record.status == "failed"
    assert record.error is not None
    assert record.error.ename == "StdinNotImplementedError"
    assert "parameter" in record.error.hint


def test_a_syntax_error_fails_at_its_cell(run: Run) -> None:
    record = run("x = 1", "def broken(:").read_record()
    assert record.error is not None
    assert (record.error.cell, record.error.ename) == (1, "SyntaxError")


def test_markdown_only_and_no_cells_succeed(run: Run, write: Write, store: Store) -> None:
    assert run().read_record().status == "succeeded"
    cells = [{"cell_type": "markdown", "id": "m", "metadata": {}, "source": "# Title"}]
    assert run_notebook(write(cells=cells), store, RunOptions()).read_record().status == "succeeded"


def test_nbformat_4_4_without_ids_runs(write: Write, store: Store) -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": ["x = 1\n", "x"], "outputs": [], "execution_count": None}
    path = write(cells=[cell], nbformat_minor=4)
    assert run_notebook(path, store, RunOptions()).read_record().metrics == {"x": 1}


@pytest.mark.parametrize(
    "name", ["ünï cödé 🚀.ipynb", "{x.__class__}.ipynb", "a'b\"c $(d).ipynb", "-n.ipynb", "%s.ipynb"]
)
def test_any_file_name_is_taken_verbatim(run: Run, name: str) -> None:
    assert run("x = 1", name=name).read_record().status == "succeeded"


def test_the_source_notebook_is_left_byte_for_byte(write: Write, store: Store) -> None:
    path = write(PARAMETERS, TRAINING)
    before = path.read_bytes()
    folder = run_notebook(path, store, RunOptions(values={"lr": 0.2}, output=path.with_name("out.ipynb")))
    assert path.read_bytes() == before == folder.source.read_bytes()
    assert path.with_name("out.ipynb").read_bytes() == folder.executed.read_bytes()


@pytest.mark.parametrize("values", [{"lrr": 1.0}, {"lr": "fast"}, {"epochs": 1.5}])
def test_wrong_parameters_leave_no_run(write: Write, store: Store, values: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        run_notebook(write(PARAMETERS), store, RunOptions(values=values))
    assert store.records() == []


def test_what_cannot_be_read_leaves_no_run(tmp_path: Path, store: Store, write: Write) -> None:
    with pytest.raises(NotebookError):
        run_notebook(tmp_path / "missing.ipynb", store, RunOptions())
    with pytest.raises(InputError, match="working folder"):
        run_notebook(write("x = 1"), store, RunOptions(cwd=tmp_path / "nowhere"))
    assert store.records() == []


@pytest.mark.slow
def test_two_thousand_cells_run_and_are_all_recorded(run: Run) -> None:
    folder = run(*(f"x{i} = {i}" for i in range(2000)), "x1999")
    assert folder.read_record().metrics == {"x1999": 1999}
    assert [cell.index for cell in read_trace(folder).cells] == list(range(2001))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_records_the_run_as_interrupted_and_leaves_no_kernel(write: Write, store: Store, number: int) -> None:
    marker = store.root.parent / "pid"
    path = write("x = 1", f"import os, time\nopen({str(marker)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    code = (
        "import signal, sys; from pathlib import Path; from reprobook.runs import Store\n"
        "from reprobook.execute import RunOptions, run_notebook\n"
        # Whoever started the tests in the background has had SIGINT ignored, by them and by their children.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "run_notebook(Path(sys.argv[1]), Store(Path(sys.argv[2])), RunOptions())"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path), str(store.root)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (marker.exists() and marker.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(timeout=30)
    (record,) = store.records()
    assert record.status == "interrupted"
    assert not is_running(int(marker.read_text()))


def is_running(pid: int) -> bool:
    """Wait up to five seconds for a process to be gone."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.1)
    return True


def statuses(folder: RunFolder) -> list[str]:
    """Return what the executed notebook says of each code cell."""
    cells = json.loads(folder.executed.read_bytes())["cells"]
    return [cell["metadata"]["papermill"]["status"] for cell in cells if cell["cell_type"] == "code"]


def test_papermill_itself_finds_the_engine_and_its_statuses_are_true(write: Write, tmp_path: Path) -> None:
    path = write("x = 1", "import os; os._exit(1)", "y = 2")
    out = tmp_path / "out.ipynb"
    command = ["papermill", "--engine", "reprobook", "-k", "python3", "--no-progress-bar", str(path), str(out)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    cells = json.loads(out.read_bytes())["cells"]
    assert [cell["metadata"]["papermill"]["status"] for cell in cells] == ["completed", "failed", "pending"]


def test_metrics_are_reported_while_a_cell_goes_on(write: Write, store: Store) -> None:
    path = write("import reprobook as rb, time\nrb.log(loss=0.25)\ntime.sleep(3)\nrb.log(loss=0.125)")
    events: list[RunEvent] = []
    run_notebook(path, store, RunOptions(), events.append)
    texts = [event.text for event in events if event.kind == "metric"]
    assert texts[0] == "loss 0.25"
