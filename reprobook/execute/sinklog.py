"""Where ``rb.log`` and ``rb.save`` write while a run or a job goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from reprobook.execute.artifacts import save_object
from reprobook.execute.snapshot import Provenance, Snapshot, write_snapshot
from reprobook.trace import Sink, SinkChain, as_number, digest_value


class MetricLog(Protocol):
    """Where the values of metrics go."""

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Append one value."""


_NOWHERE = Provenance()


class SinkLog:
    """The sinks of one run, in order, written through as they come.

    Args:
        metrics: Takes the values of explicit metrics.
        artifacts: Gives the folder of artifacts, made if need be.
        on_sink: Called with each sink and, for a metric, its value.
        cell: Gives the code index of the cell that runs.
        provenance: What checkpoints say of where they come from.
    """

    def __init__(
        self,
        metrics: MetricLog,
        artifacts: Callable[[], Path],
        *,
        on_sink: Callable[[Sink, float | None], None] = lambda _sink, _value: None,
        cell: Callable[[], int | None] = lambda: None,
        provenance: Provenance = _NOWHERE,
    ) -> None:
        self.chain = SinkChain()
        self.provenance = provenance
        self.loaded: str | None = None  # the checkpoint that was loaded last
        self._saved: dict[str, str] = {}  # by model, the checkpoint that was saved last
        self._last: dict[str, float] = {}
        self._metrics = metrics
        self._artifacts = artifacts
        self._on_sink = on_sink
        self._cell = cell

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics; all are checked before the first is written.

        Raises:
            InputError: If a value is not one number; names the metric.
        """
        numbers = {name: as_number(value, name) for name, value in values.items()}
        for name, number in numbers.items():
            sink = self.chain.metric(name, number, step=step, cell=self._cell())
            self._metrics.log_metric(name, number, step)
            self._last[name] = float(number)
            self._on_sink(sink, number)

    def shown(self, name: str, value: float) -> None:
        """Note a metric that a cell showed; it counts only where nothing is logged on purpose."""
        self._on_sink(self.chain.metric(name, value, cell=self._cell(), explicit=False), value)

    def save(self, name: str, value: Any) -> Path:
        """Save an object as an artifact and return its file.

        Raises:
            InputError: If the name is no plain file name.
        """
        path = save_object(value, self._artifacts(), name)
        self._on_sink(self.chain.artifact(name, digest_value(value).digest, cell=self._cell()), None)
        return path

    def save_checkpoint(self, snapshot: Snapshot) -> Path:
        """Save a model with its state and return the folder; the result is its content, without time and place.

        Raises:
            InputError: If the name is no plain file name, or a state cannot be saved.
        """
        parent = self._saved.get(snapshot.model, self.loaded)
        artifacts = self._artifacts()
        folder, metadata = write_snapshot(snapshot, artifacts, self.provenance, metrics=self._last, parent=parent)
        place = [self.provenance.run_id or "", artifacts.name, folder.relative_to(artifacts).as_posix()]
        self._saved[snapshot.model] = "/".join(filter(None, place))
        sink = self.chain.artifact(snapshot.model, metadata.content, step=snapshot.step, cell=self._cell())
        self._on_sink(sink, None)
        return folder
