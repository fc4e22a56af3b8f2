"""Why a live session came to something else than its notebook run from top to bottom: all rules together.

Each rule looks at one cell that differs by itself and yields clues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reprobook.verify.live import clues_names, clues_random, clues_state
from reprobook.verify.live.clue import Clue
from reprobook.verify.live.past import Past, Place

_RULES: tuple[Callable[[Past, Place], Iterator[Clue]], ...] = (
    clues_names.stale_parameter,
    clues_names.edited_source,
    clues_names.shadowed,
    clues_names.written_otherwise,
    clues_random.drawn_otherwise,
    clues_state.module_edited,
    clues_state.consumed_elsewhere,
    clues_state.called_before,
    clues_state.output_history,
    clues_state.patched,
    clues_state.settings_left,
)


def clues(past: Past, place: Place) -> list[Clue]:
    """Return the clues for a cell that differs, the strongest first, one a label."""
    found: dict[str, Clue] = {}
    for rule in _RULES:
        for each in rule(past, place):
            known = found.get(each.suspect.cause)
            if known is None or known.suspect.weight < each.suspect.weight:
                found[each.suspect.cause] = each
    return sorted(found.values(), key=lambda each: -each.suspect.weight)
