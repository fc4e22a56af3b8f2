"""What the panel asks of one parameter: fixed, a range, or some choices. All numbers are texts, as they are typed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from reprobook.errors import ParameterError
from reprobook.space import Choice, Float, Int, Parameter, Space, parse_space, parse_value

Kind = Literal["fixed", "range", "choice"]
_SPREAD = 10  # of a range that nobody declared: from a tenth of the value to ten times it
_DIGITS = 4
_APART = ",'\"()[]{}"  # what the reader of choices does not take for plain text


@dataclass(frozen=True, kw_only=True)
class Field:
    """The entries for one parameter; those of the other kinds are kept, for when the kind is changed back.

    Attributes:
        parameter: As the notebook declares it.
        kind: How it is varied, or ``fixed``.
        value: The fixed value.
        low: Lower end of the range.
        high: Upper end of the range.
        log: Whether the range is on a logarithmic scale.
        options: The choices, separated by commas.
    """

    parameter: Parameter
    kind: Kind
    value: str
    low: str
    high: str
    log: bool
    options: str

    @property
    def name(self) -> str:
        """The parameter's name."""
        return self.parameter.name

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that its type allows."""
        return ("fixed", "range", "choice") if self.is_number else ("fixed", "choice")

    @property
    def is_number(self) -> bool:
        """Whether it can be varied over a range."""
        return self.parameter.type in {int, float} and not isinstance(self.parameter.space, Choice)

    @property
    def is_integer(self) -> bool:
        """Whether its range holds integers."""
        return self.parameter.type is int

    def text(self) -> str:
        """Return it as the command line takes it: a space, or a value."""
        if self.kind == "fixed":
            return self.value if self.parameter.type is str else self.value.strip()
        if self.kind == "choice":
            return f"choice:{self.options.strip().strip(',')}"
        kind = "log" if self.log else "int" if self.is_integer else "uniform"
        return f"{kind}:{self.low.strip()}:{self.high.strip()}"

    def space(self) -> Space:
        """Return the space to vary it in.

        Raises:
            ParameterError: If the entries are no space, or none that the parameter can take.
        """
        return parse_space(self.text(), self.parameter)

    def problem(self) -> str:
        """Return what is wrong with the entries, in words; empty if nothing is."""
        try:
            if self.kind == "fixed":
                parse_value(self.parameter, self.text())
            else:
                self.space()
        except ParameterError as error:
            return f"{error}. {error.hint}".replace("..", ".")
        return ""

    def limits(self) -> tuple[float, float]:
        """Return the ends of the slider: what is declared, else room around the entries."""
        space = self.parameter.space
        if isinstance(space, (Float, Int)):
            return float(space.low), float(space.high)
        default = self.parameter.default if self.is_number else 1
        return _room(float(default if math.isfinite(default or 0) else 1), integer=self.is_integer)

    def with_ends(self, low: float, high: float) -> Field:
        """Return it with a range that the slider gave, in as many digits as a hand on a slider means."""
        return replace(self, low=self._written(low), high=self._written(high))

    def ends(self) -> tuple[float, float] | None:
        """Return the range as numbers, None where the entries are none."""
        try:
            low, high = float(self.low), float(self.high)
        except ValueError:
            return None
        return (low, high) if math.isfinite(low) and math.isfinite(high) and low <= high else None

    def _written(self, number: float) -> str:
        """Write a number; an end of the slider exactly."""
        low, high = self.limits()
        near = next((end for end in (low, high) if math.isclose(number, end, rel_tol=1e-6)), None)
        if self.is_integer:
            return str(round(number))
        return (
            number_text(near)
            if near is not None
            else number_text(float(f"{number:.2g}" if self.log else f"{number:.3g}"))
        )


def field_of(parameter: Parameter) -> Field:
    """Return the entries as the notebook suggests them: a declared space is varied, all else is fixed."""
    space = parameter.space
    bare = Field(
        parameter=parameter, kind="fixed", value=value_text(parameter.default), low="", high="", log=False, options=""
    )
    if isinstance(space, Choice):
        return replace(bare, kind="choice", options=", ".join(map(_option_text, space.options)))
    options = "False, True" if parameter.type is bool else _option_text(parameter.default)
    if not bare.is_number:
        return replace(bare, options=options)
    low, high = bare.limits()
    log = space.log if isinstance(space, (Float, Int)) else low > 0 and not bare.is_integer
    written = (str(int(low)), str(int(high))) if bare.is_integer else (number_text(low), number_text(high))
    kind: Kind = "range" if space is not None else "fixed"
    return replace(bare, kind=kind, low=written[0], high=written[1], log=log, options=options)


def number_text(number: float) -> str:
    """Write a number as short as it can be without loss: ``1e-05`` as ``1e-5``, ``0.50`` as ``0.5``."""
    text = f"{number:.{_DIGITS}g}"
    text = text if float(text) == number else repr(number)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else text


def value_text(value: Any) -> str:
    """Write a value as ``parse_value`` reads it: text as it is."""
    if isinstance(value, float):
        return number_text(value)
    return value if isinstance(value, str) else repr(value)


def _option_text(value: Any) -> str:
    """Write a value as one of several: text in quotes where it would fall apart or vanish."""
    apart = isinstance(value, str) and (not value.strip() or any(each in _APART for each in value))
    return repr(value) if apart else value_text(value)


def _room(default: float, *, integer: bool) -> tuple[float, float]:
    """Return a range around a value that nobody has declared one for."""
    if default == 0:
        return (0.0, 10.0) if integer else (0.0, 1.0)
    low, high = sorted((default / _SPREAD, default * _SPREAD))
    return (float(math.floor(low)) or (1.0 if default > 0 else 0.0), float(math.ceil(high))) if integer else (low, high)
