"""Calls that bring something in from outside of the recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

CallKind = Literal[
    "clock",
    "entropy",
    "uuid",
    "pid",
    "host",
    "cpu_count",
    "memory",
    "listing",
    "file_time",
    "exists",
    "environment",
    "tempfile",
    "process",
    "socket",
    "port",
    "url",
    "database",
    "thread",
    "unseeded",
    "seed",
]


class Call(BaseModel):
    """Calls of one kind that one line of a cell made, directly or through a library.

    Attributes:
        kind: What was asked for.
        target: The function (``time.monotonic``; for entropy the outermost one of the standard library, such as
            ``secrets.token_hex``), listed folder as it was asked for, variable, file, address or program; ``*`` where
            a line reads the whole environment.
        count: How many calls.
        line: 1-based line of the cell that the calls came from; None where none was on the stack.
        via: Module nearest to the call that is neither the notebook's nor the standard library's; empty for the
            notebook's own code.
        digest: BLAKE3 of what came back, in order, where that can be kept without a cost: listings, variables.
        members: BLAKE3 of the sorted members of what came back: equal for two orders of one listing.
        names: Names in the order that a listing gave them, where they are few.
        value: Text of an environment variable that is plainly no secret, or number of processors; None if it is not
            set or not kept.
        is_set: Whether the variable was set, or the file was there; None for other kinds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    kind: CallKind
    target: str
    count: int = 1
    line: int | None = None
    via: str = ""
    digest: str = ""
    members: str = ""
    names: tuple[str, ...] = ()
    value: str | None = None
    is_set: bool | None = None
