"""What a notebook asks of the world around it: clocks, entropy, identities, listings, threads; watched and pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobook.ambient.pins import NO_PINS, Pins
from reprobook.lazy import lazy_names

if TYPE_CHECKING:
    from reprobook.ambient.model import Call, CallKind

__all__ = ["NO_PINS", "Call", "CallKind", "Pins"]

__getattr__ = lazy_names(__name__, {"model": ("Call", "CallKind")})
