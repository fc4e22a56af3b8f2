"""What running a piece of code does beyond binding names, as a value."""

from __future__ import annotations

from dataclasses import dataclass, replace

SETTING = "setting:"
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Effects:
    """What running a piece of code does.

    Attributes:
        changes: Names whose object may be changed in place, and pseudo-names.
        draws: Generators it may draw from.
        seeds: Generators it sets, whatever their state was.
        needs: Pseudo-names it reads (files).
        sinks: Whether it logs a metric or saves an artifact.
        plots: Whether it plots, or sets how plots look.
        prints: Whether it prints.
        unknown: Whether it runs code that nothing is known of.
        figures: Whether it draws a figure.
        surely: Those of ``changes`` that change by the meaning of the call, even where one run saw no difference.
    """

    changes: frozenset[str] = _NONE
    draws: frozenset[str] = _NONE
    seeds: frozenset[str] = _NONE
    needs: frozenset[str] = _NONE
    sinks: bool = False
    plots: bool = False
    prints: bool = False
    unknown: bool = False
    figures: bool = False
    surely: frozenset[str] = _NONE

    @property
    def none(self) -> bool:
        """Whether it only computes: files it may read do not count."""
        return replace(self, needs=_NONE) == Effects()

    def __or__(self, other: Effects) -> Effects:
        return Effects(
            self.changes | other.changes,
            self.draws | other.draws,
            self.seeds | other.seeds,
            self.needs | other.needs,
            self.sinks or other.sinks,
            self.plots or other.plots,
            self.prints or other.prints,
            self.unknown or other.unknown,
            self.figures or other.figures,
            self.surely | other.surely,
        )
