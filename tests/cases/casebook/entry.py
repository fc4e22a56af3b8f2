"""How our own cases are written down: named cells in one text, an injected cause, a fix, and a session of names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from casebook.model import NO_CHANGE, Kind, Side

Edit = tuple[str, str]


@dataclass(frozen=True)
class Old:
    """A step of a session: a cell in an older text, given as an edit of today's."""

    cell: str
    now: str
    then: str


@dataclass(frozen=True)
class Scratch:
    """A step of a session: a cell that was deleted afterwards."""

    source: str


@dataclass(frozen=True)
class Outside:
    """A step of a session: Python code run outside of the kernel, in its working folder."""

    source: str


SessionStep = str | Old | Scratch | Outside


@dataclass(frozen=True)
class At:
    """Where a divergence begins: cell, variable and label; others that are also right follow after ``|``."""

    cell: str
    variable: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One case as it is written down.

    Attributes:
        text: All cells, each begun by a line ``# %% name``; a cell called ``parameters`` gets the tag, one whose name
            begins with ``#`` is markdown.
        inject: Edits that bring the cause in; each old text stands exactly once.
        fix: Edits, after those, that remove it; None for a notebook that has nothing to fix.
        at: The expected divergences, in cell order; none for a notebook that is right.
        session: Names of cells in the order in which they were executed, and other steps; ``...`` is not known here.
        session_fixed: The same for the fixed twin, where it is another.
        benign: Names that may differ in the fixed twin too, as they hold times.
        ids: Whether the file has cell ids (nbformat 4.5).
    """

    id: str
    title: str
    text: str
    inject: tuple[Edit, ...] = ()
    fix: tuple[Edit, ...] | None = ()
    at: tuple[At, ...] = ()
    kind: Kind = "rerun"
    run_a: Side = NO_CHANGE
    run_b: Side = NO_CHANGE
    session: tuple[SessionStep, ...] = ()
    session_fixed: tuple[SessionStep, ...] | None = None
    clean_parameters: Mapping[str, Any] = field(default_factory=dict)
    benign: tuple[str, ...] = ()
    ids: bool = True
    attempts: int = 1
