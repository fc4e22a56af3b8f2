"""The executor on Ray: the same results as everywhere, whatever dies, and nothing left behind.

Starting Ray takes long, so the sessions are few and the tests look at much.
"""

from __future__ import annotations

import itertools
import os
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from comparing import results
from test_local import SLOW_CELL, SPACES, begun, release, start, wait_for

from reprobook.errors import InputError
from reprobook.execute import RunOptions
from reprobook.runs import Store
from reprobook.sweep.executor.parcel import pack_parcel, unpack_parcel
from reprobook.sweep.executor.port import ExecutorSettings, TaskKey, TrialEvent, TrialTask
from reprobook.sweep.executor.ray import RayExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reprobook.sweep.model import SweepEvent, SweepRecord

    Sweep = Callable[..., SweepRecord]
    Write = Callable[..., Path]

# Before Ray is imported: every Ray of these tests, and their driver, have the same key.
os.environ.setdefault("RAY_AUTH_MODE", "token")
os.environ.setdefault("RAY_AUTH_TOKEN", "0123456789abcdef" * 2)
pytest.importorskip("ray")

_numbers = itertools.count()
READS_FILES = """\
import helper, pathlib, time, reprobook as rb
table = pathlib.Path("data/table.txt").read_text()
for step in range(3):
    rb.log(loss=helper.scale(lr) + len(table) / (step + 1), step=step)
    time.sleep(0.2)"""


def left_over() -> list[psutil.Process]:
    """Return the processes of a Ray that this user's sweeps have started."""
    processes = psutil.process_iter(["cmdline"])
    return [each for each in processes if any("reprobook-ray-" in word for word in each.info["cmdline"] or [])]


def places() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob("reprobook-ray-*"))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayExecutor]:
    """One Ray on this machine."""
    log = tmp_path_factory.mktemp("ray") / "log"
    executor = RayExecutor(ExecutorSettings(jobs=2, kernel="cold", log=log))
    try:
        executor.__enter__()
    except InputError as error:
        skip_if_busy(error)
        raise
    yield executor
    executor.__exit__(None, None, None)


def skip_if_busy(error: Exception) -> None:
    """Skip a test where Ray's own processes do not find each other within the seconds that Ray gives them."""
    if "timed out during startup" in str(error):
        pytest.skip("the machine is too busy for Ray to start")


def submitted(session: RayExecutor, notebook: Path, store: Store, **options: Any) -> TaskKey:
    """Submit a run, and return its key: a worker remembers those that were cancelled."""
    key = TaskKey(next(_numbers), 0)
    task = TrialTask(
        key=key,
        notebook=notebook.read_bytes(),
        path=str(notebook),
        store=str(store.root),
        options=RunOptions(kernel="cold", parent="sweep", trial=key.number, **options),
    )
    session.submit(task)
    return key


def until(session: RayExecutor, kind: str) -> list[TrialEvent]:
    """Return the events up to the first of a kind."""
    found: list[TrialEvent] = []

    def seen() -> bool:
        found.extend(session.events(1.0))
        return any(event.kind == kind for event in found)

    wait_for(seen)
    return found


def test_a_run_comes_back_whole_and_its_metrics_live(session: RayExecutor, store: Store, write: Write) -> None:
    notebook = write("lr = 0.5\nwidth = 1", SLOW_CELL + "\nimport time\ntime.sleep(2)\nrb.save('w', [1, 2])")
    submitted(session, notebook, store, values={"width": 3})
    events = until(session, "metric")
    (record,) = store.records()
    assert record.status == "running"
    assert store.folder(record.run_id).last_metrics() == {"loss": 1.5}
    events += until(session, "ended")
    assert [event.kind for event in events if event.kind != "note"] == ["started", "metric", "ended"]
    run = store.folder(record.run_id)
    sealed = run.check_integrity()
    assert (sealed.status, sealed.metrics, sealed.parameters["width"]) == ("succeeded", {"loss": 1.5}, 3)
    assert sealed.sequence == record.sequence
    assert list(run.artifacts.iterdir())
    assert run.read_header().origin.folder == str(notebook.parent)


def test_a_task_that_is_cancelled_is_sealed_as_interrupted(session: RayExecutor, store: Store, write: Write) -> None:
    notebook = write("lr = 0.5\nwidth = 2", SLOW_CELL)
    (notebook.parent / "hold").touch()
    key = submitted(session, notebook, store)
    wait_for(lambda: session.events(0.2) is not None and begun(notebook))
    session.cancel(key)
    *_, ended = until(session, "ended")
    assert ended.status == "interrupted"
    assert store.folder(ended.run_id).check_integrity().status == "interrupted"


def test_a_task_whose_worker_is_killed_is_lost(session: RayExecutor, store: Store, write: Write) -> None:
    notebook = write("lr = 0.5\nwidth = 3", SLOW_CELL)
    (notebook.parent / "hold").touch()
    key = submitted(session, notebook, store)
    wait_for(lambda: session.events(0.2) is not None and begun(notebook))
    name = f"ray::trial {key.number}"
    (worker,) = [each for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [""])[0] == name]
    children = worker.children(recursive=True)
    worker.kill()
    *_, ended = until(session, "ended")
    assert ended.status == "lost"
    assert store.folder(ended.run_id).read_record().status == "interrupted"
    wait_for(lambda: not [each for each in children if each.is_running() and each.status() != psutil.STATUS_ZOMBIE])


def test_a_failing_notebook_fails_its_run_and_no_more(session: RayExecutor, store: Store, write: Write) -> None:
    submitted(session, write("lr = 0.5", "1 / 0"), store)
    *_, ended = until(session, "ended")
    assert (ended.status, ended.text.split(":")[0]) == ("failed", "ZeroDivisionError")
    record = store.folder(ended.run_id).check_integrity()
    assert record.error is not None
    assert record.error.cell == 1


@pytest.mark.slow
def test_the_values_are_those_of_the_inline_executor(sweep: Sweep, store: Store) -> None:
    inline = sweep(cache=False)
    try:
        on_ray = sweep(executor="ray", jobs=2, kernel="cold", cache=False)
    except InputError as error:
        skip_if_busy(error)
        raise
    assert results(on_ray) == results(inline)
    assert on_ray.status == "succeeded"
    assert {record.status for record in store.records()} == {"succeeded"}
    assert len(store.records()) == 2 * len(inline.trials)
    assert not left_over()
    assert not places()


@pytest.mark.slow
def test_a_node_that_dies_costs_its_trials_one_more_try(sweep: Sweep, write: Write, store: Store) -> None:
    from ray.cluster_utils import Cluster  # noqa: PLC0415 - takes seconds to import

    notebook = write("lr = 0.5", READS_FILES)
    (notebook.parent / "helper.py").write_text("def scale(x):\n    return 2 * x\n")
    (notebook.parent / "data").mkdir()
    (notebook.parent / "data" / "table.txt").write_text("12345")
    spaces = {"spaces": {"lr": parsed("uniform:0:1")}, "trials": 5, "cache": False, "threads": 1}
    inline = sweep(notebook, **spaces)
    try:
        cluster = Cluster(initialize_head=True, head_node_args=node_arguments())
        doomed = cluster.add_node(**node_arguments())
    except Exception as error:  # Ray raises no narrower one
        skip_if_busy(error)
        raise
    killed: list[str] = []

    def kill(event: SweepEvent) -> None:
        # From now on the notebook is another one: what the nodes see of it is what travelled.
        notebook.write_bytes(notebook.read_bytes() + b" ")
        if event.kind == "metric" and not killed and busy(doomed):
            killed.append(event.text)
            cluster.remove_node(doomed, allow_graceful=False)

    try:
        events = Listener(kill)
        on_ray = sweep(notebook, events, executor="ray", address=cluster.address, jobs=2, kernel="cold", **spaces)
    finally:
        cluster.shutdown()
    assert killed
    assert results(on_ray) == results(inline)
    again = [event.text for event in events if event.kind == "note" and "again" in event.text]
    statuses = [record.status for record in store.records(f"sweep == {on_ray.sweep_id!r}")]
    assert again
    assert statuses.count("succeeded") == 5
    assert statuses.count("interrupted") == len(statuses) - 5 <= len(again)
    for trial in on_ray.trials:
        assert store.folder(trial.run_id or "").read_header().origin.folder == str(notebook.parent)


def node_arguments() -> dict[str, Any]:
    """Return what a small node is started with; Ray waits only seconds for processes to choose ports of their own."""
    names = ("metrics_agent_port", "runtime_env_agent_port", "dashboard_agent_listen_port", "metrics_export_port")
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in names]
        ports = {name: each.getsockname()[1] for name, each in zip(names, sockets, strict=True)}
    return {"num_cpus": 1, "object_store_memory": 100 << 20, **ports}


class Listener(list[Any]):
    """A list of events that acts on each."""

    def __init__(self, act: Callable[[SweepEvent], None]) -> None:
        super().__init__()
        self._act = act

    def append(self, event: Any) -> None:
        super().append(event)
        self._act(event)


def busy(node: Any) -> bool:
    """Tell whether a node of a test cluster has a trial: a worker of its raylet that goes by the name of one."""
    raylets = [info.process.pid for infos in node.all_processes.values() for info in infos]
    children = [each for pid in raylets if psutil.pid_exists(pid) for each in psutil.Process(pid).children()]
    return any((each.cmdline() or [""])[0].startswith("ray::trial") for each in children)


def parsed(text: str) -> Any:
    from reprobook.space import parse_space  # noqa: PLC0415 - for this test alone

    return parse_space(text)


@pytest.mark.slow
def test_a_killed_driver_leaves_no_process_and_no_run_going_on(write: Write, store: Store) -> None:
    notebook = write("lr = 0.5\nwidth = 1", SLOW_CELL)
    process = start(notebook, *SPACES, "--executor", "ray", "--jobs", "2")
    try:
        wait_for(lambda: len(begun(notebook)) == 2)
        family = psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.wait()
    assert len(family) > 3
    wait_for(lambda: not [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE])
    wait_for(lambda: not left_over())
    assert {record.status for record in store.records()} == {"interrupted"}
    release(notebook)


def test_what_travels_is_what_the_cells_need(write: Write, store: Store, tmp_path: Path) -> None:
    notebook = write("lr = 0.5", READS_FILES)
    for name, text in {"helper.py": "import inner", "inner.py": "", "data/table.txt": "x", "other.txt": "no"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    task = TrialTask(key=TaskKey(0, 0), notebook=b"", path=str(notebook), store=str(store.root), options=RunOptions())
    task = with_notebook(task, notebook.read_bytes())
    parcel = pack_parcel(task)
    assert unpack_parcel(task, parcel, tmp_path / "unused") == task
    notebook.unlink()
    there = unpack_parcel(task, parcel, tmp_path / "there")
    names = {
        path.relative_to(tmp_path / "there").as_posix() for path in (tmp_path / "there").rglob("*") if path.is_file()
    }
    assert names == {"helper.py", "inner.py", "data/table.txt"}
    assert (there.options.cwd, there.options.origin) == (tmp_path / "there", tmp_path)


def test_more_than_may_travel_is_refused_with_the_largest_file(
    write: Write, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = write("lr = 0.5", "open('large.bin')")
    (tmp_path / "large.bin").write_bytes(bytes(2 << 20))
    monkeypatch.setenv("REPROBOOK_PARCEL_MB", "1")
    task = TrialTask(
        key=TaskKey(0, 0),
        notebook=notebook.read_bytes(),
        path=str(notebook),
        store=str(store.root),
        options=RunOptions(),
    )
    with pytest.raises(InputError, match=r"large\.bin"):
        pack_parcel(task)


@pytest.mark.parametrize(("address", "reason"), [("127.0.0.1:1", "no Ray cluster"), ("ray://x:1", "client protocol")])
def test_an_address_without_a_cluster_is_refused_with_a_hint(sweep: Sweep, address: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        sweep(executor="ray", address=address)
    assert caught.value.hint


def with_notebook(task: TrialTask, data: bytes) -> TrialTask:
    from dataclasses import replace  # noqa: PLC0415 - for one test alone

    return replace(task, notebook=data)
