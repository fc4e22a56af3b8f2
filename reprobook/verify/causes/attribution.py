"""Who may have done it: suspects for one divergence, the strongest first.

The evidence is weighed in this order: differing files, differing environment, random numbers drawn without a seed,
nondeterministic calls, concurrency, numeric kernels. A hazard in the source says which cause may come in at a line; the
traces say whether it did.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reprobook.verify.causes import environment, files, generators, resorts, source
from reprobook.verify.causes.scene import Scene
from reprobook.verify.suspect import Suspect

Rule = Callable[[Scene], Iterator[Suspect]]
_RULES: tuple[Rule, ...] = (
    files.suspects,
    environment.suspects,
    generators.suspects,
    source.suspects,
    resorts.suspects,
)


def suspects(scene: Scene) -> tuple[Suspect, ...]:
    """Return the suspects of a divergence, one a label, by weight."""
    found: dict[str, Suspect] = {}
    for rule in _RULES:
        for each in rule(scene):
            if each.cause not in found or found[each.cause].weight < each.weight:
                found[each.cause] = each
    return tuple(sorted(found.values(), key=lambda each: -each.weight))
