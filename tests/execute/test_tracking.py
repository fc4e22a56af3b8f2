"""Runs that trackers are told of; the trackers themselves are tested in tests/track."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reprobook.errors import InputError
from reprobook.execute import RunEvent, RunOptions, run_notebook
from reprobook.execute.sending import send_run
from reprobook.execute.tracking import tracked
from reprobook.execute.warm import warm_server
from reprobook.runs import NewRun, RunFolder, Store
from reprobook.track import close_links

Write = Callable[..., Path]
Run = Callable[..., RunFolder]
CELLS = (
    "import reprobook as rb",
    "for epoch in range(3):\n    rb.log(loss=1 / (1 + epoch), step=epoch)\nrb.log(best=float('nan'))",
    "rb.save('model', {'weights': [1, 2]})",
)


@pytest.fixture(autouse=True)
def _close(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", "/nonexistent")
    monkeypatch.setenv("REPROBOOK_TRACK_SECONDS", "300")  # a busy machine is no failure
    yield
    close_links()


def scalars(folder: str | Path) -> dict[str, list[tuple[float, int]]]:
    """Return what TensorBoard reads."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    events = EventAccumulator(str(folder))
    events.Reload()
    return {n: [(e.value, e.step) for e in events.Scalars(n)] for n in events.Tags()["scalars"]}


def notes(store: Store, path: Path, **options: Any) -> tuple[RunFolder, list[str]]:
    """Run a notebook, and return the run with all notes."""
    events: list[RunEvent] = []
    run = run_notebook(path, store, RunOptions(**options), events.append)
    return run, [event.text for event in events if event.kind == "note"]


def test_all_trackers_are_told_of_a_run(store: Store, write: Write, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    run, said = notes(store, write(*CELLS), seed=7, track=("wandb", "mlflow", "tensorboard"))
    run.check_integrity()
    places = dict(note.split(": ", 1) for note in said)
    assert places.keys() == {"wandb", "mlflow", "tensorboard"}
    found = scalars(places["tensorboard"])
    assert found["loss"] == [(1, 0), (0.5, 1), (pytest.approx(1 / 3), 2)]
    uri, _, mlflow_id = places["mlflow"].partition(" run ")
    tracked = MlflowClient(tracking_uri=uri).get_run(mlflow_id)
    assert tracked.data.metrics["loss"] == 1 / 3
    assert tracked.data.params == {"seed": "7"}
    assert tracked.info.status == "FINISHED"
    assert tracked.data.tags["reprobook.run_id"] == run.run_id
    assert list(Path(places["wandb"]).glob("*.wandb"))
    # Beside the notebook there is nothing new.
    assert {path.name for path in tmp_path.iterdir()} == {"nb.ipynb", ".reprobook"}


def test_shown_metrics_and_failures_are_told_too(store: Store, write: Write) -> None:
    run, said = notes(store, write("print('accuracy: 0.75')", "1 / 0"), track=("tensorboard",))
    assert run.read_record().status == "failed"
    assert scalars(said[0].removeprefix("tensorboard: ")) == {"accuracy": [(0.75, 0)]}


def test_cells_that_run_in_this_process_are_told_too(store: Store, write: Write) -> None:
    run, said = notes(store, write(*CELLS), track=("tensorboard",), kernel="inline")
    assert run.read_record().status == "succeeded"
    assert scalars(said[0].removeprefix("tensorboard: "))["loss"][0] == (1, 0)


def test_a_fork_that_runs_cells_starts_no_tracker(store: Store, write: Write) -> None:
    said: list[str] = []

    def note(event: RunEvent) -> None:
        if event.kind == "note":
            said.append(event.text)

    options = RunOptions(track=("tensorboard",), kernel="warm")
    with warm_server() as server, tracked(store, options, note) as (untracked, told):
        assert untracked.track == ()
        run = server.run(write(*CELLS), store, untracked, told)
    assert run.read_record().status == "succeeded"
    assert scalars(said[-1].removeprefix("tensorboard: "))["loss"][0] == (1, 0)


def test_runs_of_a_group_are_filed_together_and_say_nothing(store: Store, write: Write) -> None:
    run, said = notes(store, write(*CELLS), track=("tensorboard",), group="sweep-7")
    assert said == []
    assert "loss" in scalars(store.root / "trackers" / "tensorboard" / "sweep-7" / run.run_id)


def test_a_tracker_that_fails_is_a_note(store: Store, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://user:secret@nowhere")
    run, said = notes(store, write(*CELLS), track=("mlflow", "tensorboard"))
    assert run.read_record().status == "succeeded"
    (problem,) = [note for note in said if note.startswith("mlflow: ")]
    assert problem.endswith(f"Send the run later: reprobook track sync {run.run_id} --to mlflow")
    assert "secret" not in problem
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    close_links()
    (report,) = send_run(run, ["mlflow"])
    assert report.problem == ""
    run.check_integrity()


def test_a_tracker_that_hangs_delays_by_a_bound_once(
    store: Store, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPROBOOK_TRACK_SECONDS", "2")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{silent.getsockname()[1]}")
        path = write("x = 1")
        run, said = notes(store, path, track=("mlflow",))
        assert "mlflow: it has not finished within 2 s. Send the run later" in said[0]
        _, said = notes(store, path, track=("mlflow",))
        assert "it hung before" in said[0]
        assert run.read_record().status == "succeeded"
        before = time.monotonic()
        close_links()
        assert time.monotonic() - before < 4


def test_an_interrupted_run_is_told(store: Store, write: Write) -> None:
    path = write("import reprobook as rb\nrb.log(loss=1.0)", "import time\ntime.sleep(60)")
    events: list[RunEvent] = []

    def interrupt(event: RunEvent) -> None:
        events.append(event)
        if event.kind == "cell" and event.cell == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_notebook(path, store, RunOptions(track=("tensorboard",)), interrupt)
    (record,) = store.records()
    assert record.status == "interrupted"
    assert scalars(store.root / "trackers" / "tensorboard" / record.run_id) == {"loss": [(1.0, 0)]}


def test_an_unknown_tracker_stops_before_there_is_a_run(store: Store, write: Write) -> None:
    with pytest.raises(InputError, match="no tracker 'mlflo'"):
        notes(store, write("x = 1"), track=("mlflo",))
    assert store.records() == []


def test_a_recorded_run_is_sent_once(run: Run, store: Store) -> None:
    recorded = run(*CELLS)
    (first,) = send_run(recorded, ["tensorboard"])
    assert (first.problem, first.already) == ("", False)
    assert scalars(first.place)["loss"][0] == (1, 0)
    (second,) = send_run(recorded, ["tensorboard"])
    assert (second.place, second.already) == (first.place, True)
    (third,) = send_run(recorded, ["tensorboard"], again=True)
    assert (third.place, third.already) == (first.place, False)
    recorded.check_integrity()
    going_on = store.create(NewRun())
    with pytest.raises(InputError, match="still pending"):
        send_run(going_on, ["tensorboard"])
