"""The adapter to MLflow: ``MLFLOW_TRACKING_URI``, else an SQLite file in ``trackers/mlflow`` of the store.

``mlflow ui --backend-store-uri sqlite:///.reprobook/trackers/mlflow/mlflow.db`` shows it. MLflow has no infinity: it
keeps the largest double instead.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from reprobook.track.model import Outcome, Point, Subject
from reprobook.track.names import readable

_STATUS = {"succeeded": "FINISHED", "failed": "FAILED", "interrupted": "KILLED"}
_RUN_TAG = "reprobook.run_id"
_NAME = "_-. /:"
_LONGEST_NAME, _LONGEST_VALUE, _BATCH = 250, 6000, 1000


def begin(subject: Subject) -> MlflowRun:
    """Begin a run; one of the same id that an attempt left unfinished is deleted."""
    # Before the import, which reads them: MLflow reports its use to its makers by default.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = os.environ["DO_NOT_TRACK"] = "true"
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    from mlflow.tracking import MlflowClient  # noqa: PLC0415  # an optional dependency, and slow

    uri = target(subject)
    root = subject.home / "mlflow"
    root.mkdir(parents=True, exist_ok=True)
    # Two processes that make the tables, or an experiment, at once would be in each other's way.
    with FileLock(root / ".lock", timeout=60):
        client = MlflowClient(tracking_uri=uri)
        experiment = _experiment(client, subject, None if "MLFLOW_TRACKING_URI" in os.environ else root / "artifacts")
    for old in client.search_runs([experiment], f"tags.`{_RUN_TAG}` = '{subject.run_id}'"):
        client.delete_run(old.info.run_id)
    run = client.create_run(experiment, int(subject.started * 1000), _tags(subject), subject.name)
    return MlflowRun(client, run.info.run_id, subject)


def target(subject: Subject) -> str:
    """Say where a run would go."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{subject.home / 'mlflow' / 'mlflow.db'}"


class MlflowRun:
    """A run of MLflow."""

    def __init__(self, client: Any, run_id: str, subject: Subject) -> None:
        from mlflow.entities import Param  # noqa: PLC0415

        self._client, self._id = client, run_id
        self._names: dict[str, str] = {}
        self.place = f"{client.tracking_uri} run {run_id}"
        params = [Param(self._name(name), str(value)[:_LONGEST_VALUE]) for name, value in subject.config.items()]
        for start in range(0, len(params), 100):
            client.log_batch(run_id, params=params[start : start + 100])

    def log(self, points: Sequence[Point]) -> None:
        """Log values, in batches as large as MLflow takes."""
        from mlflow.entities import Metric  # noqa: PLC0415

        metrics = [Metric(self._name(p.name), p.value, int(p.time * 1000), p.step) for p in points]
        for start in range(0, len(metrics), _BATCH):
            self._client.log_batch(self._id, metrics=metrics[start : start + _BATCH])

    def save(self, path: Path, name: str) -> None:
        """Copy a file to the artifacts of the run."""
        folder = Path(name).parent.as_posix()
        self._client.log_artifact(self._id, str(path), None if folder == "." else folder)

    def end(self, outcome: Outcome, header: dict[str, Any]) -> None:
        """Add the header as an artifact, and finish."""
        if header:
            self._client.log_dict(self._id, header, "header.json")
            self._client.set_tag(self._id, "reprobook.recipe_digest", header["recipe_digest"])
        if outcome.error:
            self._client.set_tag(self._id, "reprobook.error", outcome.error)
        self._client.set_terminated(self._id, _STATUS[outcome.status], int(outcome.ended * 1000))

    def _name(self, name: str) -> str:
        """Return a name that MLflow accepts, another one for each."""
        if name not in self._names:
            short = readable(name, _NAME)[:_LONGEST_NAME].lstrip("./") or "_"
            taken, number = set(self._names.values()), 1
            while (free := short if number == 1 else f"{short[: _LONGEST_NAME - 6]}_{number}") in taken:
                number += 1
            self._names[name] = free
        return self._names[name]


def _experiment(client: Any, subject: Subject, artifacts: Path | None) -> str:
    """Return the experiment of a run, made if need be."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or subject.project
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    return str(client.create_experiment(name, artifacts.as_uri() if artifacts else None))


def _tags(subject: Subject) -> dict[str, str]:
    group = {"reprobook.group": subject.group} if subject.group else {}
    # Else MLflow takes the name of the process: of this one, which is not what ran.
    return {_RUN_TAG: subject.run_id, "mlflow.source.name": subject.name, "mlflow.user": "", **group}
