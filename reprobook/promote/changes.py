"""Which parameters a notebook goes on to change: they begin as settings, and are variables from then on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from reprobook.promote.effects import effects_of
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.source import Source
from reprobook.space.model import Parameter

_IMMUTABLE = (bool, int, float, str, bytes, type(None))


def changed_names(parameters: Iterable[Parameter], sources: Collection[Source], names: Names) -> frozenset[str]:
    """Return the names that are bound more often than to their one value, or whose object is changed in place."""
    parameters = tuple(parameters)
    fixed = {parameter.name for parameter in parameters if parameter.type in _IMMUTABLE}
    expected = {parameter.name: len(parameter.places) for parameter in parameters}
    return _bound_again(sources, expected) | (_changed_in_place(sources, names) - fixed)


def _bound_again(sources: Iterable[Source], expected: Mapping[str, int]) -> frozenset[str]:
    flows = [flow_of(statement.tree) for source in sources for statement in source.statements]
    bound = [name for flow in flows for name in flow.writes | flow.later_writes]
    return frozenset(name for name in bound if bound.count(name) > expected.get(name, 1))


def _changed_in_place(sources: Iterable[Source], names: Names) -> frozenset[str]:
    trees = [statement.tree for source in sources for statement in source.statements]
    return frozenset(name for tree in trees for name in effects_of(tree, names).changes)
