"""What is decided before the sections become functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reprobook.promote.configuration import Configuration
from reprobook.promote.hoist import Hoisting
from reprobook.promote.meaning import Names
from reprobook.promote.model import Words


@dataclass(frozen=True)
class Surroundings:
    """What is decided before the sections are: shared by all of them.

    Attributes:
        configuration: The parameters.
        hoisted: What moved to module level.
        elsewhere: Ids of the trees of statements that stand elsewhere (early settings, guarded imports).
        names: What the notebook's names stand for.
        words: The names of the script's own parts.
        shown: The metrics that the last expression of a cell shows, by code index: the names, each with that which it
            has in the script, or None if only the run tells.
        pyplot: The notebook's name of ``matplotlib.pyplot``; empty if it has none.
        taken: Every name of the notebook.
        has_results: Whether the notebook logs, saves or shows a result.
        given: The variables that ``main`` has before the first section.
    """

    configuration: Configuration
    hoisted: Hoisting
    elsewhere: frozenset[int]
    names: Names
    words: Words
    shown: Mapping[int, Mapping[str, str] | None]
    pyplot: str
    taken: frozenset[str]
    has_results: bool = True
    given: tuple[str, ...] = ()
