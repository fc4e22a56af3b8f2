"""Parallel coordinates: each trial a line across its parameters to its value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reprobook.space import Choice, Float, Int, Space
from reprobook.sweep.figures.canvas import (
    INK,
    better_first,
    blank,
    has_value,
    is_judged,
    key,
    nothing_yet,
    ranked_colours,
    sentence,
    shortened,
    spans_decades,
)
from reprobook.sweep.model import SweepRecord, Trial

_MOST_AXES = 12
_MOST_OPTIONS = 8
_TICKS = 5
# Names of more axes than these, where they are longer, are written at a slant.
_MOST_LEVEL = 5
_SHORT = 8


@dataclass(frozen=True)
class Axis:
    """One upright axis: where values stand on it (0 to 1), and what is written beside it."""

    name: str
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    options: tuple[Any, ...] | None = None

    def place(self, value: Any) -> float:
        """Return the height of a value; NaN for none."""
        if value is None and self.options is None:
            return math.nan
        if self.options is not None:
            found = [index for index, each in enumerate(self.options) if type(each) is type(value) and each == value]
            return _part(found[0], 0, len(self.options) - 1) if found else math.nan
        if self.log:
            return _part(math.log(value), math.log(self.low), math.log(self.high)) if value > 0 else math.nan
        return _part(value, self.low, self.high)

    def ticks(self) -> list[tuple[float, str]]:
        """Return heights and texts."""
        if self.options is not None:
            step = math.ceil(len(self.options) / _MOST_OPTIONS)
            return [(self.place(each), shortened(_text(each), 10)) for each in self.options[::step]]
        values = _decades(self.low, self.high) if self.log else _even(self.low, self.high)
        return [(self.place(value), f"{value:.3g}") for value in values]


def parallel(record: SweepRecord) -> Any:
    """Return a figure of all trials with a value; the best are orange and on top, pruned ones dashed."""
    shown = [trial for trial in record.trials if is_judged(trial)]
    pruned = [trial for trial in record.trials if trial.state == "pruned" and has_value(trial)]
    if not shown and not pruned:
        return sentence(nothing_yet(record))
    spaces = list(record.options.spaces.items())[: _MOST_AXES - 1]
    axes_of = [_axis(name, space) for name, space in spaces]
    axes_of.append(_value_axis(record.options.metric, [*shown, *pruned]))
    figure, plot = _plot(axes_of)
    for trial in pruned:
        plot.plot(*_line(axes_of, trial), color=INK, linewidth=0.8, alpha=0.5, linestyle=(0, (3, 3)))
    ranked = better_first(record, shown)
    colours = ranked_colours(len(ranked))
    for rank, trial in reversed(list(enumerate(ranked))):
        best = rank == 0
        style = {"linewidth": 2.4 if best else 1.1, "alpha": 1.0 if best else 0.65, "zorder": 4 if best else 3}
        plot.plot(*_line(axes_of, trial), color=colours[rank], solid_joinstyle="round", **style)
    if len(ranked) > 1:
        key(plot, pruned=bool(pruned))
    return figure


def _plot(axes_of: Sequence[Axis]) -> tuple[Any, Any]:
    """Draw the empty axes."""
    figure = blank()
    plot = figure.add_subplot()
    plot.set_axis_off()
    slanted = len(axes_of) > _MOST_LEVEL and max(len(axis.name) for axis in axes_of) > _SHORT
    plot.set(xlim=(-0.25, len(axes_of) - 0.4), ylim=(-0.06, 1.4 if slanted else 1.14))
    style = {"rotation": 28, "ha": "left"} if slanted else {"ha": "center"}
    for index, axis in enumerate(axes_of):
        plot.plot([index, index], [0, 1], color=INK, linewidth=0.9, alpha=0.6, zorder=1)
        name = shortened(axis.name, 18)
        plot.text(index, 1.05, name, va="bottom", fontsize=9, color=INK, fontweight="bold", **style)
        for height, text in axis.ticks():
            plot.plot([index - 0.012, index + 0.012], [height, height], color=INK, linewidth=0.8, zorder=1)
            plot.text(index + 0.035, height, text, va="center", fontsize=8, color=INK, zorder=5)
    return figure, plot


def _line(axes_of: Sequence[Axis], trial: Trial) -> tuple[list[int], list[float]]:
    """Return the points of a trial; a parameter that it does not vary breaks the line."""
    heights = [
        axis.place(trial.parameters[axis.name]) if axis.name in trial.parameters else math.nan for axis in axes_of[:-1]
    ]
    return list(range(len(axes_of))), [*heights, axes_of[-1].place(trial.value)]


def _axis(name: str, space: Space) -> Axis:
    """Return the axis of a space."""
    if isinstance(space, Choice):
        return Axis(name, options=space.options)
    return Axis(name, float(space.low), float(space.high), log=space.log and isinstance(space, (Float, Int)))


def _value_axis(metric: str, trials: Sequence[Trial]) -> Axis:
    """Return the axis of the metric, from the lowest value to the highest."""
    values = [trial.value for trial in trials if trial.value is not None]
    return Axis(metric, min(values), max(values), log=spans_decades(values))


def _part(value: float, low: float, high: float) -> float:
    """Return where a value lies between two others; in the middle where these are one."""
    return (value - low) / (high - low) if high > low else 0.5


def _even(low: float, high: float) -> list[float]:
    """Return round numbers between two ends, and the ends themselves."""
    if high <= low:
        return [low]
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415  # heavy

    inner = [float(each) for each in MaxNLocator(_TICKS - 1).tick_values(low, high)]
    margin = (high - low) / (2 * _TICKS)
    return [low, *(each for each in inner if low + margin < each < high - margin), high]


def _decades(low: float, high: float) -> list[float]:
    """Return powers of ten between two ends, at most a few, and the ends themselves."""
    powers = range(math.ceil(math.log10(low) + 0.2), math.floor(math.log10(high) - 0.2) + 1)
    return [low, *(10.0**power for power in powers[:: max(1, math.ceil(len(powers) / _TICKS))]), high]


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
