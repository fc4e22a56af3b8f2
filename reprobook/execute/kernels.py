"""Which kernel a notebook asks for, whether that is this environment's own, and what it starts with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from reprobook.capture import seed_environment
from reprobook.execute.options import RunOptions
from reprobook.execute.preparation import Preparation

OWN = "python3"
# What a notebook names that was last open with the warm kernel, which is the same environment.
WARM = "reprobook-warm"


def asks_for_own(prepared: Preparation) -> bool:
    """Say whether the notebook names this environment's own kernel, or none."""
    return _named(prepared) in ("", OWN)


def kernel_name(prepared: Preparation) -> str:
    """Return the kernel that the notebook names, if it is installed here, else this environment's own."""
    if asks_for_own(prepared):
        return OWN
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - takes long to import

    named = _named(prepared)
    return named if named in KernelSpecManager().find_kernel_specs() else OWN


def other_environment(prepared: Preparation) -> str | None:
    """Return the name of the notebook's kernel if it runs another Python than this one."""
    if asks_for_own(prepared):
        return None
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - see above

    name = kernel_name(prepared)
    program = Path((KernelSpecManager().get_kernel_spec(name).argv or [""])[0])
    # jupyter_client takes a bare "python" for the interpreter that it runs in.
    own = name == OWN or program.name == str(program) or program.absolute() == Path(sys.executable).absolute()
    return None if own else name


def run_environment(prepared: Preparation, options: RunOptions, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a run: with those that its seed and its pins set."""
    variables: dict[str, str | None] = {
        **environment,
        **seed_environment(prepared.seed, deterministic=prepared.init.deterministic),
        **options.pins.environment,
    }
    return {name: value for name, value in variables.items() if value is not None}


def _named(prepared: Preparation) -> str:
    name = str((prepared.notebook.metadata.get("kernelspec") or {}).get("name") or "")
    return OWN if name == WARM else name
