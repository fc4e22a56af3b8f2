"""What the options of a script are for, where its author does not say: the sections that read them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from dataclasses import replace

from reprobook.promote.model import Field, Function
from reprobook.promote.prose import listed
from reprobook.promote.python import tree_of

_MOST = 3


def with_readers(fields: Sequence[Field], functions: Sequence[Function], config: str) -> tuple[Field, ...]:
    """Give each option without a comment one that names the sections which read it.

    Where a single section reads options, its name would say nothing. ``config`` is the configuration's name there.
    """
    reads = {each.name: _read(each, config) for each in functions if each.takes_config}
    if len(reads) < 2:  # noqa: PLR2004  # one section
        return tuple(fields)
    return tuple(
        each if each.comment or each.above else replace(each, comment=_said(each.name, reads)) for each in fields
    )


def _read(function: Function, config: str) -> Collection[str]:
    """Return the fields of the configuration that a section reads."""
    nodes = [node for line in function.body for node in ast.walk(tree_of(line)) if isinstance(node, ast.Attribute)]
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == config}


def _said(name: str, reads: dict[str, Collection[str]]) -> str:
    sections = [section for section, names in reads.items() if name in names]
    more = [f"{len(sections) - _MOST} more"] * (len(sections) > _MOST)
    return f"read by {listed([*sections[:_MOST], *more])}" if sections else ""
