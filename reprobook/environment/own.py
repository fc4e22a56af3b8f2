"""Where reprobook itself was installed from: headers say nothing of it, since work on it must change no recipe."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from reprobook.capture import read_direct_url
from reprobook.capture.direct_url import DirectUrl

OWN_NAME = "reprobook"


@dataclass(frozen=True)
class Own:
    """The reprobook that runs now: its version, its origin where that is no index, and whether it is editable."""

    version: str
    origin: DirectUrl | None = None
    editable: bool = False


def own() -> Own:
    """Describe the reprobook that runs now."""
    here = metadata.distribution(OWN_NAME)
    text = here.read_text("direct_url.json")
    return Own(here.version) if text is None else Own(here.version, *read_direct_url(text))
