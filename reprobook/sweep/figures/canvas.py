"""What all figures share: colours that read on light and on dark, an empty canvas, a sentence instead of data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from reprobook.sweep.model import SweepRecord, Trial

# Blue, orange and grey differ for every kind of colour vision (after Okabe & Ito 2008); all have a contrast of 3 or
# more against white and against JupyterLab's dark background.
BLUE = "#2f81c7"
ORANGE = "#d9730d"
INK = "#808080"
_PALE = "#8a94a0"
_SIZE = (7.4, 3.7)  # inches
_LONGEST = 16
_MANY_DECADES = 2


def canvas(title: str = "") -> tuple[Any, Any]:
    """Return a figure with one pair of axes, transparent, in the grey that reads on both themes."""
    figure = blank()
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.set_title(title, loc="left", color=INK, fontsize=9)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set(color=INK, linewidth=0.8, alpha=0.6)
    axes.tick_params(which="both", colors=INK, labelsize=9, length=3)
    axes.grid(axis="y", color=INK, alpha=0.18, linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def blank() -> Any:
    """Return a transparent figure without axes."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # heavy

    figure = Figure(figsize=_SIZE, layout="constrained")
    figure.patch.set_alpha(0)
    return figure


def sentence(text: str) -> Any:
    """Return a figure that says why there is nothing to draw."""
    figure = blank()
    figure.text(0.5, 0.5, text, ha="center", va="center", color=INK, fontsize=10, linespacing=1.6)
    return figure


def label_axes(axes: Any, x: str, y: str) -> None:
    """Name both axes."""
    axes.set_xlabel(x, color=INK, fontsize=9)
    axes.set_ylabel(shortened(y, 32), color=INK, fontsize=9)


def whole_numbers(axes: Any) -> None:
    """Let the lower axis count."""
    axes.xaxis.get_major_locator().set_params(integer=True)


def key(axes: Any, *, pruned: bool) -> None:
    """Say above the axes what the colours of lines mean."""
    words = "orange: best · blue to grey: others, by rank" + (" · dashed: pruned" if pruned else "")
    axes.set_title(words, loc="right", color=INK, fontsize=8)


def legend(axes: Any) -> None:
    """Show the legend above the axes, in one row."""
    shown = axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1.0), ncols=5, frameon=False, fontsize=8, handlelength=1.4, borderpad=0.2
    )
    for text in shown.get_texts():
        text.set_color(INK)


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Return a text, its middle left out where it is too long; a dollar is no formula."""
    if len(text) > longest:
        head = (longest - 1) // 2
        text = f"{text[:head]}…{text[len(text) - (longest - 1 - head) :]}"
    return text.replace("$", r"\$")


def is_judged(trial: Trial) -> bool:
    """Tell whether a trial is complete, with a value that can be drawn."""
    return trial.state == "complete" and has_value(trial)


def has_value(trial: Trial) -> bool:
    """Tell whether a trial has a finite value."""
    return trial.value is not None and math.isfinite(trial.value)


def spans_decades(values: Sequence[float]) -> bool:
    """Tell whether values are better read on a logarithmic axis."""
    return bool(values) and min(values) > 0 and math.log10(max(values) / min(values)) > _MANY_DECADES


def better_first(record: SweepRecord, trials: Sequence[Trial]) -> list[Trial]:
    """Return trials with a finite value, the best first."""
    sign = -1 if record.options.direction == "max" else 1
    return sorted(trials, key=lambda trial: (sign * (trial.value or 0.0), trial.number))


def ranked_colours(count: int) -> list[Any]:
    """Return a colour a rank: grey for the worst, over blue, to orange for the best (rank 0)."""
    from matplotlib.colors import LinearSegmentedColormap  # noqa: PLC0415  # heavy

    scale = LinearSegmentedColormap.from_list("rank", [(0, ORANGE), (0.12, ORANGE), (0.3, BLUE), (1, _PALE)])
    return [scale(rank / max(count - 1, 1)) for rank in range(count)]


def nothing_yet(record: SweepRecord) -> str:
    """Say why no trial has a value."""
    failed = sum(trial.state == "failed" for trial in record.trials)
    unknown = [trial for trial in record.trials if trial.state == "complete" and not has_value(trial)]
    if unknown:
        return f"{shortened(record.options.metric, 40)} is not a finite number in any trial so far."
    if failed:
        return (
            f"All {failed} trials that ended have failed: see the table." if failed > 1 else "The first trial failed."
        )
    return "The first trial has not ended yet." if record.status == "running" else "No trial has ended."
