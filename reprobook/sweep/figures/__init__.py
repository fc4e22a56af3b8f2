"""Figures of a sweep. Each is a matplotlib figure of its own: no pyplot, no display, no global state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reprobook.runs import Store
from reprobook.sweep.figures.curves import curves
from reprobook.sweep.figures.history import history
from reprobook.sweep.figures.importance import importance
from reprobook.sweep.figures.parallel import parallel
from reprobook.sweep.figures.svg import figure_svg
from reprobook.sweep.model import SweepRecord

__all__ = ["FIGURES", "curves", "figure_svg", "history", "importance", "parallel"]

FIGURES: dict[str, Callable[[SweepRecord, Store], Any]] = {
    "history": lambda record, _: history(record),
    "parallel": lambda record, _: parallel(record),
    "importance": lambda record, _: importance(record),
    "curves": curves,
}
