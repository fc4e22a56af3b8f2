"""Where the global random generators stand.

Only libraries that the process has loaded are asked, and only generators that exist: reading a position neither
advances a generator nor starts a device.
"""

from __future__ import annotations

import _random
import random
from typing import Any

from blake3 import blake3

from reprobook.trace.content.anatomy import loaded
from reprobook.trace.content.parts import encode


def positions() -> dict[str, str]:
    """Return digests of the states of the global generators, by name.

    The names are ``python``, ``numpy``, ``torch``, ``cuda:N`` and ``mps``; absent are those of libraries not loaded
    and of devices not initialised.
    """
    # Read twice a cell: plain hashes of plain states, without the walk that a value of unknown shape needs.
    return {name: blake3(encode(state)).hexdigest() for name, state in _states().items()}


def _states() -> dict[str, Any]:
    """Return the states as plain scalars, tuples and lists."""
    # The hidden instance behind the functions of the module; a user may have replaced the functions.
    python: Any = random._inst  # noqa: SLF001
    states: dict[str, Any] = {"python": (_random.Random.getstate(python), python.gauss_next)}
    if numpy_random := loaded("numpy.random.mtrand"):
        states["numpy"] = _plain(numpy_random._rand.get_state(legacy=False))  # noqa: SLF001
    if torch := loaded("torch"):
        states |= _torch_states(torch)
    return states


def _plain(state: Any) -> Any:
    """Return a state of numpy, dicts of numbers and arrays, as plain lists."""
    if type(state) is dict:
        return [(name, _plain(part)) for name, part in sorted(state.items())]
    return state.tobytes() if hasattr(state, "tobytes") else state


def _torch_states(torch: Any) -> dict[str, bytes]:
    """Return the states of torch's default generators."""
    generators = {"torch": torch.default_generator}
    if torch.cuda.is_initialized():
        generators |= {f"cuda:{number}": each for number, each in enumerate(torch.cuda.default_generators)}
    mps = getattr(loaded("torch.mps"), "_default_mps_generator", None)
    if mps is not None:
        generators["mps"] = mps
    # A state is a tensor of bytes in main memory, whatever the device.
    return {name: generator.get_state().numpy().tobytes() for name, generator in generators.items()}
