"""Which parameters decided the value."""

from __future__ import annotations

from typing import Any

from reprobook.sweep.figures.canvas import BLUE, INK, canvas, is_judged, nothing_yet, sentence, shortened
from reprobook.sweep.model import SweepRecord
from reprobook.sweep.study import Study, Told

# Of fewer the best tenth is one trial, and its parameters are chance.
_FEWEST = 5
_MOST_BARS = 12


def importance(record: SweepRecord) -> Any:
    """Return a figure of the importance of each parameter for reaching the best tenth of the trials.

    See ``Study.importances``.
    """
    judged = [trial for trial in record.trials if is_judged(trial)]
    varied = {name for trial in judged for name in trial.parameters}
    if not judged:
        return sentence(nothing_yet(record))
    if len(judged) < _FEWEST:
        missing = _FEWEST - len(judged)
        return sentence(f"{missing} more complete trial{'s are' if missing > 1 else ' is'} needed to weigh parameters.")
    if len(varied) < 2:  # noqa: PLR2004  # one is not more important than another
        return sentence("Only one parameter is varied: there is nothing to weigh it against.")
    if len({trial.value for trial in judged}) == 1:
        return sentence("All trials have the same value: no parameter made a difference.")
    study = Study(record.options, len(record.trials), [Told(trial) for trial in judged])
    weights = sorted(study.importances().items(), key=lambda item: item[1])[-_MOST_BARS:]
    figure, axes = canvas(f"for reaching the best tenth of {len(judged)} trials (PED-ANOVA)")
    bars = axes.barh([shortened(name, 24) for name, _ in weights], [weight for _, weight in weights], height=0.45)
    for bar, (_, weight) in zip(bars, weights, strict=True):
        bar.set(color=BLUE, alpha=0.85)
        at = (weight, bar.get_y() + bar.get_height() / 2)
        axes.annotate(f"{weight:.0%}", at, (4, 0), textcoords="offset points", va="center", fontsize=9, color=INK)
    axes.set_xlim(0, max(weight for _, weight in weights) * 1.12)
    axes.grid(visible=False)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure
