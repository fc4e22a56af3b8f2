"""Calls that bring something in from outside of the recipe, and the pins that hold such things still."""

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


class _Frozen(BaseModel):
    """A frozen part of the evidence."""

    # Validators are made when they are first needed: many a process only passes pins on.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Call(_Frozen):
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


class Pins(_Frozen):
    """What is held still while a notebook runs, so that an experiment changes one thing at a time.

    Attributes:
        environment: Variables that the process starts with; None removes one.
        generators: Generators given a fixed state at the start or as their library is imported: ``python``,
            ``numpy``, ``torch``, ``cuda``.
        entropy: ``os.urandom`` and all that is seeded from it (``secrets``, ``uuid4``, ``SystemRandom``, NumPy's
            ``default_rng()``, ``random.Random()``, ``torch.Generator().seed()``) gives a fixed stream.
        clock: Clocks and dates start at a fixed time and advance by a fixed step a call.
        identity: Process id, host name, temporary names, free memory and free ports are fixed.
        addresses: ``id()`` counts objects in the order in which they are asked for.
        listings: ``sorted``, or empty. Folders are listed in this order.
        recorded_listings: Folders, by path as it was asked for, that are listed in exactly this order.
        file_times: Modification times follow from the files' names.
        serial: Thread and process pools, and asyncio's ``as_completed``, give results in the order of submission.
        threads: Intra-operation threads of torch, BLAS and OpenMP.
        deterministic: torch uses deterministic kernels, and fills uninitialised memory.
        import_path: Folder put first on ``sys.path``: modules as they were recorded.
        cpus: Number of processors that the process is told of.
        sorts: Sorts of NumPy, pandas and torch keep the order of what is equal.
        queries: Rows of SQLite queries without ``ORDER BY`` are sorted.
        start_method: How multiprocessing starts processes: ``fork``, ``spawn`` or ``forkserver``.
        settings: Recorded settings to start from, by the names of ``settings()``; see ``pinned/restored.py`` for
            those that can be restored.
    """

    environment: dict[str, str | None] = {}
    generators: tuple[str, ...] = ()
    entropy: bool = False
    clock: bool = False
    identity: bool = False
    addresses: bool = False
    listings: Literal["", "sorted"] = ""
    recorded_listings: dict[str, tuple[str, ...]] = {}
    file_times: bool = False
    serial: bool = False
    threads: int | None = None
    deterministic: bool = False
    import_path: str | None = None
    cpus: int | None = None
    sorts: bool = False
    queries: bool = False
    start_method: str | None = None
    settings: dict[str, str] = {}

    def joined(self, other: Pins) -> Pins:
        """Return both together; where they disagree, the other counts."""
        set_fields = {name: getattr(other, name) for name in other.model_fields_set}
        merged = {
            name: {**getattr(self, name), **value}
            if isinstance(value, dict)
            else tuple(dict.fromkeys((*getattr(self, name), *value)))
            if isinstance(value, tuple)
            else value
            for name, value in set_fields.items()
        }
        return self.model_copy(update=merged)


NO_PINS = Pins()
