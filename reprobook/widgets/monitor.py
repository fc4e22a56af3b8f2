"""The part of the panel that shows a sweep while it runs: progress, figures, table."""

from __future__ import annotations

from html import escape
from typing import Any

import ipywidgets as widgets

from reprobook.sweep.model import SweepRecord
from reprobook.widgets.standing import (
    best_words,
    counts_words,
    duration_words,
    seconds_left,
    status_words,
    table_html,
)
from reprobook.widgets.style import html, row, show, title

_FIGURES = {"history": "History", "parallel": "Parallel", "importance": "Importance", "curves": "Curves"}
_BARS = {
    "succeeded": "success",
    "failed": "danger",
    "interrupted": "warning",
    "stopped": "warning",
    "paused": "warning",
}


class Monitor:
    """Shows a record; what has not changed is not sent again, so nothing flickers.

    Attributes:
        box: The widget.
    """

    def __init__(self) -> None:
        self._bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="100%", margin="2px 0"))
        self._counts, self._best = html(), html()
        self._figures = {
            name: html("<div class='rb-dim'>…</div>", "rb-plot", width="100%", margin="0 auto") for name in _FIGURES
        }
        self._tabs = widgets.Tab(
            children=list(self._figures.values()),
            titles=list(_FIGURES.values()),
            layout=widgets.Layout(margin="8px 0 0"),
        )
        self._order = widgets.Dropdown(
            options=[("best first", False), ("by number", True)], layout=widgets.Layout(width="110px")
        )
        self._table = html()
        scroll = widgets.Box(
            [self._table], layout=widgets.Layout(max_height="290px", overflow="auto", margin="4px 0 0")
        )
        scroll.add_class("rb-table")
        self._record: SweepRecord | None = None
        self._order.observe(self._reorder, "value")
        heading = row(title("Trials"), self._order, justify_content="space-between", align_items="flex-end")
        self.box = widgets.VBox([self._bar, self._counts, self._best, self._tabs, heading, scroll])
        show(self.box, visible=False)

    @property
    def figures(self) -> list[str]:
        """Names of the figures, the one that is looked at first."""
        at = self._tabs.selected_index or 0
        return [*list(_FIGURES)[at:], *list(_FIGURES)[:at]]

    def on_figure(self, call: Any) -> None:
        """Call when another figure is chosen."""
        self._tabs.observe(lambda _: call(), "selected_index")

    def show_figure(self, name: str, content: str) -> None:
        """Put a figure in its place."""
        self._figures[name].value = content

    def show(self, record: SweepRecord) -> None:
        """Show where a sweep stands."""
        self._record = record
        show(self.box, visible=True)
        total = record.options.trials or len(record.trials) or 1
        self._bar.value = sum(trial.finished for trial in record.trials) / total
        self._bar.bar_style = _BARS.get(record.status, "info")
        left = seconds_left(record)
        words = [status_words(record), counts_words(record)]
        words += [f"about {duration_words(left)} left"] if left is not None else []
        kind = "rb-error" if record.status == "failed" else "rb-dim"
        self._counts.value = f"<span class='{kind}'>{escape(' · '.join(words))}</span>"
        self._best.value = f"<b>{escape(best_words(record))}</b>" if best_words(record) else ""
        self._table.value = table_html(record, by_number=self._order.value)

    def _reorder(self, _: Any) -> None:
        if self._record is not None:
            self._table.value = table_html(self._record, by_number=self._order.value)
