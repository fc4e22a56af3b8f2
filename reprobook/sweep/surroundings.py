"""Environment and machine as the header of the next run would describe them."""

from __future__ import annotations

import sys
from typing import Any

from reprobook.capture import seed_environment
from reprobook.execute.kernels import kernel_name
from reprobook.execute.preparation import Preparation
from reprobook.sweep.plan import Plan
from reprobook.sweep.probe import ask
from reprobook.sweep.tasks import thread_pins


def current_surroundings(prepared: Preparation, plan: Plan) -> dict[str, Any] | None:
    """Return what a kernel of this notebook would find; None if that cannot be told."""
    question = {
        "sources": [cell.source for cell in prepared.notebook.code_cells],
        "folder": str(prepared.cwd),
        "seed": prepared.seed,
        "deterministic": prepared.init.deterministic,
        "device": plan.options.device if plan.options.device != "auto" else prepared.init.device,
    }
    variables = seed_environment(prepared.seed, deterministic=prepared.init.deterministic)
    return ask(_python(prepared), question, {**variables, **thread_pins(plan.threads).environment})


def _python(prepared: Preparation) -> str:
    """Return the interpreter of the notebook's kernel."""
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - a third of a second

    named = str(KernelSpecManager().get_kernel_spec(kernel_name(prepared)).argv[0])
    # As Jupyter does: a kernel that names no interpreter in particular takes this one.
    return sys.executable if named in {"python", "python3"} else named
