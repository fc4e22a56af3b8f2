"""The row of one parameter in the sweep panel."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from reprobook.widgets.field import Field
from reprobook.widgets.style import html, row, show

_LABELS = {"fixed": "fixed", "range": "range", "choice": "choices"}
_STEPS = 200  # of a slider
# A slider rounds what it is given to its steps and reports that back: less than this part of a step was no hand.
SNAP = 0.75


class FieldRow:
    """Shows the entries of a field and changes them.

    Args:
        field: What to begin with.
        on_change: Called with the field after every change by the user.

    Attributes:
        box: The widget.
        field: The entries as they are now.
    """

    def __init__(self, field: Field, on_change: Callable[[Field], None]) -> None:
        self.field = field
        self._on_change = on_change
        self._own = False
        names = [(_LABELS[kind], kind) for kind in field.kinds]
        self._kind = widgets.Dropdown(options=names, value=field.kind, layout=widgets.Layout(width="90px"))
        self._value = _entry(field.value, "260px", f"value of {field.name}")
        self._options = _entry(field.options, "420px", f"choices of {field.name}, separated by commas")
        self._low = _entry(field.low, "96px", f"lowest {field.name}")
        self._high = _entry(field.high, "96px", f"highest {field.name}")
        self._log = widgets.Checkbox(
            value=field.log,
            description="log",
            indent=False,
            tooltip="logarithmic scale",
            layout=widgets.Layout(width="60px"),
        )
        self._slider: Any = None
        self._shown = (0.0, 0.0)
        self._place = widgets.HBox(
            layout=widgets.Layout(flex="1 1 150px", max_width="280px", min_width="120px", padding="0 8px")
        )
        self._range = row(
            self._low, self._place, self._high, self._log, flex_flow="row nowrap", flex="1 1 360px", min_width="0"
        )
        self._message = html()
        name = f"<div class='rb-name' title='{escape(_help(field), quote=True)}'>{escape(field.name)}</div>"
        line = row(html(name, "rb-name-box", width="160px"), self._kind, self._value, self._range, self._options)
        self.box = widgets.VBox([line, self._message])
        self._put_slider()
        self._arrange()
        for control in (self._kind, self._value, self._options, self._low, self._high, self._log):
            control.observe(self._entered, "value")

    def say(self, problem: str) -> None:
        """Show what is wrong with the entries."""
        self._message.value = f"<div class='rb-problem'>{escape(problem)}</div>" if problem else ""
        show(self._message, visible=bool(problem))

    def disable(self, *, disabled: bool) -> None:
        """Let nothing be changed, or again all."""
        for control in (self._kind, self._value, self._options, self._low, self._high, self._log, self._slider):
            if control is not None:
                control.disabled = disabled

    def _entered(self, change: Any) -> None:
        """Take over what was entered."""
        if self._own:
            return
        before = self.field
        self.field = replace(
            before,
            kind=self._kind.value,
            value=self._value.value,
            low=self._low.value,
            high=self._high.value,
            log=self._log.value,
            options=self._options.value,
        )
        if before.log != self.field.log:
            self._put_slider()
        elif change["owner"] in (self._low, self._high):
            self._move_slider()
        self._arrange()
        self._on_change(self.field)

    def _slid(self, change: Any) -> None:
        """Take over where the slider was moved to."""
        if self._own:
            return
        moved = [abs(new - old) > self._slider.step * SNAP for new, old in zip(change["new"], self._shown, strict=True)]
        if not any(moved):
            return
        self._shown = change["new"]
        low, high = (10.0**end for end in change["new"]) if self._is_log else change["new"]
        ends = self.field.with_ends(low, high)
        self.field = replace(
            self.field, low=ends.low if moved[0] else self.field.low, high=ends.high if moved[1] else self.field.high
        )
        self._own = True
        self._low.value, self._high.value = self.field.low, self.field.high
        self._own = False
        self._on_change(self.field)

    def _arrange(self) -> None:
        """Show the entries of the chosen kind."""
        kind = self.field.kind
        show(self._value, visible=kind == "fixed")
        show(self._range, visible=kind == "range")
        show(self._options, visible=kind == "choice")

    @property
    def _is_log(self) -> bool:
        """Whether the slider stands for exponents: not where the range would reach to 0."""
        return self.field.log and self._outer()[0] > 0

    def _outer(self) -> tuple[float, float]:
        """Return the ends of the slider: so far as the entries reach."""
        low, high = self.field.limits()
        ends = self.field.ends() or (low, high)
        return min(low, ends[0]), max(high, ends[1])

    def _put_slider(self) -> None:
        """Make the slider that fits type and scale."""
        if not self.field.is_number:
            return
        low, high = self._outer()
        common = {"readout": False, "layout": widgets.Layout(width="100%", margin="2px 0")}
        if self._is_log:
            low, high = math.log10(low), math.log10(high)
            self._slider = widgets.FloatRangeSlider(min=low, max=high, step=(high - low) / _STEPS or 1.0, **common)
        elif self.field.is_integer:
            self._slider = widgets.IntRangeSlider(min=int(low), max=int(high), **common)
        else:
            self._slider = widgets.FloatRangeSlider(min=low, max=high, step=(high - low) / _STEPS or 1.0, **common)
        self._move_slider()
        self._slider.observe(self._slid, "value")
        self._place.children = (self._slider,)

    def _move_slider(self) -> None:
        """Set the slider to the entries, where these are numbers."""
        ends = self.field.ends()
        if self._slider is None or ends is None or (self._is_log and ends[0] <= 0):
            return
        outer = self._outer()
        if self._is_log:
            ends, outer = _logarithms(ends), _logarithms(outer)
        self._own = True
        # Wider first: a slider refuses ends that cross.
        self._slider.min, self._slider.max = min(self._slider.min, outer[0]), max(self._slider.max, outer[1])
        self._slider.value = self._shown = ends
        self._own = False


def _entry(text: str, width: str, tooltip: str) -> Any:
    """Return an entry that is read when it is left."""
    return widgets.Text(text, continuous_update=False, tooltip=tooltip, layout=widgets.Layout(width=width))


def _logarithms(ends: tuple[float, float]) -> tuple[float, float]:
    return math.log10(ends[0]), math.log10(ends[1])


def _help(field: Field) -> str:
    """Return what the notebook says of the parameter."""
    parameter = field.parameter
    space = f", {parameter.space!r}" if parameter.space is not None else ""
    return f"{parameter.comment or parameter.name}: {parameter.type.__name__}{space} = {parameter.default!r}"
