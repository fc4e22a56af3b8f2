"""Sections that do two things: what comes to a value that is shown, and then begins anew.

Cells that do one kind of work are one section. A notebook may build a model by hand, show its loss, and then build the
one that it goes on with: all that the two have in common is their kind.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace

from reprobook.promote.activities import activity
from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.passage import once_run
from reprobook.promote.sections import Section
from reprobook.promote.source import Source

_GIVING = frozenset({"build_model", "load_data", "prepare_data", "split_data"})  # work for the sections below


def separated(sections: Sequence[Section], names: Names) -> list[Section]:
    """Return the sections; one that is named by its kind of work is divided where nothing of it is read any more."""
    result: list[Section] = []
    needed: frozenset[str] = frozenset()  # by the sections below
    for section in reversed(sections):
        flow = _flow(section.sources)
        divides = section.wish in _GIVING and not (section.summary or section.deed)
        result[:0] = _divided(section, needed, names) if divides else [section]
        needed = (needed - flow.binds) | flow.uses
    return result


def _divided(section: Section, needed: frozenset[str], names: Names) -> list[Section]:
    """Return what comes to a value and the rest; the section itself if it does no such thing."""
    for at in range(1, len(section.sources)):
        first, rest = section.sources[:at], section.sources[at:]
        shown, flow = _shown_name(first[-1]), _flow(rest)
        live = (needed - flow.binds) | flow.uses
        if shown and not _flow(first).writes & live and activity(rest[0], names) == section.wish:
            whose = " of an untrained model" if section.wish == "build_model" else ""
            part = replace(section, wish=f"compute_{shown}", deed=f"Compute the {shown.replace('_', ' ')}{whose}")
            return [replace(part, sources=first), *_divided(replace(section, sources=rest), needed, names)]
    return [section]


def _flow(sources: Sequence[Source]) -> Flow:
    return flow_of([once_run(statement.tree) for source in sources for statement in source.statements])


def _shown_name(source: Source) -> str:
    """Return the variable that a cell ends with, to show it; empty if it does not."""
    last = source.statements[-1].tree if source.statements and source.shows else None
    value = last.value if isinstance(last, ast.Expr) else None
    return value.id if isinstance(value, ast.Name) and value.id.islower() and len(value.id) > 1 else ""
