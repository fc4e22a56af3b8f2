"""What a trial may be: the varied parameters in order, under which conditions they are varied, and the constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reprobook.errors import ParameterError
from reprobook.space import Expression, Space, parse_expression
from reprobook.sweep.model import SweepOptions

Pick = Callable[[str, Space], Any]


class Domain:
    """All points that a sweep may try.

    Args:
        options: With the space of every parameter that is varied.
        fixed: The value of every parameter where it is not varied.

    Raises:
        ParameterError: If a condition or a constraint cannot be read.
    """

    def __init__(self, options: SweepOptions, fixed: Mapping[str, Any]) -> None:
        self.fixed = fixed
        known = {*fixed, *options.spaces}
        self._constraints = tuple(parse_expression(text, known) for text in options.constraints)
        self._conditions = {name: parse_expression(text, known) for name, text in options.conditions.items()}
        self.spaces = {name: options.spaces[name] for name in _order(options.spaces, self._conditions)}

    def draw(self, pick: Pick) -> dict[str, Any]:
        """Return a point: ``pick`` chooses each value, of those parameters whose condition holds by then."""
        chosen: dict[str, Any] = {}
        for name, space in self.spaces.items():
            condition = self._conditions.get(name)
            if condition is None or condition.holds({**self.fixed, **chosen}):
                chosen[name] = pick(name, space)
        return chosen

    def allows(self, chosen: Mapping[str, Any]) -> bool:
        """Tell whether a point satisfies all constraints."""
        return all(constraint.holds({**self.fixed, **chosen}) for constraint in self._constraints)

    def refusal(self) -> ParameterError:
        """Return the error for constraints that next to nothing satisfies."""
        texts = " and ".join(constraint.text for constraint in self._constraints)
        hint = "Loosen a constraint, or narrow the spaces to where it holds."
        return ParameterError(f"no point of the spaces was found that satisfies {texts}", hint=hint)


def _order(spaces: Mapping[str, Space], conditions: Mapping[str, Expression]) -> tuple[str, ...]:
    """Return the parameters, each after those that its condition names.

    Raises:
        ParameterError: If conditions wait for each other.
    """
    needs = {name: conditions[name].names & spaces.keys() if name in conditions else set() for name in spaces}
    order: list[str] = []
    while len(order) < len(needs):
        ready = next((name for name in needs if name not in order and needs[name] <= set(order)), None)
        if ready is None:
            waiting = ", ".join(name for name in needs if name not in order)
            msg = f"the conditions of {waiting} depend on each other"
            raise ParameterError(msg, hint="A parameter may be varied --when others have a value, but not in a circle.")
        order.append(ready)
    return tuple(order)
