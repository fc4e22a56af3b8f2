"""A suspected cause: what speaks for it, what would fix it, and the experiment that would prove it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from reprobook.ambient import NO_PINS, Pins

Remedy = Literal["pins", "clean_folder", "recorded_files", "recorded_modules", "history", "none"]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One change to a replay that would make a divergence vanish if its cause is the suspected one.

    Attributes:
        remedy: What is changed: the pins below; the working folder without what the run left there; files or local
            modules as recorded; an edited history of the session; ``none`` if nothing can be tried here.
        pins: What is held still.
        paired: Two pinned replays are compared with each other, as the recorded run cannot be had again (a clock, an
            unseeded generator); otherwise one replay is compared with the recorded run.
    """

    remedy: Remedy = "none"
    pins: Pins = NO_PINS
    paired: bool = True


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A possible cause of one divergence.

    Attributes:
        cause: Label of the list of causes.
        evidence: What speaks for it, in a sentence with the place.
        fix: The edit that would remove it.
        weight: How strongly the evidence speaks, 0 to 1; the strongest is tried first.
        experiment: What would prove it.
    """

    cause: str
    evidence: str
    fix: str
    weight: float
    experiment: Experiment = field(default_factory=Experiment)
