from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reprobook.header import Code, Git, Header, Origin, header_bytes, seal
from reprobook.track import Outcome, Report, Subject, TrackerLink, close_links

Begin = Callable[..., Subject]
VALUES = {
    "loss": [(0.5, 0), (0.25, 1), (math.nan, 2), (math.inf, 3), (-math.inf, 4), (0.1, 10)],
    "val/acc": [(1, 0), (3, 5)],
    "tiny": [(1e-30, 0), (0.1 + 0.2, 1)],
}
STARTED = 1795950425.5


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No account and no server of whoever runs the tests; no process left behind."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL", "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", "/nonexistent")
    yield
    close_links()


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    """Make the folder of a run that has logged something."""

    def make(run_id: str = "20261121-044210-k3f9", group: str | None = None, **config: Any) -> Subject:
        folder = tmp_path / "store" / "runs" / run_id
        (folder / "artifacts" / "deep").mkdir(parents=True)
        (folder / "artifacts" / "model.bin").write_bytes(b"weights")
        (folder / "artifacts" / "deep" / "note.txt").write_text("text")
        (folder / "artifacts" / "link").symlink_to("/etc/hostname")
        origin = Origin(created="2026-11-21T00:00:00Z", host="secret-host", user="secret-user", folder="/secret/folder")
        header = Header(code=Code(cells=("a" * 64,)), git=Git(commit="c0ffee", remote="secret-remote"), origin=origin)
        (folder / "header.json").write_bytes(header_bytes(seal(header)))
        log(folder, [(name, value, step) for name, series in VALUES.items() for value, step in series])
        return Subject(
            run_id=run_id,
            name="digits",
            project="experiment",
            group=group,
            folder=folder,
            home=tmp_path / "store" / "trackers",
            config={"lr": 0.1, "hidden": [64, 32], "name": "x", "deep": True, **config},
            started=STARTED,
        )

    return make


def log(folder: Path, values: list[tuple[str, float, int | None]]) -> None:
    """Write values as a run does: what JSON has not stands as text."""
    text = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    with (folder / "metrics.jsonl").open("a") as file:
        for number, (name, value, step) in enumerate(values):
            line = {"name": name, "value": text.get(str(value), value), "step": step, "time": STARTED + number}
            file.write(json.dumps(line) + "\n")


@pytest.fixture
def send() -> Iterator[Callable[..., Report]]:
    """Hand a run that has ended to one tracker, through the process for trackers."""
    links: list[TrackerLink] = []

    def hand_over(subject: Subject, tracker: str, *, status: str = "succeeded", error: str = "") -> Report:
        if not links:
            links.append(TrackerLink(subject.home, seconds=300))
        links[0].begin(subject, [tracker])
        outcome = Outcome.model_validate({"status": status, "ended": STARTED + 60, "error": error})
        links[0].end(subject.run_id, outcome)
        (report,) = links[0].reports(subject.run_id, [tracker])
        return report

    yield hand_over
    for link in links:
        link.close()
