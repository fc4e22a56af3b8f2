"""How a server is started."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How a server is started; its environment is the rest.

    Attributes:
        statements: The imports that it does.
        watched: Whether they see the functions that a recorder watches.
        listener: Descriptor of its listening socket.
        path: Where that is bound.
        owner: Descriptor that ends with the process that the server is private to; -1 if it is shared.
        idle_s: How long it waits for a request before it ends.
    """

    statements: tuple[str, ...]
    watched: bool
    listener: int
    path: str
    owner: int
    idle_s: float
