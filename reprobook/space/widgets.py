"""Read an ipywidgets control as a parameter: its value is the default, its range the space."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

from reprobook.errors import ParameterError
from reprobook.space.model import Choice, Float, Int, Space

_MODULES = frozenset({"widgets", "ipywidgets", "ipw"})
_FLOATS = frozenset({"FloatSlider", "BoundedFloatText", "FloatText"})
_INTS = frozenset({"IntSlider", "BoundedIntText", "IntText"})
_CHOICES = frozenset({"Dropdown", "RadioButtons", "Select", "ToggleButtons", "SelectionSlider"})
_PLAIN = frozenset({"Checkbox", "ToggleButton", "Text", "Textarea"})
_PAIR = 2  # (label, value)
_CONTROLS = _FLOATS | _INTS | _CHOICES | _PLAIN | {"FloatLogSlider"}


class Control(NamedTuple):
    """What a control says of a parameter.

    Attributes:
        value: The expression of its value, which stands in the source.
        space: What it may be; None if everything of its type.
        description: Its label.
    """

    value: ast.expr
    space: Space | None
    description: str


def control(node: ast.expr | None) -> Control | None:
    """Read ``widgets.FloatSlider(value=0.1, min=0.0, max=1.0)``; None if it is no control with a literal value."""
    if not isinstance(node, ast.Call) or (kind := _kind(node.func)) is None:
        return None
    value = node.args[0] if node.args and kind not in _CHOICES else None
    options: dict[str, Any] = {}
    for word in node.keywords:
        if word.arg == "value":
            value = word.value
        elif word.arg in {"min", "max", "base", "options", "description"}:
            try:
                options[word.arg] = ast.literal_eval(word.value)
            except (ValueError, TypeError, SyntaxError):
                return None  # a computed range: nothing is known of it before the cell runs
    if value is None:
        return None
    try:
        space = _space(kind, options)
        allowed = space if space is not None and ast.literal_eval(value) in space else None
    except (ParameterError, ValueError, TypeError, SyntaxError):
        allowed = None  # ipywidgets says what is wrong, when the cell runs
    return Control(value, allowed, str(options.get("description", "")).strip(" :"))


def _kind(function: ast.expr) -> str | None:
    """Return which control a call makes."""
    match function:
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in _MODULES:
            return name if name in _CONTROLS else None
        case ast.Name(id=name) if name.endswith("Slider"):
            return name if name in _CONTROLS else None
    return None


def _space(kind: str, options: dict[str, Any]) -> Space | None:
    """Return the range that a control allows; that of a slider without one is ipywidgets' own (0 to 10 or 100)."""
    low, high = options.get("min"), options.get("max")
    if kind == "FloatLogSlider":
        base = options.get("base", 10.0)
        return Float(base ** (0.0 if low is None else low), base ** (4.0 if high is None else high), log=True)
    if kind in _CHOICES:
        given = options.get("options") or ()
        values = [each[1] if isinstance(each, tuple) and len(each) == _PAIR else each for each in given]
        return Choice(*values) if values else None
    if kind in {"FloatText", "IntText"} | _PLAIN:
        return None
    if kind in _FLOATS:
        return Float(0.0 if low is None else low, 10.0 if high is None else high)
    return Int(0 if low is None else low, 100 if high is None else high)
