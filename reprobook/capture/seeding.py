"""Seed the random number generators, those of libraries imported later too, and say what took effect.

Requested and effective are kept apart: the hash seed is fixed when Python starts, and cuBLAS reads its workspace
setting when CUDA starts; a setting that came too late is reported with its fix.
"""

from __future__ import annotations

import os
import random
import sys
from contextlib import suppress
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from reprobook.ambient.import_hook import Action, AfterImport, is_imported
from reprobook.capture.hash_seed import uses_hash_seed
from reprobook.errors import InputError

if TYPE_CHECKING:
    from reprobook.header import Seeds

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
# NVIDIA cuBLAS documentation, "Results reproducibility": either makes results repeat; the first is the faster.
_CUBLAS_DETERMINISTIC = (":4096:8", ":16:8")
_LARGEST_SEED = 2**64 - 1
# Found by importing some fifty packages one by one: of them all, the only one.
_DRAWERS = ("rich.style",)
_waiting: list[AfterImport] = []


def seed_environment(seed: int | None, *, deterministic: bool) -> dict[str, str]:
    """Return the environment variables that a process must start with for a seed to take full effect.

    Raises:
        InputError: If the seed is no integer from 0 to 2**64 - 1.
    """
    variables = {} if seed is None else {"PYTHONHASHSEED": str(_checked(seed) % 2**32)}
    return variables | ({_CUBLAS: _CUBLAS_DETERMINISTIC[0]} if deterministic else {})


def apply_seed(seed: int | None, *, deterministic: bool = False, device: str = "auto") -> Seeds:
    """Seed ``random``, NumPy's legacy generator and torch on every device; optionally choose deterministic kernels.

    Libraries that are not imported yet are seeded at the end of their import, to the same state. NumPy takes the
    seed modulo 2**32. A later call replaces an earlier one; ``stop_seeding`` ends the waiting. ``seed`` None leaves
    the generators alone.

    Raises:
        InputError: If the seed is no integer from 0 to 2**64 - 1.
    """
    from reprobook.header import Seeds  # noqa: PLC0415 - whoever only starts processes needs none of the header

    stop_seeding()
    import_drawers()
    effective: dict[str, str] = {}
    ineffective: dict[str, str] = {}
    actions: dict[str, Action] = {}
    if seed is not None:
        used = used_generators()
        if used:
            ineffective["earlier draws"] = f"{', '.join(used)}: numbers were drawn before the seed was set. {_EARLIER}"
        _request_hash_seed(_checked(seed) % 2**32, effective, ineffective)
        random.seed(seed)
        actions["numpy.random"] = lambda module: module.seed(seed % 2**32)
    if deterministic:
        _request_cublas_workspace(effective, ineffective)
        actions["torch._inductor.config"] = _make_inductor_deterministic
    if seed is not None or deterministic:
        actions["torch"] = lambda module: _prepare_torch(module, seed, deterministic=deterministic)
    _describe(seed, effective, deterministic=deterministic)
    _waiting.append(AfterImport(actions))
    _waiting[-1].install()
    return Seeds(seed=seed, deterministic=deterministic, device=device, effective=effective, ineffective=ineffective)


def stop_seeding() -> None:
    """Forget the libraries that were still to be seeded at their import."""
    while _waiting:
        _waiting.pop().remove()


def import_drawers() -> None:
    """Import what draws from Python's generator while it is imported, and leave that where it is.

    scikit-learn and httpx bring rich along: the numbers after such an import would depend on whether the process had
    imported it before, as a warm one has.
    """
    state = random.getstate()
    for name in _DRAWERS:
        with suppress(ImportError):
            import_module(name)
    random.setstate(state)


def used_generators() -> tuple[str, ...]:
    """Name the global generators that gave numbers since they were seeded or created, as far as they tell.

    NumPy's legacy generator and torch's; Python's own is left out, as Jupyter draws from it before the first cell.
    A Mersenne Twister stands at position 624 of its state before its first draw.
    """
    used = []
    if is_imported("numpy.random"):
        state = sys.modules["numpy.random"].get_state(legacy=False)
        used += ["numpy.random"] if state["bit_generator"] == "MT19937" and _has_moved(state) else []
    if is_imported("torch"):
        torch: Any = sys.modules["torch"]
        fresh = torch.Generator().manual_seed(torch.initial_seed())
        used += ["torch"] if not torch.equal(fresh.get_state(), torch.get_rng_state()) else []
    return tuple(used)


_TWISTER_LENGTH = 624
_EARLIER = "Fix: make the init cell the first one, restart the kernel and run all cells."


def _has_moved(state: dict[str, Any]) -> bool:
    """Say whether NumPy's legacy generator has given numbers; half of a Gaussian pair may be left."""
    twister = state["state"]
    # NumPy starts its own unseeded generator one position early; the first word tells that state from later ones.
    is_fresh = twister["pos"] == _TWISTER_LENGTH - 1 and twister["key"][0] == 2**31
    return bool(state["has_gauss"] or not (is_fresh or twister["pos"] == _TWISTER_LENGTH))


def _checked(seed: int) -> int:
    """Return the seed if every generator can take it."""
    if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= _LARGEST_SEED:
        return seed
    msg = f"the seed {seed!r} is no integer from 0 to 2**64 - 1"
    raise InputError(msg, hint="Choose a seed like 42.")


def _request_hash_seed(seed: int, effective: dict[str, str], ineffective: dict[str, str]) -> None:
    """Say whether the interpreter hashes with the seed; it cannot be changed any more."""
    if uses_hash_seed(seed):
        effective["PYTHONHASHSEED"] = str(seed)
        return
    ineffective["PYTHONHASHSEED"] = (
        f"Python did not start with PYTHONHASHSEED={seed}, so the order of sets and the values of hash() differ "
        f"between runs. Fix: restart the kernel with PYTHONHASHSEED={seed} in its environment, or use `reprobook run`, "
        "which sets it."
    )


def _request_cublas_workspace(effective: dict[str, str], ineffective: dict[str, str]) -> None:
    """Give cuBLAS a deterministic workspace, which it reads when CUDA starts."""
    found = os.environ.get(_CUBLAS)
    if found in _CUBLAS_DETERMINISTIC:
        effective[_CUBLAS] = found
        return
    os.environ[_CUBLAS] = _CUBLAS_DETERMINISTIC[0]
    if _cuda_has_started():
        ineffective[_CUBLAS] = (
            f"CUDA had started with {_CUBLAS}={found or '(not set)'}. Fix: restart the kernel and ask for determinism "
            "before the first use of the GPU."
        )
    else:
        effective[_CUBLAS] = _CUBLAS_DETERMINISTIC[0]


def _cuda_has_started() -> bool:
    """Say whether torch has made a CUDA context in this process."""
    return is_imported("torch") and bool(sys.modules["torch"].cuda.is_initialized())


def _prepare_torch(torch: Any, seed: int | None, *, deterministic: bool) -> None:
    """Seed torch's generators (CPU, CUDA, MPS, XPU: ``manual_seed`` does all) and choose deterministic kernels."""
    if seed is not None:
        torch.manual_seed(seed)
    if not deterministic:
        return
    switch = getattr(torch._C, "_set_deterministic_algorithms", None)  # noqa: SLF001 - the public call imports inductor: 1 s
    if switch is None:
        torch.use_deterministic_algorithms(True)  # noqa: FBT003 - torch's signature
    else:
        switch(True, warn_only=False)  # noqa: FBT003 - torch's signature
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False


def _make_inductor_deterministic(config: ModuleType) -> None:
    """Do the other half of ``torch.use_deterministic_algorithms``, where this release of torch has it."""
    if hasattr(config, "deterministic"):
        config.deterministic = True  # type: ignore[attr-defined]


def _describe(seed: int | None, effective: dict[str, str], *, deterministic: bool) -> None:
    """Write down what is in effect now, and what will be after an import."""
    torch_when = "now" if is_imported("torch") else "at its import"
    if seed is not None:
        effective["random"] = f"seeded with {seed} now"
        effective["numpy.random"] = (
            f"seeded with {seed % 2**32} {'now' if is_imported('numpy.random') else 'at its import'}"
        )
        effective["torch"] = f"seeded with {seed} {torch_when}"
    if deterministic:
        effective["torch deterministic algorithms"] = f"on {torch_when}"
