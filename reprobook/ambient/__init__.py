"""What a notebook asks of the world around it: clocks, entropy, identities, listings, threads; watched and pinned."""

from reprobook.ambient.model import NO_PINS, Call, CallKind, Pins

__all__ = ["NO_PINS", "Call", "CallKind", "Pins"]
