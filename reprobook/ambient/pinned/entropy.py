"""A fixed stream in place of the system's entropy, and fixed seeds where a generator gets none.

The stream is BLAKE3 of a counter, one for each thread by its name: how threads interleave is chance.
"""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from blake3 import blake3

from reprobook.ambient.pinned.asker import asker, is_machinery
from reprobook.ambient.pinned.native import set_native
from reprobook.ambient.stand_in import BindingStandIn, Replacements

_drawn: Counter[str] = Counter()
_forks: list[int] = [0]
_SEED_BYTES = 8


def pin_entropy(replacements: Replacements) -> None:
    """Replace ``os.urandom`` and what the standard library, NumPy and torch seed their generators from."""
    replacements.stand_in(os, "urandom", _bytes)
    replacements.stand_in(os, "getrandom", _bytes)
    replacements.stand_in(random, "_urandom", _bytes)
    _pin_python(replacements)
    replacements.after_import({"uuid": partial(_pin_uuid, replacements), "torch": partial(_pin_torch, replacements)})
    # After a fork, random seeds itself anew; handlers run in the order in which they were registered.
    os.register_at_fork(before=_count_fork, after_in_child=lambda: random.seed(seed()))


def stream(size: int) -> bytes:
    """Return the next bytes of this thread's stream."""
    name = threading.current_thread().name
    _drawn[name] += 1
    return blake3(f"{name} {_forks[0]} {_drawn[name]}".encode()).digest(length=size)


def seed() -> int:
    """Return the next seed of the stream."""
    return int.from_bytes(stream(_SEED_BYTES))


def _count_fork() -> None:
    _forks[0] += 1


def _bytes(original: Callable[..., bytes], args: Any, kwargs: Any) -> bytes:
    if is_machinery(asker()):
        return original(*args, **kwargs)
    return stream(*args[:1])


def _pin_python(replacements: Replacements) -> None:
    """Replace the seeding of ``random.Random`` without a seed, which reads the entropy in C."""
    original = random.Random.seed

    def seed_method(self: random.Random, a: Any = None, version: int = 2) -> None:
        original(self, seed() if a is None else a, version)

    replacements.put(random.Random, "seed", BindingStandIn(original, lambda _, a, k: seed_method(*a, **k), "", "seed"))
    replacements.put(random, "seed", random._inst.seed)  # noqa: SLF001


def _pin_uuid(replacements: Replacements, uuid: Any) -> None:
    """Replace the identifiers that C makes from a clock and a host."""
    make = uuid.UUID
    replacements.stand_in(uuid, "uuid4", lambda *_: make(bytes=stream(16), version=4))
    replacements.stand_in(uuid, "uuid1", lambda *_: make(bytes=stream(16), version=1))


def _pin_torch(replacements: Replacements, torch: Any) -> None:
    """Replace the seeding of torch's generators without a seed."""

    def seed_all(*_: Any) -> int:
        value = seed() >> 1
        torch.manual_seed(value)
        return value

    def seed_one(generator: Any) -> int:
        value = seed() >> 1
        generator.manual_seed(value)
        return value

    replacements.stand_in(torch, "seed", seed_all)
    replacements.stand_in(torch.random, "seed", seed_all)
    set_native(torch.Generator, "seed", seed_one)
