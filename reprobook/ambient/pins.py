"""The pins that hold still what comes from outside of the recipe."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class Pins:
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

    environment: dict[str, str | None] = field(default_factory=dict)
    generators: tuple[str, ...] = ()
    entropy: bool = False
    clock: bool = False
    identity: bool = False
    addresses: bool = False
    listings: Literal["", "sorted"] = ""
    recorded_listings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    file_times: bool = False
    serial: bool = False
    threads: int | None = None
    deterministic: bool = False
    import_path: str | None = None
    cpus: int | None = None
    sorts: bool = False
    queries: bool = False
    start_method: str | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Any]:
        """What is held still: the values that are not those of ``NO_PINS``, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in values.items() if value != getattr(NO_PINS, name)}

    def joined(self, other: Pins) -> Pins:
        """Return both together; where they disagree, the other counts."""
        merged: dict[str, Any] = {
            name: {**getattr(self, name), **value}
            if isinstance(value, dict)
            else tuple(dict.fromkeys((*getattr(self, name), *value)))
            if isinstance(value, tuple)
            else value
            for name, value in other.named.items()
        }
        return replace(self, **merged)


NO_PINS = Pins()
