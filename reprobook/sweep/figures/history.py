"""The optimisation history: the value of each trial, and the best so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reprobook.sweep.figures.canvas import (
    BLUE,
    INK,
    ORANGE,
    canvas,
    has_value,
    is_judged,
    label_axes,
    legend,
    nothing_yet,
    sentence,
    spans_decades,
    whole_numbers,
)
from reprobook.sweep.model import SweepRecord, Trial

_EDGE = 0.03  # height of the marks of failed trials, as a part of the axes


def history(record: SweepRecord) -> Any:
    """Return a figure of values by trial; failed trials, and values that are no numbers, stand at the lower edge."""
    judged = [trial for trial in record.trials if is_judged(trial)]
    pruned = [trial for trial in record.trials if trial.state == "pruned" and has_value(trial)]
    if not judged and not pruned:
        return sentence(nothing_yet(record))
    figure, axes = canvas()
    if spans_decades([trial.value for trial in [*judged, *pruned] if trial.value is not None]):
        axes.set_yscale("log")
    _draw_points(axes, judged, pruned)
    if judged:
        _draw_best(axes, judged, maximise=record.options.direction == "max")
    _draw_failed(axes, [trial for trial in record.trials if trial.finished and not has_value(trial)])
    _draw_deviations(axes, judged)
    axes.set_xlim(-0.5, max(record.options.trials or 0, len(record.trials)) - 0.5)
    whole_numbers(axes)
    label_axes(axes, "trial", record.options.metric)
    legend(axes)
    return figure


def _draw_points(axes: Any, judged: Sequence[Trial], pruned: Sequence[Trial]) -> None:
    """Draw a dot a trial."""
    if judged:
        axes.plot(*_points(judged), "o", color=BLUE, markersize=5, alpha=0.75, label="trial", zorder=3)
    if pruned:
        axes.plot(*_points(pruned), "o", color=INK, markerfacecolor="none", markersize=5, label="pruned", zorder=2)


def _draw_best(axes: Any, judged: Sequence[Trial], *, maximise: bool) -> None:
    """Draw the best value so far as steps, up to the last trial, and mark the best trial."""
    choose = max if maximise else min
    values = [trial.value or 0.0 for trial in judged]
    running = [choose(values[: index + 1]) for index in range(len(values))]
    numbers = [trial.number for trial in judged]
    axes.step(numbers, running, where="post", color=ORANGE, linewidth=1.6, label="best so far", zorder=2)
    best = values.index(choose(values))
    axes.plot([numbers[best]], [values[best]], "*", color=ORANGE, markersize=13, zorder=4)


def _draw_failed(axes: Any, failed: Sequence[Trial]) -> None:
    """Mark the trials without a value at the lower edge."""
    if failed:
        numbers = [trial.number for trial in failed]
        edge = [_EDGE] * len(numbers)
        axes.plot(numbers, edge, "x", color=INK, markersize=5, transform=axes.get_xaxis_transform(), label="no value")


def _draw_deviations(axes: Any, judged: Sequence[Trial]) -> None:
    """Draw the deviation over seeds, where a trial has several."""
    spread = [trial for trial in judged if trial.deviation is not None]
    if spread:
        deviations = [trial.deviation for trial in spread]
        axes.errorbar(*_points(spread), yerr=deviations, fmt="none", ecolor=BLUE, elinewidth=1, alpha=0.5, zorder=2)


def _points(trials: Sequence[Trial]) -> tuple[list[int], list[float]]:
    return [trial.number for trial in trials], [trial.value or 0.0 for trial in trials]
