"""What a run logged, place by place: two cells may log one name for two things, such as the losses of two splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprobook.header.canonical import digest_json, encode
from reprobook.trace import Sink


@dataclass(frozen=True)
class Logged:
    """What one cell logged under one name.

    Attributes:
        name: The metric.
        value: Its last value there, of the type that was logged.
        cell: The code index; None if it is not known.
        count: How many values it had there.
    """

    name: str
    value: float
    cell: int | None = None
    count: int = 1


def logged(sinks: Iterable[Sink], lines: Sequence[Mapping[str, Any]]) -> tuple[Logged, ...]:
    """Return what each cell logged, in order; ``lines`` are those of ``metrics.jsonl``.

    Nothing where the two do not belong together: then only the last value of each name is known.
    """
    metrics = [sink for sink in sinks if sink.kind == "metric"]
    if [sink.name for sink in metrics] != [line.get("name") for line in lines]:
        return ()
    try:
        values = [float(line["value"]) for line in lines]
    except (KeyError, TypeError, ValueError, OverflowError):
        return ()
    found: dict[tuple[str, int | None], Logged] = {}
    for sink, value in zip(metrics, values, strict=True):
        key = (sink.name, sink.cell)
        count = found[key].count + 1 if key in found else 1
        found[key] = Logged(sink.name, as_logged(value, sink.digest), sink.cell, count)
    return tuple(found.values())


def as_logged(value: float, digest: str) -> float:
    """Give a value its type back: a record holds floats, the digest of a sink tells 3 from 3.0."""
    return int(value) if value.is_integer() and digest in _digests_of_integer(int(value)) else value


def _digests_of_integer(value: int) -> set[str]:
    """Return the digests that a sink of this integer may have; a truth value counts as one."""
    return {digest_json(encode(value)), *([digest_json(encode(bool(value)))] if value in (0, 1) else [])}
