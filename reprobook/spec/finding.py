"""One thing that a spec declares, and whether a run kept to it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

State = Literal["kept", "broken", "risk", "unobserved"]


class Finding(BaseModel):
    """What was found of one entry.

    Attributes:
        entry: Its key, or ``spec`` for the spec as a whole.
        state: ``kept``, ``broken``, ``risk`` (nothing is broken, but look), or ``unobserved``: the run does not tell.
        text: The same in a sentence.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    entry: str
    state: State
    text: str


def judged(entry: str, text: str, *, kept: bool) -> Finding:
    """Return a finding of which it is known whether it was kept."""
    return Finding(entry=entry, state="kept" if kept else "broken", text=text)


def unobserved(entry: str, text: str) -> Finding:
    """Return a finding that nothing is known of."""
    return Finding(entry=entry, state="unobserved", text=f"Not observed: {text}")
