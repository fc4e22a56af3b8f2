"""How to search: metric, sampler, number of trials and the rest, below the parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from reprobook.widgets.form import SweepForm, guessed_direction
from reprobook.widgets.style import labelled, row

_MOST_TRIALS, _MOST_JOBS, _MOST_SEEDS = 10_000, 64, 100


class SearchEntries:
    """Shows these entries of a form and changes them.

    Args:
        form: What to begin with.
        metrics: Names that are offered; any other can be typed.
        on_change: Called after every change by the user.

    Attributes:
        box: The widget.
    """

    def __init__(self, form: SweepForm, metrics: tuple[str, ...], on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self._metric = widgets.Combobox(
            value=form.metric,
            options=metrics,
            placeholder="choose or type",
            continuous_update=False,
            layout=widgets.Layout(width="220px"),
        )
        self._entries: dict[str, Any] = {
            "direction": _choices({"higher is better": "max", "lower is better": "min"}, form.direction, "150px"),
            "sampler": _choices({"TPE": "tpe", "random": "random", "grid": "grid"}, form.sampler, "100px"),
            "trials": _number(form.trials, _MOST_TRIALS),
            "seeds": _number(form.seeds, _MOST_SEEDS),
            "jobs": _number(form.jobs, _MOST_JOBS),
            "pruning": _choices({"none": "none", "median": "median", "ASHA": "asha"}, form.pruning, "100px"),
            "kernel": _choices({"warm": "warm", "cold": "cold"}, form.kernel, "90px"),
            "seed": widgets.BoundedIntText(form.seed, min=0, max=2**32 - 1, layout=widgets.Layout(width="110px")),
        }
        blocks = [labelled("Metric", self._metric, "what a trial is judged by: logged with rb.log, or printed")]
        blocks += [labelled(_LABELS[name][0], entry, _LABELS[name][1]) for name, entry in self._entries.items()]
        self.box = row(*blocks, align_items="flex-start")
        self._metric.observe(self._named, "value")
        for entry in self._entries.values():
            entry.observe(self._entered, "value")

    def applied_to(self, form: SweepForm) -> SweepForm:
        """Return the form with these entries."""
        return replace(form, metric=self._metric.value, **{name: entry.value for name, entry in self._entries.items()})

    def disable(self, *, disabled: bool) -> None:
        """Let nothing be changed, or again all."""
        for entry in (self._metric, *self._entries.values()):
            entry.disabled = disabled

    def _named(self, change: Any) -> None:
        """Take over another metric, and the direction that its name suggests."""
        self._entries["direction"].value = guessed_direction(change["new"])
        self._on_change()

    def _entered(self, _: Any) -> None:
        self._on_change()


_LABELS = {
    "direction": ("Goal", "whether more of the metric is better, or less"),
    "sampler": ("Sampler", "TPE learns from earlier trials; random does not; grid tries all combinations"),
    "trials": ("Trials", "how many; of a grid at most so many"),
    "seeds": ("Seeds a trial", "runs a trial, with seeds that differ: the value is their mean"),
    "jobs": ("At a time", "trials that run beside each other"),
    "pruning": ("Pruning", "end trials early that are worse than others at the same step"),
    "kernel": ("Kernel", "warm kernels start faster; the results are the same"),
    "seed": ("Seed", "of the sampler and of the runs: the same seed gives the same sweep"),
}


def _choices(options: dict[str, str], value: str, width: str) -> Any:
    return widgets.Dropdown(options=list(options.items()), value=value, layout=widgets.Layout(width=width))


def _number(value: int, most: int) -> Any:
    return widgets.BoundedIntText(value, min=1, max=most, layout=widgets.Layout(width="80px"))
