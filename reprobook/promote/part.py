"""A section on its way to a function: its statements, in their final form but for the parameters."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from reprobook.promote.flow import Flow, flow_of
from reprobook.promote.model import Statements
from reprobook.promote.passage import once_run
from reprobook.promote.python import tree_of


@dataclass(frozen=True)
class Part:
    """A section; ``flow`` is that of its ``trees``, which are those of its ``body``."""

    name: str
    summary: str
    deed: str
    detail: str
    cells: tuple[int, ...]
    figures: bool
    body: Statements = ()
    trees: tuple[ast.stmt, ...] = ()
    flow: Flow = field(default_factory=Flow)

    def with_body(self, body: Sequence[cst.BaseStatement]) -> Part:
        """Return the section with other statements."""
        trees = tuple(tree_of(node) for node in body)
        return replace(self, body=tuple(body), trees=trees, flow=flow_of([once_run(tree) for tree in trees]))
