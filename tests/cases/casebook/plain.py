"""Plain digests of a kernel's names, run inside the kernel by the self-test; knows nothing of reprobook."""

import hashlib
import os
import sys
import types
from typing import Any

HIDDEN = {"In", "Out", "exit", "quit", "get_ipython", "open"}
DEPTH = 6


def digests(names: dict[str, Any]) -> dict[str, str]:
    """Return a digest of each name that a user made."""
    found = {n: v for n, v in names.items() if not n.startswith("_") and n not in HIDDEN}
    return {
        name: hashlib.sha256(repr(plain(value, DEPTH)).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        for name, value in found.items()
        if not isinstance(value, types.ModuleType)
    }


def positions() -> dict[str, str]:
    """Return a digest of the position of each global generator of what is imported."""
    states: dict[str, Any] = {}
    if random := sys.modules.get("random"):
        states["random"] = random.getstate()
    if numpy := sys.modules.get("numpy.random"):
        states["numpy"] = numpy.get_state()
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state()
    return digests(states)


def plain(value: Any, depth: int) -> object:
    """Return a value as nested tuples of text, as far as it is data."""
    if depth == 0:
        return type(value).__name__
    below = depth - 1
    if isinstance(value, (bool, int, float, complex, str, bytes, type(None))):
        return repr(value)
    if isinstance(value, dict):
        return "dict", [(plain(k, below), plain(v, below)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return "list", [plain(item, below) for item in value]
    if isinstance(value, (set, frozenset)):
        return "set", sorted(repr(plain(item, below)) for item in value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, types.FunctionType):
        return "function", value.__code__.co_code.hex(), plain(value.__defaults__, below)
    if isinstance(value, (type, types.BuiltinFunctionType)):
        return type(value).__name__
    return library(value, below)


def library(value: Any, depth: int) -> object:
    """Return a value of a library."""
    numpy, pandas, torch = (sys.modules.get(name) for name in ("numpy", "pandas", "torch"))
    if numpy and isinstance(value, numpy.ndarray):
        return (
            ("array", value.dtype.str, value.shape, value.tobytes().hex())
            if value.dtype != object
            else plain(value.tolist(), depth)
        )
    if numpy and isinstance(value, numpy.generic):
        return "scalar", value.dtype.str, value.tobytes().hex()
    if numpy and isinstance(value, (numpy.random.Generator, numpy.random.RandomState)):
        state = value.bit_generator.state if isinstance(value, numpy.random.Generator) else value.get_state()
        return plain(state, depth)
    if pandas and isinstance(value, (pandas.DataFrame, pandas.Series, pandas.Index)):
        return "frame", value.to_frame().to_csv() if not isinstance(value, pandas.DataFrame) else value.to_csv()
    if torch and isinstance(value, torch.Tensor):
        return "tensor", str(value.dtype), plain(value.detach().numpy(), depth)
    if torch and isinstance(value, torch.Generator):
        return plain(value.get_state().numpy(), depth)
    if torch and isinstance(value, (torch.nn.Module, torch.optim.Optimizer)):
        return type(value).__name__, plain(value.state_dict(), depth)
    if hasattr(value, "getstate"):
        return plain(value.getstate(), depth)
    return type(value).__name__, plain(dict(sorted(getattr(value, "__dict__", {}).items())), depth)
