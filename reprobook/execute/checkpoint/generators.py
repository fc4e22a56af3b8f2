"""The positions of random generators: the global ones, and those that are objects."""

from __future__ import annotations

import importlib
import random
from collections.abc import Mapping
from typing import Any

from reprobook.trace.content.anatomy import loaded


def is_generator(value: object) -> bool:
    """Tell an object that random numbers are drawn from."""
    if isinstance(value, random.Random):
        return type(value).getstate is random.Random.getstate
    numpy, torch = loaded("numpy.random"), loaded("torch")
    if numpy is not None and isinstance(value, (numpy.Generator, numpy.RandomState, numpy.BitGenerator)):
        return True
    return torch is not None and isinstance(value, torch.Generator)


def position(generator: Any) -> Any:
    """Return where a generator stands, without moving it."""
    if isinstance(generator, random.Random):
        return generator.getstate()
    torch = loaded("torch")
    if torch is not None and isinstance(generator, torch.Generator):
        return generator.get_state()
    holder = _numpy_holder(generator)
    return holder.get_state(legacy=False) if hasattr(holder, "get_state") else holder.state


def put(generator: Any, state: Any) -> None:
    """Move a generator to where it stood."""
    torch = loaded("torch")
    if isinstance(generator, random.Random):
        generator.setstate(state)
    elif torch is not None and isinstance(generator, torch.Generator):
        generator.set_state(state)
    elif hasattr(holder := _numpy_holder(generator), "set_state"):
        holder.set_state(state)
    else:
        holder.state = state


def _numpy_holder(generator: Any) -> Any:
    """Return what holds the state: a ``Generator`` only draws from its bit generator."""
    return getattr(generator, "bit_generator", generator)


def global_positions() -> dict[str, Any]:
    """Return where the global generators of the loaded libraries stand; no device is started."""
    found: dict[str, Any] = {"python": random.getstate()}
    if numpy := loaded("numpy.random"):
        found["numpy"] = numpy.get_state(legacy=False)
    if torch := loaded("torch"):
        found["torch"] = torch.get_rng_state()
        if torch.cuda.is_initialized():
            found["cuda"] = torch.cuda.get_rng_state_all()
        if loaded("torch.mps") and torch.backends.mps.is_available():
            found["mps"] = torch.mps.get_rng_state()
    return found


def put_global(positions: Mapping[str, Any]) -> None:
    """Move the global generators to where they stood."""
    random.setstate(positions["python"])
    if "numpy" in positions:
        importlib.import_module("numpy.random").set_state(positions["numpy"])
    if "torch" not in positions:
        return
    torch = importlib.import_module("torch")
    torch.set_rng_state(positions["torch"])
    if "cuda" in positions:
        torch.cuda.set_rng_state_all(positions["cuda"])
    if "mps" in positions:
        torch.mps.set_rng_state(positions["mps"])
