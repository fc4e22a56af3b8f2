"""The row of one parameter in the run panel: its value, with a slider where the notebook declares a range."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets

from reprobook.space import Choice, Float, Int, Parameter, parse_value
from reprobook.widgets.field import Field, field_of, number_text, value_text
from reprobook.widgets.field_row import SNAP
from reprobook.widgets.style import html, row, show


class ValueRow:
    """Shows one value and changes it.

    Args:
        field: What to begin with; its kind is ``fixed``.
        on_change: Called with the field after every change by the user.

    Attributes:
        box: The widget.
        field: The value as it is now.
    """

    def __init__(self, field: Field, on_change: Callable[[Field], None]) -> None:
        self.field = field
        self._on_change = on_change
        self._own = False
        self._entry = _entry(field)
        self._slider = _slider(field)
        self._message = html()
        parameter = field.parameter
        name = f"<div class='rb-name' title='{escape(parameter.comment, quote=True)}'>{escape(field.name)}</div>"
        comment = html(f"<span class='rb-dim'>{escape(parameter.comment)}</span>")
        parts = [
            part
            for part in (html(name, "rb-name-box", width="160px"), self._entry, self._slider, comment)
            if part is not None
        ]
        self.box = widgets.VBox([row(*parts), self._message])
        self._entry.observe(self._entered, "value")
        if self._slider is not None:
            self._slider.observe(self._slid, "value")

    def say(self, problem: str) -> None:
        """Show what is wrong with the value."""
        self._message.value = f"<div class='rb-problem'>{escape(problem)}</div>" if problem else ""
        show(self._message, visible=bool(problem))

    def disable(self, *, disabled: bool) -> None:
        """Let nothing be changed, or again all."""
        for control in (self._entry, self._slider):
            if control is not None:
                control.disabled = disabled

    def _entered(self, change: Any) -> None:
        self.field = replace(self.field, value=str(change["new"]))
        if self._slider is not None and not self.field.problem():
            self._own = True
            self._slider.value = parse_value(self.field.parameter, self.field.text())
            self._own = False
        self._on_change(self.field)

    def _slid(self, change: Any) -> None:
        if self._own:
            return
        number, before = change["new"], change["old"]
        if isinstance(self._slider, widgets.FloatLogSlider):
            number_at, before_at = math.log10(number), math.log10(before)
        else:
            number_at, before_at = number, before
        if abs(number_at - before_at) < self._slider.step * SNAP:
            return
        self._entry.value = str(number) if self.field.is_integer else number_text(float(f"{number:.3g}"))


def _entry(field: Field) -> Any:
    """Return the control that holds the value."""
    space, layout = field.parameter.space, widgets.Layout(width="180px")
    if isinstance(space, Choice):
        options = [value_text(option) for option in space.options]
        return widgets.Dropdown(options=options, value=field.value, layout=layout)
    if field.parameter.type is bool:
        return widgets.Dropdown(options=["True", "False"], value=field.value, layout=layout)
    return widgets.Text(field.value, continuous_update=False, tooltip=field.name, layout=layout)


def _slider(field: Field) -> Any:
    """Return the slider of a declared range, None without one."""
    space, value = field.parameter.space, field.parameter.default
    common = {"readout": False, "layout": widgets.Layout(width="240px")}
    if isinstance(space, Int):
        return widgets.IntSlider(value, min=space.low, max=space.high, **common)
    if isinstance(space, Float) and space.log:
        low, high = math.log10(space.low), math.log10(space.high)
        return widgets.FloatLogSlider(value, base=10, min=low, max=high, step=(high - low) / 200 or 1.0, **common)
    if isinstance(space, Float):
        step = (space.high - space.low) / 200 or 1.0
        return widgets.FloatSlider(value, min=space.low, max=space.high, step=step, **common)
    return None


def fixed_field(parameter: Parameter) -> Field:
    """Return the entries of a parameter that has one value."""
    return replace(field_of(parameter), kind="fixed")
