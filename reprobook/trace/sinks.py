"""The results of a run: its metrics and artifacts, in the order they were logged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reprobook.errors import InputError
from reprobook.header.canonical import digest_json, encode
from reprobook.trace.model import Sink
from reprobook.trace.shown import is_look

Number = bool | int | float


class SinkChain:
    """Collects sinks.

    The result of a run is what it logged on purpose; only where it logged nothing, what it showed, and only where it
    showed nothing else, its looks at data.
    """

    def __init__(self) -> None:
        self._sinks: list[Sink] = []

    @property
    def sinks(self) -> tuple[Sink, ...]:
        """Every sink so far, in order, shown ones included."""
        return tuple(self._sinks)

    @property
    def results(self) -> tuple[Sink, ...]:
        """The sinks that count; see `counted`."""
        return counted(self._sinks)

    def metric(
        self, name: str, value: object, *, step: int | None = None, cell: int | None = None, explicit: bool = True
    ) -> Sink:
        """Add a metric.

        Raises:
            InputError: If ``value`` is not one number; names the metric.
        """
        digest = digest_json(encode(as_number(value, name)))
        return self._add(Sink(kind="metric", name=name, step=step, digest=digest, cell=cell, explicit=explicit))

    def artifact(self, name: str, digest: str, *, step: int | None = None, cell: int | None = None) -> Sink:
        """Add an artifact, known by the digest of its bytes."""
        return self._add(Sink(kind="artifact", name=name, step=step, digest=digest, cell=cell, explicit=True))

    def extend(self, sinks: Iterable[Sink]) -> None:
        """Add the sinks of an earlier process that this one goes on from."""
        self._sinks.extend(sinks)

    def result_digest(self) -> str:
        """Return the digest of the results so far."""
        return result_digest(self._sinks)

    def _add(self, sink: Sink) -> Sink:
        """Append a sink."""
        self._sinks.append(sink)
        return sink


def counted(sinks: Iterable[Sink]) -> tuple[Sink, ...]:
    """Return the sinks that count: the explicit ones, if any, else those that are more than looks, else all."""
    every = tuple(sinks)
    explicit = tuple(sink for sink in every if sink.explicit)
    return explicit or tuple(sink for sink in every if not is_look(sink.name)) or every


def result_digest(sinks: Iterable[Sink]) -> str:
    """Return the SHA-256 over kind, name, step and digest of the sinks that count, in order.

    No cell index enters it: a script that logs the same has the same digest.
    """
    return digest_json([[sink.kind, sink.name, sink.step, sink.digest] for sink in counted(sinks)])


def as_number(value: Any, name: str) -> Number:
    """Return a bool, int, float, numpy scalar or an array or tensor of one element as a Python number.

    Raises:
        InputError: If ``value`` is anything else; names the metric.
    """
    if type(value) in (bool, int, float):
        number: Number = value
        return number
    try:
        found = value.item()
    # No such method, or more than one element: ValueError in numpy, RuntimeError in torch.
    except (AttributeError, TypeError, ValueError, RuntimeError):
        found = None
    if type(found) in (bool, int, float):
        return found  # type: ignore[no-any-return]  # exact types, checked
    msg = f"metric {name!r}: a {type(value).__name__} is not one number"
    raise InputError(msg, hint="Log a number, or an array or tensor of one element; of a longer one, log its mean.")
