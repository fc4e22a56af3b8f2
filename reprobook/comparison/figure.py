"""The picture of a comparison: every value on the left, every difference with its interval on the right."""

from __future__ import annotations

from typing import Any

from reprobook.comparison.model import ComparisonReport, Pairing

_COLOURS = {"better": "tab:green", "worse": "tab:red", "cannot be told apart": "tab:gray"}
_LONGEST_LABEL = 40


def draw(report: ComparisonReport) -> Any:
    """Return a matplotlib ``Figure``; no state of pyplot is touched."""
    from matplotlib.figure import Figure  # noqa: PLC0415  # takes a second to import

    count = len(report.sides)
    figure = Figure(figsize=(9, 1.8 + 0.5 * count), layout="constrained")
    values, differences = figure.subplots(1, 2, width_ratios=(3, 2))
    _draw_values(values, report)
    _draw_differences(differences, report)
    return figure


def _draw_values(axes: Any, report: ComparisonReport) -> None:
    """Draw each run as a dot, the mean of a side with its interval, and a line between the runs of one seed."""
    for number, side in enumerate(report.sides):
        axes.plot(side.values, [number] * len(side.values), "o", color="tab:blue", alpha=0.5)
        centre = sum(side.values) / len(side.values)
        axes.plot([centre], [number], "D", color="black", markersize=6)
        if side.interval.known:
            axes.plot([side.interval.low, side.interval.high], [number, number], color="black")
    for pairing in report.pairings:
        for start, end in _pairs(report, pairing):
            axes.plot([start, end], [pairing.a, pairing.b], color="tab:blue", alpha=0.2, linewidth=0.8)
    axes.set_yticks(range(len(report.sides)), [_short(side.label) for side in report.sides])
    axes.set_ylim(len(report.sides) - 0.5, -0.5)
    better = "higher" if report.direction == "max" else "lower"
    axes.set_xlabel(f"{_plain(report.metric)} ({better} is better)")


def _pairs(report: ComparisonReport, pairing: Pairing) -> list[tuple[float, float]]:
    """Return the values of each seed that both sides ran; with more than two sides lines would only cross."""
    if len(report.pairings) > 1:
        return []
    a, b = (
        {record.seed: value for record, value in zip(side.runs, side.values, strict=True)}
        for side in (report.sides[pairing.a], report.sides[pairing.b])
    )
    return [(a[seed], b[seed]) for seed in pairing.seeds]


def _draw_differences(axes: Any, report: ComparisonReport) -> None:
    """Draw each difference from the first side, coloured by its verdict."""
    axes.axvline(0, color="black", linewidth=0.8, linestyle=":")
    for pairing in report.pairings:
        found = pairing.comparison
        colour = _COLOURS[found.verdict]
        if found.interval.known:
            axes.plot([found.interval.low, found.interval.high], [pairing.b] * 2, color=colour, linewidth=2)
        axes.plot([found.difference], [pairing.b], "D", color=colour)
        axes.annotate(
            found.verdict, (found.difference, pairing.b), (0, 7), textcoords="offset points", ha="center", color=colour
        )
    axes.set_ylim(len(report.sides) - 0.5, -0.5)
    axes.set_yticks([])
    axes.margins(x=0.25)
    axes.set_xlabel(f"difference from {_short(report.sides[0].label)} ({report.confidence:.0%} interval)")


def _short(text: str) -> str:
    return _plain(text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…")


def _plain(text: str) -> str:
    """Return a text that matplotlib does not read as mathematics."""
    return text.replace("$", r"\$")
