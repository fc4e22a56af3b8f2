"""`reprobook track sync`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reprobook.runs import RunFolder
from reprobook.track import close_links

Reprobook = Callable[..., Any]
Record = Callable[..., RunFolder]


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    close_links()


def test_recorded_runs_are_sent(reprobook: Reprobook, record: Record, tmp_path: Path) -> None:
    runs = [record(metrics={"loss": 0.5}, seed=seed) for seed in range(2)]
    sent = reprobook("track", "sync", "--where", "seed >= 0", "--to", "tensorboard", "--json")
    assert sent.code == 0
    assert [report["run_id"] for report in sent.document] == [run.run_id for run in runs]
    folder = tmp_path / ".reprobook" / "trackers" / "tensorboard"
    assert [report["place"] for report in sent.document] == [str(folder / run.run_id) for run in runs]
    again = reprobook("track", "sync", runs[0].run_id, "--to", "tensorboard")
    assert "tensorboard already:" in again.out


def test_what_fails_ends_with_1(reprobook: Reprobook, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    record()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://nowhere")
    failed = reprobook("track", "sync", "latest", "--to", "mlflow")
    assert failed.code == 1
    assert "✗" in failed.out


def test_wrong_usage_ends_with_2(reprobook: Reprobook, record: Record) -> None:
    record()
    assert reprobook("track", "sync", "--to", "wandb").code == 2
    assert reprobook("track", "sync", "latest").code == 2
    assert reprobook("track", "sync", "latest", "--to", "wandbb").code == 2
    assert reprobook("track", "sync", "nothing", "--to", "wandb").code == 2
