"""Each tracker's files, read by the tracker's own reader."""

from __future__ import annotations

import json
import re
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reprobook.track import Report, Subject, sent_place, target

Begin = Callable[..., Subject]
Send = Callable[..., Report]
VALUES = {
    "loss": [(0.5, 0), (0.25, 1), (np.nan, 2), (np.inf, 3), (-np.inf, 4), (0.1, 10)],
    "val/acc": [(1.0, 0), (3.0, 5)],
    "tiny": [(1e-30, 0), (0.1 + 0.2, 1)],
}
STARTED = 1795950425.5


def wandb_records(folder: Path) -> Iterator[Any]:
    """Read the log of an offline run: LevelDB's format of records, which hold W&B's own messages.

    wandb itself reads it in Go only; the messages are decoded by its own classes.
    """
    from wandb.proto import wandb_internal_pb2  # noqa: PLC0415

    (path,) = folder.glob("*.wandb")
    data, position, record = path.read_bytes(), 7, b""
    assert data.startswith(b":W&B")
    while position < len(data):
        room = 32768 - position % 32768
        if room < 7:
            position += room
            continue
        _, length, kind = struct.unpack("<IHB", data[position : position + 7])
        record += data[position + 7 : position + 7 + length]
        position += 7 + length
        if kind in {1, 4}:  # a whole record, or the last piece of one
            yield wandb_internal_pb2.Record.FromString(record)
            record = b""


def wandb_history(folder: Path) -> dict[str, list[tuple[float, int]]]:
    """Return the values of each metric with their steps."""
    series: dict[str, list[tuple[float, int]]] = {}
    for record in wandb_records(folder):
        if record.WhichOneof("record_type") == "history":
            row = {(item.key or "/".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
            for name in row.keys() - {"reprobook/step", "_step", "_timestamp", "_runtime"}:
                series.setdefault(name, []).append((float(row[name]), row["reprobook/step"]))
    return series


def test_wandb_offline(begin: Begin, send: Send, tmp_path: Path) -> None:
    report = send(begin(group="sweep-1"), "wandb")
    assert report.problem == ""
    folder = Path(report.place)
    assert folder.is_relative_to(tmp_path / "store" / "trackers")
    found = wandb_history(folder)
    assert found.keys() == VALUES.keys()
    for name, series in VALUES.items():
        np.testing.assert_array_equal(found[name], series)
    records = list(wandb_records(folder))
    (run,) = [record.run for record in records if record.WhichOneof("record_type") == "run"]
    assert (run.run_id, run.run_group, run.display_name, run.project) == (
        "20261121-044210-k3f9",
        "sweep-1",
        "digits",
        "experiment",
    )
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config.items() >= {"lr": 0.1, "hidden": [64, 32], "name": "x", "deep": True}.items()
    (header,) = [
        json.loads(item.value_json)
        for record in records
        if record.WhichOneof("record_type") == "config"
        for item in record.config.update
        if item.key == "header"
    ]
    assert header["code"]["cells"] == ["a" * 64]
    assert header["git"]["commit"] == "c0ffee"
    artifacts = [record.artifact for record in records if record.WhichOneof("record_type") == "artifact"]
    paths = sorted(entry.path for artifact in artifacts for entry in artifact.manifest.contents)
    assert paths == ["deep/note.txt", "model.bin"]
    (end,) = [record.exit for record in records if record.WhichOneof("record_type") == "exit"]
    assert end.exit_code == 0


def test_wandb_records_nothing_of_its_own(begin: Begin, send: Send) -> None:
    report = send(begin(), "wandb", status="failed")
    records = list(wandb_records(Path(report.place)))
    kinds = {record.WhichOneof("record_type") for record in records}
    assert not kinds & {"output", "output_raw", "stats", "files", "environment"}
    text = "".join(map(str, records))
    assert "secret-" not in text
    assert "/etc/hostname" not in text
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    assert [record.exit.exit_code for record in records if record.WhichOneof("record_type") == "exit"] == [1]
    assert not any((Path(report.place) / "files").glob("*"))


def test_wandb_offline_tries_no_network(begin: Begin, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        # Both Python and Go would go through it.
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        for name in ("wandb", "mlflow", "tensorboard"):
            assert send(begin(f"20261121-044210-{name}"), name).problem == ""
        proxy.setblocking(False)  # noqa: FBT003
        with pytest.raises(BlockingIOError):
            proxy.accept()


def test_wandb_with_a_key_and_no_server_goes_offline(begin: Begin, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    report = send(begin(), "wandb")
    assert report.problem == ""
    assert "http://127.0.0.1:9 does not answer" in report.place
    assert wandb_history(Path(report.place.partition(" (")[0]))["tiny"] == VALUES["tiny"]


def test_mlflow(begin: Begin, send: Send, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    report = send(begin(group="sweep-1"), "mlflow")
    assert report.problem == ""
    uri, _, run_id = report.place.partition(" run ")
    assert uri == f"sqlite:///{tmp_path}/store/trackers/mlflow/mlflow.db"
    client = MlflowClient(tracking_uri=uri)
    run = client.get_run(run_id)
    for name, series in VALUES.items():
        metrics = sorted(client.get_metric_history(run_id, name), key=lambda metric: metric.step)
        largest = np.finfo(float).max  # what MLflow keeps in place of an infinity
        expected = [(np.clip(value, -largest, largest), step) for value, step in series]
        np.testing.assert_array_equal([(metric.value, metric.step) for metric in metrics], expected)
    assert metrics[0].timestamp == (STARTED + 8) * 1000
    assert run.data.params == {"lr": "0.1", "hidden": "[64, 32]", "name": "x", "deep": "True"}
    assert (run.info.run_name, run.info.status) == ("digits", "FINISHED")
    assert (run.info.start_time, run.info.end_time) == (STARTED * 1000, (STARTED + 60) * 1000)
    assert run.data.tags["reprobook.group"] == "sweep-1"
    assert client.get_experiment(run.info.experiment_id).name == "experiment"
    assert [item.path for item in client.list_artifacts(run_id)] == ["deep", "header.json", "model.bin"]
    header = Path(client.download_artifacts(run_id, "header.json", str(tmp_path))).read_text()
    assert "secret-" not in header
    assert json.loads(header)["recipe_digest"] == run.data.tags["reprobook.recipe_digest"]


def test_mlflow_with_odd_names_and_statuses(begin: Begin, send: Send) -> None:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415

    subject = begin(long="x" * 9000)
    lines = [{"name": name, "value": 1, "step": None, "time": 1} for name in ("f1@5", "f1 5", "f1_5", "/", "ü" * 300)]
    with (subject.folder / "metrics.jsonl").open("a") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    report = send(subject, "mlflow", status="interrupted", error="ValueError in cell 3")
    assert report.problem == ""
    uri, _, run_id = report.place.partition(" run ")
    run = MlflowClient(tracking_uri=uri).get_run(run_id)
    assert run.data.metrics.keys() >= {"f1_5", "f1 5", "f1_5_2"}
    assert len(run.data.metrics) == 8
    assert run.info.status == "KILLED"
    assert run.data.tags["reprobook.error"] == "ValueError in cell 3"


def test_tensorboard(begin: Begin, send: Send, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415
    from tensorboard.plugins.hparams import plugin_data_pb2  # noqa: PLC0415

    report = send(begin(group="sweep 1"), "tensorboard")
    assert report.problem == ""
    assert report.place == f"{tmp_path}/store/trackers/tensorboard/sweep_1/20261121-044210-k3f9"
    events = EventAccumulator(report.place)
    events.Reload()
    assert set(events.Tags()["scalars"]) == VALUES.keys()
    for name, series in VALUES.items():
        found = [(event.value, event.step) for event in events.Scalars(name)]
        np.testing.assert_array_equal(found, [(float(np.float32(value)), step) for value, step in series])
    assert events.Scalars("loss")[0].wall_time == STARTED
    (content,) = events.PluginTagToContent("hparams").keys() & {"_hparams_/session_start_info"}
    data = plugin_data_pb2.HParamsPluginData.FromString(events.PluginTagToContent("hparams")[content])
    hparams = data.session_start_info.hparams
    assert hparams["lr"].number_value == 0.1
    assert hparams["deep"].bool_value is True
    assert hparams["hidden"].string_value == "[64, 32]"
    assert "secret-" not in str(events.Tensors("header"))


def test_tensorboard_keeps_what_single_precision_cannot(begin: Begin, send: Send) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: PLC0415

    subject = begin()
    with (subject.folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({"name": "huge", "value": -1e300, "step": 0, "time": 1}) + "\n")
    events = EventAccumulator(send(subject, "tensorboard").place)
    events.Reload()
    assert events.Scalars("huge")[0].value == -np.inf


@pytest.mark.parametrize("tracker", ["wandb", "mlflow", "tensorboard"])
def test_sending_again_replaces(begin: Begin, send: Send, tracker: str, tmp_path: Path) -> None:
    subject = begin()
    first = send(subject, tracker)
    assert sent_place(subject, tracker, target(tracker, subject)) == first.place
    assert sent_place(subject, tracker, "elsewhere") is None
    second = send(subject, tracker)
    assert second.problem == ""
    home = tmp_path / "store" / "trackers"
    if tracker == "mlflow":
        from mlflow.tracking import MlflowClient  # noqa: PLC0415

        client = MlflowClient(tracking_uri=f"sqlite:///{home}/mlflow/mlflow.db")
        experiment = client.get_experiment_by_name("experiment")
        assert len(client.search_runs([experiment.experiment_id])) == 1
    else:
        assert len(list(home.glob(f"{tracker}/**/*{subject.run_id}"))) == 1
