"""What differs between two runs, section by section."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from reprobook.header import Header
from reprobook.header.model import Section as HeaderSection
from reprobook.runs.model import RunRecord

# In the order in which they are shown: causes before results.
Section = Literal["parameters", "code", "environment", "spec", "data", "hardware", "seeds", "results"]
_ORDER: tuple[Section, ...] = get_args(Section)
Facts = dict[tuple[Section, str], Any]


@dataclass(frozen=True)
class Side:
    """One of the two runs: its record, and its header where there is one."""

    record: RunRecord
    header: Header | None = None


@dataclass(frozen=True)
class Difference:
    """One fact that differs; None stands for a side that does not have it."""

    section: Section
    key: str
    a: Any
    b: Any


def diff(a: Side, b: Side) -> list[Difference]:
    """Return what differs, causes (parameters, code, environment …) before results; NaN equals NaN."""
    left, right = dict(_facts(a)), dict(_facts(b))
    found = [
        Difference(section, key, left.get((section, key)), right.get((section, key)))
        for section, key in left | right
        if not _equal(left.get((section, key)), right.get((section, key)))
    ]
    # What only the second run has comes last in the union, but belongs to its section.
    return sorted(found, key=lambda each: _ORDER.index(each.section))


def _facts(side: Side) -> Iterator[tuple[tuple[Section, str], Any]]:
    """Yield all that is compared, in the order it is shown."""
    record, header = side.record, side.header
    for name, value in record.parameters.items():
        yield ("parameters", name), value
    if header:
        yield from _header_facts(header)
    yield ("seeds", "seed"), record.seed if record.seed is not None or header is None else header.seeds.seed
    yield ("results", "status"), record.status
    yield ("results", "result_digest"), record.result_digest
    for name, value in record.metrics.items():
        yield ("results", f"metrics.{name}"), value


def _header_facts(header: Header) -> Iterator[tuple[tuple[Section, str], Any]]:
    """Yield the facts of a header, its sections flattened to dotted keys."""
    for number, digest in enumerate(header.code.cells):
        yield ("code", f"cell {number}"), digest
    if header.git:
        yield from _flat("code", "git", header.git)
    if header.environment:
        yield from _flat("environment", "", header.environment, ("distributions",))
        for item in header.environment.distributions:
            yield ("environment", f"distributions.{item.name}"), item.version
            # The same version with other files is a difference too: a local build, an edited install.
            yield ("environment", f"distributions.{item.name}.files"), item.content or item.record
    if header.spec:
        yield ("spec", "digest"), header.spec
    for source in header.data:
        yield ("data", source.name), source.sha256
    if header.hardware:
        yield from _flat("hardware", "", header.hardware)
    yield from _flat("seeds", "", header.seeds, ("seed", "positions"))


def _flat(
    section: Section, prefix: str, part: HeaderSection, without: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[Section, str], Any]]:
    """Yield the fields of a part of the header, dictionaries opened one level."""
    for name, value in part.model_dump(mode="json").items():
        key = f"{prefix}.{name}" if prefix else name
        if name in without:
            continue
        if isinstance(value, dict):
            for inner, item in value.items():
                yield (section, f"{key}.{inner}"), item
        else:
            yield (section, key), value


def _equal(a: Any, b: Any) -> bool:
    """Compare as a reader would: 1 and 1.0 and True differ as parameters do, NaN does not differ from NaN."""
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b):
        return True
    return type(a) is type(b) and bool(a == b)
