"""Learning curves: the metric of every trial by step, from what its runs have logged so far."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from reprobook.errors import ReprobookError
from reprobook.runs import Store
from reprobook.sweep.figures.canvas import (
    BLUE,
    INK,
    better_first,
    canvas,
    is_judged,
    key,
    label_axes,
    ranked_colours,
    sentence,
    shortened,
    spans_decades,
    whole_numbers,
)
from reprobook.sweep.model import SweepRecord, Trial

# More lines, or more points of one, than anybody can tell apart; the newest trials are kept, and the best.
_MOST_TRIALS = 200
_MOST_POINTS = 200

Curve = list[tuple[int, float]]


def curves(record: SweepRecord, store: Store) -> Any:
    """Return a figure of all curves: the best orange and on top, pruned ones dashed up to where they were stopped."""
    metric = record.options.metric
    judged = better_first(record, [trial for trial in record.trials if is_judged(trial)])
    shown = {trial.number: trial for trial in [*judged[:1], *record.trials[-_MOST_TRIALS:]]}
    found = {number: trial_curve(store, trial, metric) for number, trial in shown.items()}
    if not any(len(curve) > 1 for curve in found.values()):
        return sentence(_nothing(shortened(metric, 40), record))
    figure, axes = canvas()
    if spans_decades([value for curve in found.values() for _, value in curve]):
        axes.set_yscale("log")
    colours = dict(zip((trial.number for trial in judged), ranked_colours(len(judged)), strict=True))
    for trial in shown.values():
        _draw(axes, trial, found[trial.number], colours, best=bool(judged) and trial is judged[0])
    whole_numbers(axes)
    label_axes(axes, "step", metric)
    if len(judged) > 1:
        key(axes, pruned=any(trial.state == "pruned" for trial in shown.values()))
    return figure


def _draw(axes: Any, trial: Trial, curve: Curve, colours: dict[int, Any], *, best: bool) -> None:
    """Draw one curve."""
    steps, values = [step for step, _ in curve], [value for _, value in curve]
    if best:
        axes.plot(steps, values, color=colours[trial.number], linewidth=2.4, zorder=5)
    elif trial.number in colours:
        axes.plot(steps, values, color=colours[trial.number], linewidth=1.1, alpha=0.6, zorder=3)
    elif trial.state == "running":
        axes.plot(steps, values, color=BLUE, linewidth=1.4, alpha=0.9, zorder=4)
        axes.plot(steps[-1:], values[-1:], "o", color=BLUE, markersize=4, zorder=4)
    else:
        axes.plot(steps, values, color=INK, linewidth=0.9, alpha=0.6, linestyle=(0, (3, 2)), zorder=2)
        axes.plot(steps[-1:], values[-1:], "|" if trial.state == "pruned" else "x", color=INK, markersize=6, zorder=2)


def _nothing(name: str, record: SweepRecord) -> str:
    """Say why there is no curve."""
    if any(trial.state == "complete" for trial in record.trials):
        return f"{name} has no steps.\nLog it with rb.log(…, step=epoch)."
    return f"No curve of {name} yet."


def trial_curve(store: Store, trial: Trial, metric: str) -> Curve:
    """Return step and value of a trial, the mean over those of its runs that have reached the step."""
    by_step: dict[int, list[float]] = defaultdict(list)
    for run_id in trial.run_ids or ((trial.run_id,) if trial.run_id else ()):
        for step, value in _run_curve(store, run_id, metric).items():
            if math.isfinite(value) and (trial.step is None or step <= trial.step):
                by_step[step].append(value)
    points = [(step, sum(values) / len(values)) for step, values in sorted(by_step.items())]
    return points[:: math.ceil(len(points) / _MOST_POINTS)] if points else []


def _run_curve(store: Store, run_id: str, metric: str) -> dict[int, float]:
    """Return the values of one run by step, the last where a step was logged twice; empty where it is unreadable."""
    try:
        lines = store.folder(run_id).read_metrics().records
    except (ReprobookError, OSError):
        return {}  # a run that was deleted takes only its curve with it
    return {
        int(line["step"]): float(line["value"])
        for line in lines
        if line.get("name") == metric and line.get("step") is not None
    }
