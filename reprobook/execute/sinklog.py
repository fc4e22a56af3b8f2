"""Where ``rb.log`` and ``rb.save`` write while a run or a job goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from reprobook.errors import InputError
from reprobook.execute.artifacts import save_object
from reprobook.execute.snapshot import Provenance, Snapshot, write_snapshot
from reprobook.runs.files import is_inside, make_folder, write_atomic
from reprobook.trace import Sink, SinkChain, as_number, digest_value


class MetricLog(Protocol):
    """Where the values of metrics go."""

    def log_metric(self, name: str, value: float, step: int | None = None) -> None:
        """Append one value."""


_NOWHERE = Provenance()
_OWN_NAMES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Place:
    """Where files go that are no results.

    Attributes:
        folder: Of this run or job.
        memory: What is remembered from run to run; None: nothing.
        replay: Whether a run is repeated, to see what differs: then nothing is refused for that, or learned.
        frozen: The digests of declared data that the header holds, by name.
    """

    folder: Path
    memory: Path | None = None
    replay: bool = False
    frozen: Mapping[str, str] = field(default_factory=dict)


class SinkLog:
    """The sinks of one run, in order, written through as they come.

    Args:
        metrics: Takes the values of explicit metrics.
        artifacts: Gives the folder of artifacts, made if need be.
        place: Where other files go.
        on_sink: Called with each sink and, for a metric, its value.
        cell: Gives the code index of the cell that runs.
        provenance: What checkpoints say of where they come from.
        result_names: What metrics are called in the digest of the result, where it is not their name.
    """

    def __init__(  # noqa: PLR0913 - one for each thing in which a run and a job differ
        self,
        metrics: MetricLog,
        artifacts: Callable[[], Path],
        *,
        place: Place,
        on_sink: Callable[[Sink, float | None], None] = lambda _sink, _value: None,
        cell: Callable[[], int | None] = lambda: None,
        provenance: Provenance = _NOWHERE,
        result_names: Mapping[str, str] = _OWN_NAMES,
    ) -> None:
        self.chain = SinkChain()
        self.provenance = provenance
        self.loaded: str | None = None  # the checkpoint that was loaded last
        self._saved: dict[str, str] = {}  # by model, the checkpoint that was saved last
        self._last: dict[str, float] = {}
        self._metrics = metrics
        self._artifacts = artifacts
        self.place = place
        self._on_sink = on_sink
        self._cell = cell
        self._result_names = result_names

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Log metrics; all are checked before the first is written.

        Raises:
            InputError: If a value is not one number; names the metric.
        """
        numbers = {name: as_number(value, name) for name, value in values.items()}
        for name, number in numbers.items():
            sink = self.chain.metric(self._result_names.get(name, name), number, step=step, cell=self._cell())
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

    def keep(self, name: str, data: bytes) -> None:
        """Keep a file that is no result, by its path below the folder.

        Raises:
            InputError: If the name leads out of the folder.
        """
        path = self.place.folder / name
        if not is_inside(path, self.place.folder):
            msg = f"{name!r} is no name for a file of the run"
            raise InputError(msg, hint="Use letters, digits, '-', '_' and '.'.")
        make_folder(path.parent)
        write_atomic(path, data)

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
