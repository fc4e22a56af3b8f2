from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from watching import Servers, until

from reprobook.errors import ParameterError
from reprobook.execute import RunEvent, RunOptions, run_notebook
from reprobook.execute.preparation import prepare
from reprobook.execute.warm import WarmServer, warm_server
from reprobook.runs import RunFolder, Store

Write = Callable[..., Path]
WARM = RunOptions(kernel="warm", seed=7)
# The process that a cell runs in, and its parent: the server.
WHERE = "import os\nimport reprobook as rb\nrb.log(me=os.getpid(), server=os.getppid())"
ASLEEP = "import subprocess, time\nchild = subprocess.Popen(['sleep', '600'])\nopen('child', 'w').write(str(child.pid))"
SLEEP = "time.sleep(600)"


def warm(path: Path, store: Store, options: RunOptions = WARM) -> tuple[RunFolder, list[RunEvent]]:
    events: list[RunEvent] = []
    return run_notebook(path, store, options, events.append), events


def notes(events: list[RunEvent]) -> str:
    return " ".join(event.text for event in events if event.kind == "note")


def started(path: Path, store: Store, *words: str) -> subprocess.Popen[str]:
    """Start a warm run by the command line, and wait until its last cell is at work."""
    command = [sys.executable, "-m", "reprobook", "run", str(path), "--kernel", "warm", "--seed", "7", *words]
    process = subprocess.Popen(
        [*command, "--store", str(store.root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until(lambda: (path.parent / "child").exists() and (path.parent / "child").read_text(), "the cell runs")
    return process


def child_of(path: Path) -> int:
    return int((path.parent / "child").read_text())


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_runs_are_forked_from_one_server_and_are_what_cold_runs_are(
    servers: Servers, write: Write, store: Store
) -> None:
    path = write(
        "x = 3\ny = x + 1", "import random\nimport reprobook as rb\nrb.log(r=random.random())\nprint({1, 'a'})", WHERE
    )
    first, events = warm(path, store)
    again, _ = warm(path, store)
    assert [event.kind for event in events] == ["note", "started", "cell", "cell", "cell", "ended"]
    assert events[1].text == first.run_id
    assert again.check_integrity().status == "succeeded"
    a, b = first.read_record().metrics, again.read_record().metrics
    assert a["server"] == b["server"]
    assert a["server"] in {each.pid for each in servers.alive()}
    assert len({a["me"], b["me"], os.getpid()}) == 3
    cold = run_notebook(path, store, replace(WARM, kernel="cold"))
    assert cold.read_record().recipe_digest == first.read_record().recipe_digest
    assert cold.read_record().metrics["r"] == a["r"]
    assert [cell["outputs"] for cell in outputs(cold)][:2] == [cell["outputs"] for cell in outputs(first)][:2]


def outputs(run: RunFolder) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads(run.executed.read_bytes())["cells"]
    return cells


def test_what_goes_wrong_is_told_as_it_is_of_a_cold_run(servers: Servers, write: Write, store: Store) -> None:
    del servers
    failed, _ = warm(write("a = 1", "1 / 0", "b = 2"), store)
    error = failed.read_record().error
    assert error is not None
    assert (error.cell, error.ename, failed.read_record().status) == (1, "ZeroDivisionError", "failed")
    with pytest.raises(ParameterError) as told:
        warm(write("a = 1"), store, replace(WARM, texts={"nonsense": "1"}))
    assert told.value.hint


def test_a_process_that_dies_in_a_cell_leaves_a_failed_run(servers: Servers, write: Write, store: Store) -> None:
    del servers
    run, _ = warm(write("import reprobook as rb\nrb.log(loss=0.5)", "import os\nos._exit(3)", "c = 3"), store)
    record = run.check_integrity()
    assert record.status == "failed"
    assert record.error is not None
    assert (record.error.ename, record.error.cell) == ("DeadKernelError", 1)
    assert record.metrics == {"loss": 0.5}
    cells = json.loads(run.executed.read_bytes())["cells"]
    assert [cell["execution_count"] for cell in cells] == [1, None, None]


def test_a_thread_that_never_ends_does_not_hold_up_its_run(servers: Servers, write: Write, store: Store) -> None:
    run, _ = warm(write("import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()"), store)
    assert run.check_integrity().status == "succeeded"
    assert not servers.forks()


def test_an_unseeded_run_draws_numbers_of_its_own(servers: Servers, write: Write, store: Store) -> None:
    del servers
    path = write("import random, numpy\nimport reprobook as rb\nrb.log(a=random.random(), b=numpy.random.rand())")
    found = [warm(path, store, RunOptions(kernel="warm"))[0].read_record().metrics for _ in range(2)]
    assert found[0]["a"] != found[1]["a"]
    assert found[0]["b"] != found[1]["b"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_is_recorded_and_leaves_nothing(
    number: signal.Signals, servers: Servers, write: Write, store: Store
) -> None:
    path = write(ASLEEP, SLEEP)
    process = started(path, store)
    process.send_signal(number)
    _, said = process.communicate(timeout=90)
    assert process.returncode == 130, said
    assert [record.status for record in store.records()] == ["interrupted"]
    until(lambda: gone(child_of(path)), "the cell's own process has ended")
    until(lambda: not servers.forks(), "the fork has ended")


def test_a_second_ctrl_c_kills_what_ignores_the_first(servers: Servers, write: Write, store: Store) -> None:
    stubborn = """open('working', 'w').close()
while True:
    try:
        time.sleep(600)
    except BaseException:
        open('caught', 'w').close()"""
    path = write(ASLEEP, stubborn)
    process = started(path, store)
    until((path.parent / "working").exists, "the last cell is at work")
    process.send_signal(signal.SIGINT)
    until((path.parent / "caught").exists, "the cell caught it")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=90)
    assert process.returncode == 130, said
    assert [record.status for record in store.records()] == ["interrupted"]
    until(lambda: gone(child_of(path)), "the cell's own process has ended")
    assert not servers.forks()


def test_with_its_requester_killed_a_run_ends_recorded(servers: Servers, write: Write, store: Store) -> None:
    path = write(ASLEEP, SLEEP)
    process = started(path, store)
    process.kill()
    process.wait()
    until(lambda: gone(child_of(path)), "the cell's own process has ended")
    until(lambda: not servers.forks(), "the fork has ended")
    assert [record.status for record in store.records()] == ["interrupted"]


def test_with_its_server_killed_a_run_dies_and_the_next_has_a_new_server(
    servers: Servers, write: Write, store: Store
) -> None:
    path = write(ASLEEP, SLEEP)
    process = started(path, store)
    forks = servers.forks()
    (server,) = [each.parent() for each in forks]
    server.kill()
    process.communicate(timeout=90)
    assert process.returncode == 138
    assert [record.status for record in store.records()] == ["failed"]
    until(lambda: all(gone(each.pid) for each in forks), "the fork has ended")
    until(lambda: gone(child_of(path)), "the cell's own process has ended")
    assert warm(write("a = 1"), store)[0].read_record().status == "succeeded"
    assert server.pid not in {each.pid for each in servers.alive()}


def test_a_private_server_ends_with_its_owner(servers: Servers, write: Write, store: Store) -> None:
    path = write(ASLEEP, SLEEP)
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from reprobook.execute import RunOptions\nfrom reprobook.runs import Store\n"
        "from reprobook.execute.warm import warm_server\n"
        "with warm_server() as server:\n"
        "    server.run(Path(sys.argv[1]), Store(Path(sys.argv[2])), RunOptions(seed=7))\n"
    )
    shared = {each.pid for each in servers.alive()}
    owner = subprocess.Popen([sys.executable, "-c", script, str(path), str(store.root)])
    until(lambda: (path.parent / "child").exists() and (path.parent / "child").read_text(), "the cell runs")
    (own,) = [each for each in servers.alive() if each.pid not in shared]
    owner.kill()
    owner.wait()
    until(lambda: gone(own.pid), "the server has ended")
    until(lambda: gone(child_of(path)), "the cell's own process has ended")
    assert [record.status for record in store.records()] == ["interrupted"]
    assert not list(servers.folder.glob("reprobook-warm/own-*"))


def test_a_private_server_runs_several_at_a_time_and_ends_with_its_block(
    servers: Servers, write: Write, store: Store
) -> None:
    shared = {each.pid for each in servers.alive()}
    path = write(WHERE)
    with warm_server(env={"A_VARIABLE": "b"}) as server:
        runs = [server.start(path, store, WARM) for _ in range(3)]
        metrics = [each.result().read_record().metrics for each in runs]
        assert len({each["server"] for each in metrics}) == 1
        assert len({each["me"] for each in metrics}) == 3
        stopped = server.start(write("import time\ntime.sleep(600)"), store, WARM)
        while stopped.run_id is None:
            stopped.events()
        stopped.interrupt()
        with pytest.raises(KeyboardInterrupt):
            stopped.result()
        assert store.folder(stopped.run_id).read_record().status == "interrupted"
    assert {each.pid for each in servers.alive()} == shared


def test_a_server_that_was_started_early_is_the_one_that_runs_are_forked_from(
    servers: Servers, write: Write, store: Store
) -> None:
    shared = {each.pid for each in servers.alive()}
    path = write(WHERE)
    with warm_server() as server:
        server.warm_up(prepare(path, WARM), WARM)
        (early,) = [each for each in servers.alive() if each.pid not in shared]
        assert server.run(path, store, WARM).read_record().metrics["server"] == early.pid
    assert {each.pid for each in servers.alive()} == shared


def test_a_server_that_nobody_needed_is_not_waited_for_and_leaves_nothing(servers: Servers, write: Write) -> None:
    shared = {each.pid for each in servers.alive()}
    with warm_server() as server:
        server.warm_up(prepare(write(WHERE), WARM), WARM)
        (early,) = [each for each in servers.alive() if each.pid not in shared]
    assert gone(early.pid)
    assert not list(servers.folder.glob("reprobook-warm/own-*"))


def test_an_idle_server_ends_and_leaves_nothing(
    servers: Servers, write: Write, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.kill()
    monkeypatch.setenv("REPROBOOK_WARM_IDLE", "0.2")
    warm(write("a = 1"), store)
    until(lambda: not servers.alive(), "the server has ended")
    assert [path.name for path in (servers.folder / "reprobook-warm").iterdir()] == ["lock"]


def test_a_run_is_cold_and_says_why_where_a_fork_would_not_do(
    servers: Servers, write: Write, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del servers
    path = write("a = 1")
    (tmp_path / "psutil.py").write_text("")
    assert "module of its own called 'psutil'" in notes(warm(path, store, replace(WARM, cwd=tmp_path))[1])
    (tmp_path / "psutil.py").unlink()
    customized = tmp_path / "customized"
    customized.mkdir()
    (customized / "sitecustomize.py").write_text(
        "import sys, threading, time\n"
        "if 'reprobook.execute.warm.process' in sys.orig_argv:\n"
        "    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(customized))
    run, events = warm(path, store)
    assert "left threads alive" in notes(events)
    assert run.read_record().status == "succeeded"


def test_a_replay_without_a_fixed_hash_seed_is_cold(servers: Servers, write: Write, store: Store) -> None:
    del servers
    events: list[RunEvent] = []
    with warm_server(private=False) as server:
        server.run(write("a = 1"), store, RunOptions(kind="replay"), events.append)
    assert "hash seed of its own" in notes(events)


def test_a_folder_that_others_may_enter_is_not_used(
    write: Write, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "reprobook-warm").mkdir(mode=0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"reprobook-warm-{os.getuid()}").mkdir(mode=0o755)
    events: list[RunEvent] = []
    WarmServer().run(write("a = 1"), store, WARM, events.append)
    assert "not a folder of this user's own" in notes(events)


def test_nothing_that_a_cell_started_outlives_a_warm_run(servers: Servers, write: Write, store: Store) -> None:
    del servers
    leaves = "import subprocess\nchild = subprocess.Popen(['sleep', '600'], start_new_session=True)"
    path = write(leaves, "open('child', 'w').write(str(child.pid))")
    run, _ = warm(path, store)
    assert run.read_record().status == "succeeded"
    until(lambda: gone(child_of(path)), "the process has ended")


def test_a_cell_that_replaces_what_records_are_written_with_spoils_none(
    servers: Servers, write: Write, store: Store
) -> None:
    del servers
    spoil = "import json, os\njson.dumps = lambda *a, **k: 'x'\nos.replace = json.loads = None"
    run, events = warm(write("import reprobook as rb", spoil, "rb.log(loss=0.5)"), store)
    assert run.check_integrity().metrics == {"loss": 0.5}
    assert json.loads(run.executed.read_bytes())["nbformat"] == 4
    assert [event.cell for event in events if event.kind == "cell"] == [0, 1, 2]
