"""Which parameters a notebook goes on to change: they begin as settings, and are variables from then on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reprobook.promote.effects import effects_of
from reprobook.promote.flow import flow_of
from reprobook.promote.meaning import Names
from reprobook.promote.source import Source
from reprobook.space.model import Parameter

_IMMUTABLE = (bool, int, float, str, bytes, type(None))


def changed_names(parameters: Iterable[Parameter], sources: Collection[Source], names: Names) -> frozenset[str]:
    """Return the names that are bound more than once, or whose object is changed in place."""
    fixed = {parameter.name for parameter in parameters if parameter.type in _IMMUTABLE}
    return _bound_again(sources) | (_changed_in_place(sources, names) - fixed)


def _bound_again(sources: Iterable[Source]) -> frozenset[str]:
    flows = [flow_of(statement.tree) for source in sources for statement in source.statements]
    bound = [name for flow in flows for name in flow.writes | flow.later_writes]
    return frozenset(name for name in bound if bound.count(name) > 1)


def _changed_in_place(sources: Iterable[Source], names: Names) -> frozenset[str]:
    trees = [statement.tree for source in sources for statement in source.statements]
    return frozenset(name for tree in trees for name in effects_of(tree, names).changes)
