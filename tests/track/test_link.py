"""The process for trackers: what may go wrong, and that none of it reaches the run."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from reprobook.errors import InputError
from reprobook.track import Outcome, Subject, TrackerLink, check_trackers, close_links, tracker_link
from reprobook.track.points import Points

Begin = Callable[..., Subject]
ENDED = Outcome(status="succeeded", ended=1795950500.0)


@pytest.fixture
def silent_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server of MLflow that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        yield


def append(path: Path, *values: Any) -> None:
    with path.open("a") as file:
        file.writelines(json.dumps({"name": "n", "value": value, "step": None, "time": 1}) + "\n" for value in values)


def test_points_are_read_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    points = Points(path)
    assert points.read() == []
    append(path, 1, 2)
    assert [(point.value, point.step) for point in points.read()] == [(1, 0), (2, 1)]
    with path.open("a") as file:
        file.write('{"name": "n", "value": ')
    assert points.read() == []
    with path.open("a") as file:
        file.write('"-Infinity", "step": 7, "time": 2}\n[]\nno json\n{"name": "n"}\n')
    (point,) = points.read()
    assert (point.value, point.step) == (float("-inf"), 7)
    assert points.read() == []


def test_values_arrive_while_the_run_goes_on(begin: Begin) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    subject = begin()
    link = TrackerLink(subject.home, 300)
    link.begin(subject, ["tensorboard"])
    folder = subject.home / "tensorboard" / subject.run_id
    append(subject.folder / "metrics.jsonl", *range(10))
    _eventually(folder.is_dir)
    events = EventAccumulator(str(folder))

    def arrived() -> bool:
        events.Reload()
        return "n" in events.Tags()["scalars"] and len(events.Scalars("n")) == 10

    _eventually(arrived)
    append(subject.folder / "metrics.jsonl", 10)
    link.end(subject.run_id, ENDED)
    assert link.reports(subject.run_id, ["tensorboard"])[0].problem == ""
    events.Reload()
    assert [event.value for event in events.Scalars("n")] == list(range(11))
    link.close()


def test_several_runs_and_trackers_at_once(begin: Begin) -> None:
    subjects = [begin(f"20261121-044210-aaa{n}") for n in range(3)]
    link = TrackerLink(subjects[0].home, 300)
    names = ["wandb", "mlflow", "tensorboard"]
    for subject in subjects:
        link.begin(subject, names)
    for subject in reversed(subjects):
        link.end(subject.run_id, ENDED)
    reports = [report for subject in subjects for report in link.reports(subject.run_id, names)]
    assert [report.problem for report in reports] == [""] * 9
    assert len({report.place for report in reports}) == 9
    link.close()


@pytest.mark.usefixtures("silent_server")
def test_one_that_hangs_is_not_waited_for(begin: Begin) -> None:
    subject = begin()
    link = TrackerLink(subject.home, 3)
    link.begin(subject, ["mlflow", "tensorboard"])
    link.end(subject.run_id, ENDED)
    (fine,) = link.reports(subject.run_id, ["tensorboard"], 300)
    before = time.monotonic()
    (stuck,) = link.reports(subject.run_id, ["mlflow"])
    assert time.monotonic() - before < 30
    assert stuck.problem == "it has not finished within 3 s"
    assert fine.problem == ""
    assert link.hung == {"mlflow"}
    process = psutil.Process(link._process.pid)  # noqa: SLF001
    link.close()
    _eventually(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_one_that_fails_is_reported(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://nowhere")
    subject = begin()
    link = TrackerLink(subject.home, 300)
    link.begin(subject, ["mlflow", "tensorboard"])
    link.end(subject.run_id, ENDED)
    failed, fine = link.reports(subject.run_id, ["mlflow", "tensorboard"])
    assert "nonsense" in failed.problem
    assert fine.problem == ""
    link.close()


def test_an_edited_header_is_not_sent(begin: Begin) -> None:
    subject = begin()
    (subject.folder / "header.json").write_text("{}")
    link = TrackerLink(subject.home, 300)
    link.begin(subject, ["tensorboard"])
    link.end(subject.run_id, ENDED)
    assert "not a header" in link.reports(subject.run_id, ["tensorboard"])[0].problem
    link.close()


def test_the_death_of_the_process_is_reported(begin: Begin) -> None:
    subject = begin()
    link = tracker_link(subject.home)
    assert tracker_link(subject.home) is link
    link.begin(subject, ["tensorboard"])
    os.kill(link._process.pid, signal.SIGKILL)  # noqa: SLF001
    link.end(subject.run_id, ENDED)
    assert link.reports(subject.run_id, ["tensorboard"])[0].problem == "its process has died"
    assert tracker_link(subject.home) is not link  # the next run gets a new one


def test_the_death_of_the_driver_ends_the_run_in_the_tracker(begin: Begin) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    subject = begin()
    code = (
        "import os, sys, time; from reprobook.track import *\n"
        "subject = Subject.model_validate_json(sys.argv[1]); link = tracker_link(subject.home)\n"
        "link.begin(subject, ['mlflow']); time.sleep(1); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, subject.model_dump_json()], check=False)
    _eventually((subject.home / "sent" / f"{subject.run_id}.mlflow.json").exists)
    client = MlflowClient(tracking_uri=f"sqlite:///{subject.home}/mlflow/mlflow.db")
    (run,) = client.search_runs([client.get_experiment_by_name("experiment").experiment_id])
    assert run.info.status == "KILLED"
    assert run.data.metrics["tiny"] == 0.1 + 0.2


def test_what_lies_beside_the_notebook_is_not_imported(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tensorboard", "wandb"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    subject = begin()
    link = TrackerLink(subject.home, 300)
    link.begin(subject, ["tensorboard"])
    link.end(subject.run_id, ENDED)
    assert link.reports(subject.run_id, ["tensorboard"])[0].problem == ""
    link.close()


def test_names_are_checked_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    check_trackers(["wandb", "mlflow", "tensorboard"])
    with pytest.raises(InputError, match="no tracker 'wandbb'") as caught:
        check_trackers(["wandbb"])
    assert caught.value.hint == "Did you mean wandb?"
    monkeypatch.setattr("reprobook.track.registry.find_spec", lambda name: None if name == "alembic" else object())
    with pytest.raises(InputError, match="needs alembic") as caught:
        check_trackers(["mlflow"])
    assert "reprobook[mlflow]" in caught.value.hint


def test_a_bound_that_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPROBOOK_TRACK_SECONDS", "soon")
    with pytest.raises(InputError, match="soon"):
        tracker_link(tmp_path)
    close_links()


def _eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
